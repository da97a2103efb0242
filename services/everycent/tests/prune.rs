//! Taking answers out of `raw/` that no day rests on: what goes, what stays, and that the tables are made again from the rest.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use chrono::{NaiveDate, TimeDelta};
use support::Scene;
use vendor_sim::{WorldClock, worlds};

const SYNC: &str = "sync --from 2025-09-21 --to 2025-09-30";
const DAY: &str = "2025-09-24";

fn day() -> NaiveDate {
    DAY.parse().unwrap()
}

/// The vendors' clock, by which answers are dated, is so many days behind.
fn days_ago(scene: &Scene, days: i64) {
    scene.simulator.with_world(|world| world.options.clock = WorldClock::Offset(TimeDelta::days(-days)));
}

fn forget_events(scene: &Scene, left: usize) {
    scene.simulator.with_world(|world| {
        while world.cursor_events(day()).len() > left {
            world.remove_cursor_event(day(), 0);
        }
    });
}

/// Ten days that were asked for five times, 204 to 200 days ago: the bill was restated twice, and in the end the feed of
/// events forgot most of a day, which is held.
fn old() -> Scene {
    let scene = Scene::of(worlds::company(7, "2025-09-30".parse().unwrap(), 40))
        .with_sources("cursor", &["cursor/usage_events", "cursor/members"])
        .with_sources("anthropic", &["anthropic/cost_report"]);
    for (age, status) in [(204, 0), (203, 0), (202, 0), (201, 1), (200, 1)] {
        days_ago(&scene, age);
        match age {
            203 | 202 => scene.simulator.with_world(|world| world.restate_day(day())),
            201 => forget_events(&scene, 2),
            _ => {}
        }
        scene.run(SYNC).exits(status);
    }
    days_ago(&scene, 0);
    scene
}

/// All that the tables say, and when the vendor said it; not when the rows were made.
fn told(scene: &Scene) -> Vec<Vec<String>> {
    let tables = scene.tables();
    let mut told = Vec::new();
    let facts = ["claude_costs_nano", "cursor_usage_events_nano", "dim_cursor_members"];
    for table in facts.into_iter().chain(["answers_nano", "coverage_nano"]) {
        let mut made = vec!["ingestion_timestamp", "normalized_at", "merged_at", "object"];
        if facts.contains(&table) {
            // Of several answers that say the same, a row is of the one that brought it.
            made.extend(["snapshot_id", "fetched_at"]);
        }
        let columns = tables.rows(&format!("SELECT name FROM pragma_table_info('{table}')")).concat();
        let kept: Vec<&str> = columns.iter().map(String::as_str).filter(|name| !made.contains(name)).collect();
        let order: Vec<String> = (1..=kept.len()).map(|place| place.to_string()).collect();
        told.extend(tables.rows(&format!("SELECT {} FROM {table} ORDER BY {}", kept.join(", "), order.join(", "))));
    }
    told
}

#[track_caller]
fn assert_tells_as(scene: &Scene, before: &[Vec<String>]) {
    let now = told(scene);
    let differ: Vec<_> = now.iter().zip(before).filter(|(now, before)| now != before).take(3).collect();
    assert!(differ.is_empty() && now.len() == before.len(), "{} and {} lines: {differ:#?}", now.len(), before.len());
}

fn objects(scene: &Scene, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<PathBuf> {
    let objects = scene.objects("raw").into_iter();
    objects.filter(|path| is_wanted(path.file_name().unwrap().to_str().unwrap())).collect()
}

fn pages(scene: &Scene) -> BTreeSet<PathBuf> {
    objects(scene, |name| name.ends_with(".zst"))
}

fn manifests(scene: &Scene) -> BTreeSet<PathBuf> {
    objects(scene, |name| name == "manifest.json")
}

fn pointed_to(scene: &Scene) -> BTreeSet<PathBuf> {
    let pages = manifests(scene).into_iter().flat_map(|path| {
        let manifest: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        manifest["pages"].as_array().unwrap().clone()
    });
    pages.map(|page| scene.home().join(page["object"].as_str().unwrap())).collect()
}

fn empty_the_warehouse(scene: &Scene) {
    for file in ["everycent.sqlite", "everycent.sqlite-wal", "everycent.sqlite-shm"] {
        let _ = fs::remove_file(scene.home().join(file));
    }
}

#[test]
fn what_no_day_rests_on_goes_and_every_table_is_made_again_from_the_rest() {
    let scene = old();
    let (before, raw) = (told(&scene), scene.objects("raw"));
    let shown = scene.run("prune --older-than 90d").exits(0);
    shown.says(&["anthropic/cost_report", "cursor/usage_events", "would go", "Nothing was done; --yes does it"]);
    let plan = scene.run("prune --older-than 90d --dry-run --json").exits(0).json();
    assert_eq!(scene.objects("raw"), raw);
    // Of the bill the last answer stays; of the events also the last one before the day was forgotten.
    let snapshots = |source: &str| {
        let feeds = plan["feeds"].as_array().unwrap();
        feeds.iter().find(|feed| feed["source"] == source).map(|feed| feed["snapshots"].as_u64().unwrap())
    };
    assert_eq!(snapshots("anthropic/cost_report"), Some(4));
    assert_eq!(snapshots("cursor/usage_events"), Some(2));
    assert_eq!(snapshots("cursor/members"), None, "each reading of a directory is a part of its table");
    assert_eq!(plan["kept"]["readings"], 5);
    let (sums, decisions) = (objects(&scene, |name| name.starts_with("sums-")), scene.objects("raw/accounts"));

    let done = scene.run("prune --older-than 90d --yes --json").exits(0).json();
    assert_eq!((&done["bytes"], &done["files"], &done["done"]), (&plan["bytes"], &plan["files"], &true.into()));
    let freed: BTreeSet<PathBuf> = raw.into_iter().filter(|path| !path.exists()).collect();
    assert_eq!(plan["files"], freed.len());
    assert_eq!(pages(&scene), pointed_to(&scene), "no page is missing, and none is left");
    assert_eq!(objects(&scene, |name| name.starts_with("sums-")), sums);
    assert_eq!(scene.objects("raw/accounts"), decisions);
    scene.run("prune --older-than 90d --yes").exits(0).says(&["none; nothing is to be done"]);

    assert_tells_as(&scene, &before);
    scene.run("replay").exits(0);
    assert_tells_as(&scene, &before);
    empty_the_warehouse(&scene);
    scene.run("replay").exits(0);
    assert_tells_as(&scene, &before);
    scene
        .run(&format!("history {DAY} --source anthropic/cost_report"))
        .exits(0)
        .says(&["its pages were pruned", "loaded"]);
    // The held answer is there to be decided about, and the day goes on.
    scene
        .run(&format!("accept {DAY} --source cursor/usage_events"))
        .exits(0)
        .says(&["its rows replace the earlier ones"]);
    scene.run(SYNC).exits(0);
}

#[test]
fn an_answer_that_is_not_old_enough_stays() {
    let scene = old();
    let raw = scene.objects("raw");
    scene.run("prune --older-than 300d --yes").exits(0).says(&["none; nothing is to be done"]);
    assert_eq!(scene.objects("raw"), raw);
    let some = scene.run("prune --older-than 203d --json").exits(0).json();
    let all = scene.run("prune --older-than 90d --json").exits(0).json();
    assert!(some["snapshots"].as_u64().unwrap() < all["snapshots"].as_u64().unwrap(), "{some}\n{all}");
}

#[test]
fn a_prune_that_died_leaves_an_answer_or_pages_that_the_next_one_takes() {
    let (scene, other) = (old(), old());
    let gone = {
        let before = manifests(&other);
        other.run("prune --older-than 90d --yes").exits(0);
        before.difference(&manifests(&other)).count()
    };
    // It had deleted some manifests, and no page yet.
    let doomed: Vec<PathBuf> =
        manifests(&scene).into_iter().filter(|path| path.to_string_lossy().contains("cost_report")).collect();
    let before = told(&scene);
    for manifest in &doomed[..2] {
        fs::remove_file(manifest).unwrap();
    }
    let left = scene.run("prune --older-than 90d --yes --json").exits(0).json();
    assert_eq!(left["snapshots"], gone - 2);
    assert_eq!(pages(&scene), pointed_to(&scene));
    empty_the_warehouse(&scene);
    scene.run("replay").exits(0);
    assert_tells_as(&scene, &before);
}

#[test]
fn tables_that_do_not_know_the_answers_are_no_ground_to_prune_on() {
    let scene = old();
    let raw = scene.objects("raw");
    let all = scene.run("prune --older-than 90d --json").exits(0).json();
    let tables = scene.tables();
    let without = |table: &str, run: &dyn Fn()| {
        let forgotten = format!("WHERE source = 'anthropic/cost_report' AND activity_date = '{DAY}'");
        tables.tamper(&format!("CREATE TABLE kept AS SELECT * FROM {table} {forgotten}"));
        assert!(tables.tamper(&format!("DELETE FROM {table} {forgotten}")) > 0);
        run();
        tables.tamper(&format!("INSERT INTO {table} SELECT * FROM kept"));
        tables.tamper("DROP TABLE kept");
    };
    without("coverage_nano", &|| {
        let refused = scene.run("prune --older-than 90d --yes").exits(1);
        refused.says(&["nothing was pruned", "anthropic/cost_report of default, 2025-09-24", "`everycent replay`"]);
    });
    // Answers without a line were never judged, so that one of them may be the day's when it is.
    without("answers_nano", &|| {
        let some = scene.run("prune --older-than 90d --json").exits(0).json();
        assert_eq!((&some["kept"]["not_judged"], &all["kept"]["not_judged"]), (&4.into(), &0.into()), "{some}");
    });
    drop(tables);
    empty_the_warehouse(&scene);
    scene.run("prune --older-than 90d --yes").exits(1).says(&["nothing was pruned", "cursor/usage_events of default"]);
    assert_eq!(scene.objects("raw"), raw);
    scene.run("replay").exits(0);
    scene.run("prune --older-than 90d --yes").exits(0).says(&["are gone"]);
    for words in ["prune", "prune --older-than 90", "prune --older-than 0d", "prune --older-than 9d --yes --dry-run"] {
        scene.run(words).exits(2);
    }
}
