//! Days of Cursor from before the first price: they wait for one, and nothing else does.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Ended, Scene, assert_tells};
use vendor_sim::worlds;

/// Four days before the first public price and five after it, in one window.
const DAYS: (&str, &str) = ("2022-12-28", "2023-01-05");
const SYNC: &str = "sync --from 2022-12-28 --to 2023-01-05";
/// Just the days that have no price.
const REPLAY: &str = "replay --from 2022-12-28 --to 2022-12-31 --source cursor/daily_usage";

const PRICE: &str = "[[prices.cursor]]\nfrom = \"2022-12-01\"\nseat_usd = \"40\"\nplan = \"request\"\n\
                     included_requests = 500\nrequest_usd = \"0.04\"\n";

fn scene() -> Scene {
    Scene::of(worlds::company(7, DAYS.1.parse().unwrap(), 20))
}

/// What the operator reads of it.
#[track_caller]
fn says_what_to_do(ended: Ended) -> Ended {
    ended.says(&[
        "cursor/daily_usage of account `default`: no Cursor price is known for 2022-12-",
        "add a [[prices.cursor]] that begins on or before it",
        &format!("then run `everycent {REPLAY}`"),
    ])
}

fn letters(scene: &Scene) -> usize {
    let status = scene.run("status --json").exits(0).json();
    status["dead_letters"].as_array().unwrap().len()
}

fn states(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows("SELECT source, state, COUNT(*) FROM coverage GROUP BY 1, 2 ORDER BY 1, 2")
}

#[test]
fn a_day_of_cursor_without_a_price_fails_alone_and_a_replay_heals_it_once_it_has_one() {
    let mut scene = scene();
    let ended = says_what_to_do(scene.run(SYNC).exits(1));
    ended.says(&["✗ cursor/daily_usage of default, 2022-12-28 to 2023-01-05 (4 days)", "1 message given up"]);
    let claude = [["anthropic/cost_report", "settled", "9"], ["anthropic/cost_totals", "settled", "9"]];
    let cursor = [["cursor/daily_usage", "failed", "4"], ["cursor/daily_usage", "settled", "5"]];
    assert_eq!(states(&scene), [claude[0], claude[1], cursor[0], cursor[1]]);
    assert_tells(&scene, "2023-01-01", DAYS.1);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_cost_totals"), 9);
    says_what_to_do(scene.run("status").exits(0)).says(&["Failed days", "Dead letters"]);
    scene.run("reconcile").exits(1).says(&["no_missing_bucket 2022-12-28"]);

    scene.run(REPLAY).exits(1).says(&["1 message given up"]);
    scene.run("replay --from 2023-01-01 --to 2023-01-05 --source cursor/daily_usage").exits(0);
    assert_eq!(letters(&scene), 2, "those of the days without a price stay");
    scene.add(PRICE);
    scene.run(REPLAY).exits(0).says(&["1 snapshot replayed"]);
    assert_eq!(states(&scene), [claude[0], claude[1], ["cursor/daily_usage", "settled", "9"]]);
    assert_tells(&scene, DAYS.0, DAYS.1);
    let status = scene.run("status --json").exits(0).json();
    assert_eq!((&status["failed"], &status["dead_letters"]), (&serde_json::json!([]), &serde_json::json!([])));
    let dead: Vec<_> = status["queue"].as_array().unwrap().iter().map(|queue| queue["dead"].clone()).collect();
    assert_eq!(dead, [0, 0, 0, 0, 0], "letters of work that was done are gone");
    // That the new price holds for none of the other days is not known before they are made again.
    scene.run("reconcile").exits(1).says(&["made_by_rules_in_use", "5 days were made by older rules, prices"]);
    scene.run("replay --source cursor/daily_usage").exits(0);
    scene.run("reconcile").exits(0);
}

#[test]
fn the_next_sync_goes_on_with_both_vendors_while_the_price_is_missing() {
    let scene = scene();
    scene.run(SYNC).exits(1);
    scene.simulator.with_world(|world| world.restate_day("2023-01-04".parse().unwrap()));
    scene.run(&format!("{SYNC} --source cursor/daily_usage")).exits(1);
    scene.run("sync --from 2023-01-04 --to 2023-01-05").exits(0);
    assert_tells(&scene, "2023-01-01", "2023-01-05");
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 4);
    assert_eq!(letters(&scene), 2, "they are no less given up when other days of their windows are loaded");
}
