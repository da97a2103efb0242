//! Clocks that are wrong: this machine's while it syncs, and stamps of the future that one has left in a home. The
//! vendors' clock runs ahead of the machine's or behind it, so the machine's is wrong by as much the other way.
#![allow(clippy::unwrap_used)]

mod support;

use chrono::{DateTime, Days, TimeDelta, Utc};
use support::{OCTOBER, Scene, assert_tells};
use vendor_sim::{Endpoint, Fault, FaultKind, WorldClock, worlds};

fn sync() -> String {
    format!("sync {OCTOBER}")
}

/// The vendors' clock is so many days ahead of this machine's.
fn vendors_ahead_by(scene: &Scene, days: i64) {
    scene.simulator.with_world(|world| world.options.clock = WorldClock::Offset(TimeDelta::days(days)));
}

fn restate(scene: &Scene) {
    scene.simulator.with_world(|world| {
        world.restate_day("2025-10-08".parse().unwrap());
        world.restate_cursor_day("2025-10-08".parse().unwrap());
    });
}

/// The times of a column of coverage, first and last.
#[track_caller]
fn ends(scene: &Scene, column: &str) -> [DateTime<Utc>; 2] {
    let row = scene.tables().rows(&format!("SELECT MIN({column}), MAX({column}) FROM coverage")).remove(0);
    [0, 1].map(|end| row[end].parse().unwrap())
}

fn days_from_now(at: DateTime<Utc>) -> i64 {
    (at - Utc::now()).num_hours().div_euclid(24) + i64::from((at - Utc::now()).num_hours().rem_euclid(24) > 12)
}

#[test]
fn a_sync_by_a_clock_that_is_ahead_is_dated_by_the_vendors_and_the_next_one_wins() {
    let scene = Scene::october();
    vendors_ahead_by(&scene, -40);
    scene.run(&sync()).exits(0).says(&["This machine's clock is 40 days ahead of the vendor's", "timedatectl"]);
    assert_eq!(ends(&scene, "fetched_at").map(days_from_now), [-40, -40]);
    let report = scene.run(&format!("{} --json", sync())).exits(0).json();
    assert!((report["clock_offset_s"].as_i64().unwrap() + 40 * 86_400).abs() < 60, "{report}");
    assert_tells(&scene, "2025-10-03", "2025-10-17");

    vendors_ahead_by(&scene, 0);
    restate(&scene);
    scene.run(&sync()).exits(0).says_nothing_of(&["This machine's clock"]);
    assert_eq!(ends(&scene, "fetched_at").map(days_from_now), [0, 0]);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("reconcile").exits(0);
}

#[test]
fn a_clock_that_is_ahead_asks_for_no_day_that_has_not_begun_and_reads_today_of_the_vendor() {
    let today = Utc::now().date_naive() - Days::new(20);
    let mut world = worlds::company(7, today - Days::new(1), 10);
    world.options.today = today;
    let scene = Scene::of(world).with_every_source();
    vendors_ahead_by(&scene, -20);
    let from = today - Days::new(5);
    scene.run(&format!("sync --from {from} --source anthropic/cost_report --source cursor/daily_usage")).exits(0);
    scene.run("sync --source cursor/spend --source anthropic/users").exits(0);
    let later = format!("SELECT COUNT(*) FROM coverage WHERE activity_date > '{today}'");
    assert_eq!(scene.tables().count(&later), 0, "days that the vendor does not know are not loaded");
    let days =
        format!("SELECT COUNT(*) FROM coverage WHERE activity_date BETWEEN '{from}' AND '{}'", today - Days::new(1));
    assert_eq!(scene.tables().count(&days), 10);
    assert_eq!(scene.tables().one("SELECT MAX(activity_date) FROM cursor_spend"), today.to_string());
    let status = scene.run("status --json").exits(0).json();
    assert_eq!((&status["failed"], &status["dead_letters"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[test]
fn a_clock_that_is_behind_fails_for_the_days_that_it_does_not_ask_for() {
    let mut world = worlds::october();
    world.options.today = Utc::now().date_naive();
    let scene = Scene::of(world).with_vendor("anthropic", "").with_sources("anthropic", &["anthropic/cost_totals"]);
    vendors_ahead_by(&scene, 40);
    let last = Utc::now().date_naive() + Days::new(39);
    scene.run("sync --source anthropic/cost_totals").exits(1).says(&[
        "This machine's clock is 40 days behind the vendor's",
        &format!("Days up to {last} are over there and were not asked for"),
    ]);
    // Whoever names days has those.
    scene.run(&sync()).exits(0).says(&["40 days behind"]).says_nothing_of(&["were not asked for"]);
    assert_eq!(ends(&scene, "fetched_at").map(days_from_now), [40, 40]);
}

#[test]
fn a_failure_is_dated_by_the_vendors_clock_too_and_the_next_answer_heals_it() {
    let scene = Scene::october();
    vendors_ahead_by(&scene, -40);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(400)));
    scene.run(&sync()).exits(1);
    scene.simulator.clear_faults();
    vendors_ahead_by(&scene, 0);
    scene.run(&sync()).exits(0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 0);
    scene.run("reconcile").exits(0);
}

#[test]
fn an_answer_that_tells_no_time_is_dated_by_this_machine() {
    let scene = Scene::october();
    scene.simulator.with_world(|world| world.options.clock = WorldClock::Unreadable);
    scene.run(&sync()).exits(0).says_nothing_of(&["This machine's clock"]);
    assert_eq!(ends(&scene, "fetched_at").map(days_from_now), [0, 0]);
}

/// A home that was filled by a clock forty days ahead, when nothing told it so.
fn with_stamps_of_the_future() -> Scene {
    let mut world = worlds::october();
    world.options.today = Utc::now().date_naive();
    let scene = Scene::of(world);
    vendors_ahead_by(&scene, 40);
    scene.run(&sync()).exits(0);
    vendors_ahead_by(&scene, 0);
    scene
}

#[test]
fn stamps_of_the_future_are_named_and_never_green() {
    let scene = with_stamps_of_the_future();
    scene.run("status").exits(0).says(&[
        "Dated in the future",
        "anthropic/cost_report of default: 15 days",
        "everycent repair-clock",
    ]);
    assert_eq!(scene.run("status --json").exits(0).json()["future_stamps"].as_array().unwrap().len(), 3);
    scene.run("reconcile").exits(1).says(&["no_future_stamp", "15 days, 1 stored answers", "everycent repair-clock"]);
    // Answers of before stay in the store when later ones took their place.
    scene.run(&sync()).exits(0);
    scene.run("status").exits(0).says_nothing_of(&["Dated in the future"]);
    scene.run("reconcile").exits(1).says(&["0 days, 1 stored answers"]);
}

#[test]
fn a_named_sync_and_a_plain_one_ask_and_win_over_stamps_of_the_future() {
    let scene = with_stamps_of_the_future();
    restate(&scene);
    let asked = scene.request_count();
    scene.run("sync --from 2025-10-08 --to 2025-10-08").exits(0);
    assert_eq!(scene.requests_after(asked).len(), 3);
    assert_tells(&scene, "2025-10-08", "2025-10-08");
    // What carries a stamp of the future is due, though its days were settled by it.
    let asked = scene.request_count();
    scene.run("sync").exits(0);
    assert!(scene.requests_after(asked).len() > 3);
    assert_eq!(ends(&scene, "fetched_at").map(days_from_now), [0, 0]);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    // A replay takes the answers that were fetched since.
    scene.run("replay").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}

#[test]
fn the_repair_says_what_it_does_and_what_it_dated_loses_against_every_later_answer() {
    let scene = with_stamps_of_the_future();
    let before = (scene.tables().content_of("claude_costs_nano"), scene.objects("raw"));
    scene.run("repair-clock").exits(0).says(&["anthropic/cost_report", "Nothing was done", "--yes"]);
    assert_eq!((scene.tables().content_of("claude_costs_nano"), scene.objects("raw")), before);
    let found = scene.run("repair-clock --json").exits(0).json();
    assert_eq!((found["done"].as_bool(), found["feeds"].as_array().unwrap().len()), (Some(false), 3));

    scene.run("repair-clock --yes").exits(0).says(&["Dated to now"]);
    assert_eq!(scene.tables().content_of("claude_costs_nano"), before.0, "the tables keep what they hold");
    assert_eq!(ends(&scene, "fetched_at").map(days_from_now), [0, 0]);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE state <> 'open'"), 0, "no last word");
    scene.run("reconcile").exits(0);
    scene.run("repair-clock").exits(0).says(&["Nothing is dated in the future"]);

    restate(&scene);
    scene.run("sync").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("replay").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    let october = "SELECT COUNT(*) FROM coverage WHERE activity_date < '2025-11-01' AND state <> 'settled'";
    assert_eq!(scene.tables().count(october), 0);
    scene.run("reconcile").exits(0);
}

#[test]
fn what_took_the_place_of_an_answer_of_the_future_stays_above_it_after_the_repair() {
    let scene = with_stamps_of_the_future();
    restate(&scene);
    scene.run("sync --from 2025-10-06 --to 2025-10-10").exits(0);
    scene.run("repair-clock --yes").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("replay").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("reconcile").exits(0);
}

#[test]
fn readings_of_days_that_have_not_begun_become_readings_of_today() {
    let today = Utc::now().date_naive();
    let mut world = worlds::company(7, today - Days::new(1), 40);
    world.options.today = today;
    let scene = Scene::of(world)
        .with_sources("anthropic", &["anthropic/users", "anthropic/workspaces"])
        .with_sources("cursor", &["cursor/spend", "cursor/members"]);
    vendors_ahead_by(&scene, 40);
    // Once the clock is known to be wrong, how things stand is read for the vendor's today.
    scene.run("sync").exits(1);
    scene.run("sync").exits(1);
    vendors_ahead_by(&scene, 0);
    let people = scene.tables().count("SELECT COUNT(DISTINCT email) FROM cursor_spend");
    scene.run("repair-clock --yes").exits(0);
    for (table, day) in [("coverage", "activity_date"), ("cursor_spend", "activity_date")] {
        assert_eq!(
            scene.tables().count(&format!("SELECT COUNT(*) FROM {table} WHERE {day} > '{today}'")),
            0,
            "{table}"
        );
    }
    assert_eq!(scene.tables().count("SELECT COUNT(DISTINCT email) FROM cursor_spend"), people);
    let stale = "SELECT COUNT(*) FROM dim_users WHERE last_seen_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 hour')";
    assert_eq!(scene.tables().count(stale), 0);
    scene.simulator.with_world(|world| world.add_member(vendor_sim::Member::new(9, "new@example.com", "New")));
    scene.run("sync").exits(0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM dim_cursor_members WHERE email = 'new@example.com'"), 1);
}

#[test]
fn a_replay_and_an_import_are_later_than_what_was_made_before_though_the_clock_went_back() {
    let mut scene = Scene::october();
    scene.run(&sync()).exits(0);
    let owners = |owner: &str| format!("api_key_id,owner_email,team,note\napikey_01A,{owner}@example.com,,\n");
    std::fs::write(scene.path("owners.csv"), owners("ada")).unwrap();
    scene.run("import api-key-owners owners.csv").exits(0);
    // Rows that were made and files that were imported ten minutes from now, as after a clock that was set back.
    let ahead = (Utc::now() + TimeDelta::minutes(10)).format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let tables = scene.tables();
    tables.tamper(&format!("UPDATE coverage_nano SET normalized_at = '{ahead}'"));
    tables.tamper(&format!("UPDATE coverage_nano SET fetched_at = '{ahead}' WHERE source LIKE 'upload/%'"));
    let set = format!("fetched_at = '{ahead}', ingestion_timestamp = '{ahead}', last_seen_at = '{ahead}'");
    assert_eq!(tables.tamper(&format!("UPDATE dim_api_key_owners SET {set}")), 1);

    scene.add("[[attribution.rules]]\nid = \"all\"\nplatform = \"claude_code\"\n");
    scene.run("replay").exits(0).says_nothing_of(&["; 0 rows changed"]);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_costs WHERE platform <> 'claude_code'"), 0);
    std::fs::write(scene.path("owners.csv"), owners("bob")).unwrap();
    scene.run("import api-key-owners owners.csv").exits(0);
    assert_eq!(scene.tables().one("SELECT owner_email FROM dim_api_key_owners"), "bob@example.com");
}

#[test]
fn a_file_that_is_imported_after_another_is_later_though_the_clock_went_back() {
    let scene = Scene::october();
    let owners = |owner: &str| format!("api_key_id,owner_email,team,note\napikey_01A,{owner}@example.com,,\n");
    let import = |owner: &str| {
        std::fs::write(scene.path("owners.csv"), owners(owner)).unwrap();
        scene.run("import api-key-owners owners.csv").exits(0);
    };
    import("ada");
    // As if it had been imported two days from now, by a clock that was ahead.
    let manifest = scene.manifests("upload/api_key_owners").remove(0);
    let folder = manifest.parent().unwrap();
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let ahead = (Utc::now() + TimeDelta::days(2)).format("%Y%m%dT%H%M%S%.6fZ").to_string();
    let renamed = folder.with_file_name(format!("{ahead}_{}", name.split_once('_').unwrap().1));
    std::fs::rename(folder, &renamed).unwrap();

    import("bob");
    let manifests = scene.manifests("upload/api_key_owners");
    assert_eq!(manifests.len(), 2);
    assert!(manifests[0].starts_with(&renamed), "the later file has the later name: {manifests:?}");
    assert_eq!(scene.tables().one("SELECT owner_email FROM dim_api_key_owners"), "bob@example.com");
}

#[test]
fn what_a_killed_sync_left_in_the_queue_by_a_clock_that_was_ahead_does_not_wait_for_that_time() {
    let scene = Scene::october();
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::SlowBody { pause_ms: 60_000 }).times(1));
    let running = scene.start(&sync());
    support::until("a question", || (!scene.requests_after(0).is_empty()).then_some(()));
    running.kill();
    let queue = rusqlite::Connection::open(scene.home().join("bus.sqlite")).unwrap();
    let ahead = (Utc::now() + TimeDelta::days(40)).timestamp_micros();
    assert!(queue.execute("UPDATE messages SET due_at = ?1, lease = NULL", [ahead]).unwrap() > 0);
    drop(queue);
    scene.run(&sync()).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}
