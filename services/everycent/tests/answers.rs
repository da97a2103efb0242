//! What becomes of an answer that takes away what was known: held, decided, replayed, and shown in its history.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use chrono::{NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use support::{Scene, Tables};
use vendor_sim::{CostRow, World, WorldClock, worlds};

const DAYS: &str = "--from 2025-09-21 --to 2025-09-30";
const FORGOTTEN: &str = "2025-09-24";

fn day() -> NaiveDate {
    FORGOTTEN.parse().unwrap()
}

fn world() -> World {
    worlds::company(7, "2025-09-30".parse().unwrap(), 40)
}

/// Cursor's events of ten days, loaded; then the feed forgets most of one of them.
fn forgetful() -> Scene {
    let scene = Scene::of(world())
        .with_sources("cursor", &["cursor/usage_events"])
        .with_sources("anthropic", &["anthropic/cost_report"]);
    scene.run(&sync()).exits(0);
    assert!(charged(&scene) > 20_000_000_000, "a day of some weight");
    forget(&scene, 2);
    scene
}

fn sync() -> String {
    format!("sync {DAYS}")
}

/// Leaves so many events of the day.
fn forget(scene: &Scene, left: usize) {
    scene.simulator.with_world(|world| {
        while world.cursor_events(day()).len() > left {
            world.remove_cursor_event(day(), 0);
        }
    });
}

fn charged(scene: &Scene) -> i64 {
    let sum = "SELECT COALESCE(SUM(charged_nano_usd), 0) FROM cursor_usage_events_nano";
    scene.tables().count(&format!("{sum} WHERE activity_date = '{FORGOTTEN}'"))
}

fn state(scene: &Scene) -> String {
    let state = "SELECT state FROM coverage WHERE source = 'cursor/usage_events'";
    scene.tables().one(&format!("{state} AND activity_date = '{FORGOTTEN}'"))
}

/// Verdicts of the day's answers, in order.
fn verdicts(tables: &Tables) -> Vec<Vec<String>> {
    let verdicts = "SELECT verdict, decision FROM answers WHERE source = 'cursor/usage_events'";
    tables.rows(&format!("{verdicts} AND activity_date = '{FORGOTTEN}' ORDER BY fetched_at"))
}

#[test]
fn a_feed_that_forgets_is_held_named_and_leaves_the_tables_as_they_were() {
    let scene = forgetful();
    let before = (charged(&scene), scene.tables().facts());
    for _ in 0..2 {
        let ended = scene.run(&sync()).exits(1);
        ended.says(&["cursor/usage_events of default", "held: fell from", "a person has to accept it", FORGOTTEN]);
    }
    assert_eq!((charged(&scene), scene.tables().facts()), before);
    assert_eq!(state(&scene), "held");
    scene.run("reconcile").exits(1).says(&[&format!("no_held_answer {FORGOTTEN}"), "fell from"]);
    scene.run("status").exits(0).says(&["held"]);
    let held = ["held".to_owned(), "NULL".to_owned()];
    assert_eq!(verdicts(&scene.tables())[1..], [held.clone(), held]);
    scene.run("replay").exits(0);
    assert_eq!((charged(&scene), state(&scene)), (before.0, "held".to_owned()), "a replay takes the accepted answer");
}

#[test]
fn a_person_accepts_what_is_right_and_the_rows_follow() {
    let scene = forgetful();
    scene.run(&sync()).exits(1);
    let before = charged(&scene);
    let accept = format!("accept {FORGOTTEN} --source cursor/usage_events");
    scene.run(&format!("{accept} --dry-run")).exits(0).says(&["nothing was done"]);
    assert_eq!(charged(&scene), before);
    scene.run(&format!("{accept} --note credits")).exits(0).says(&["accept, its rows replace the earlier ones"]);
    assert!(charged(&scene) < before);
    assert_eq!(state(&scene), "settled");
    scene.run(&accept).exits(2).says(&["no answer of cursor/usage_events about 2025-09-24 is held"]);
    scene.run(&sync()).exits(0);
}

#[test]
fn a_person_keeps_what_was_known_and_is_not_asked_again() {
    let scene = forgetful();
    scene.run(&sync()).exits(1);
    let before = charged(&scene);
    scene.run(&format!("accept {FORGOTTEN} --source cursor/usage_events --keep")).exits(0).says(&["keep"]);
    for _ in 0..2 {
        scene.run(&sync()).exits(0);
        assert_eq!((charged(&scene), state(&scene)), (before, "settled".to_owned()));
    }
    // The feed comes back in part: a person has not looked at that.
    scene.simulator.with_world(|feed| *feed = world());
    forget(&scene, world().cursor_events(day()).len() / 2);
    scene.run(&sync()).exits(1).says(&["held"]);
    assert_eq!(charged(&scene), before);
}

/// All that the tables say, and when the vendor said it; not which of several answers that say the same a row is of.
fn told(scene: &Scene) -> Vec<Vec<String>> {
    let tables = scene.tables();
    let mut told = tables.rows("SELECT * FROM cursor_usage_events_nano ORDER BY activity_date, row_id");
    for row in &mut told {
        row.truncate(row.len() - 3);
    }
    told.extend(tables.rows(
        "SELECT source, account_id, activity_date, fetched_at, snapshot_id, verdict, reason, sums, content_hash, decision, decided_at
         FROM answers ORDER BY 1, 2, 3, 4, 5",
    ));
    told.extend(tables.rows(
        "SELECT source, account_id, activity_date, state, fetched_at, snapshot_id, newest_snapshot_id, held FROM coverage ORDER BY 1, 2, 3",
    ));
    told
}

/// As a release without answers left the store.
fn remove_sums(scene: &Scene) {
    for sums in scene.objects("raw").iter().filter(|path| path.to_string_lossy().contains("sums-")) {
        fs::remove_file(sums).unwrap();
    }
}

#[test]
fn the_raw_store_alone_rebuilds_rows_answers_and_decisions() {
    let decisions = [None, Some(""), Some("--keep")];
    for (decision, has_sums) in decisions.into_iter().flat_map(|decision| [(decision, true), (decision, false)]) {
        let scene = forgetful();
        scene.run(&sync()).exits(1);
        if let Some(decision) = decision {
            scene.run(&format!("accept {FORGOTTEN} --source cursor/usage_events {decision}")).exits(0);
        }
        let before = told(&scene);
        for file in ["everycent.sqlite", "everycent.sqlite-wal", "everycent.sqlite-shm"] {
            let _ = fs::remove_file(scene.home().join(file));
        }
        if !has_sums {
            remove_sums(&scene);
        }
        scene.run("replay").exits(0).says(&["replayed"]);
        assert_eq!(told(&scene), before, "{decision:?} {has_sums}");
    }
}

#[test]
fn a_home_of_a_release_without_answers_is_judged_from_its_first_sync_on() {
    let scene = forgetful();
    let tables = scene.tables();
    tables.tamper("DELETE FROM answers_nano");
    tables.tamper("UPDATE coverage_nano SET newest_fetched_at = NULL, newest_snapshot_id = NULL, judgement = NULL");
    remove_sums(&scene);
    let before = (charged(&scene), scene.tables().facts());
    scene.run(&sync()).exits(1).says(&["held: fell from", FORGOTTEN]);
    assert_eq!((charged(&scene), state(&scene)), (before.0, "held".to_owned()));
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE state IN ('held', 'replaying')"), 1);
}

#[test]
fn the_history_of_a_day_and_of_a_month_tells_what_changed_and_when() {
    let scene = forgetful();
    scene.run(&sync()).exits(1);
    let history = scene.run(&format!("history {FORGOTTEN} --source cursor/usage_events")).exits(0);
    let history = history.says(&["cursor/usage_events of default, 2 answers", "USD", "loaded", "held", "fell from"]);
    drop(history);
    let json = scene.run(&format!("history {FORGOTTEN} --source cursor/usage_events --json")).exits(0).json();
    let answers = json["reports"][0]["answers"].as_array().unwrap().clone();
    let verdicts: Vec<&str> = answers.iter().map(|answer| answer["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["accepted", "held"]);

    scene.run(&format!("accept {FORGOTTEN} --source cursor/usage_events")).exits(0);
    let month = scene.run("history 2025-09 --since 2025-01-01 --source cursor/usage_events --json").exits(0).json();
    let changes = month["reports"][0]["changes"].as_array().unwrap();
    assert_eq!(month["reports"][0]["before"], "0.00");
    let total = scene.tables().usd("SELECT SUM(charged_usd) FROM cursor_usage_events");
    let now: rust_decimal::Decimal = month["reports"][0]["now"].as_str().unwrap().parse().unwrap();
    assert_eq!(now, total.round_dp(9));
    assert!(!changes.is_empty());
    scene.run("history 2025-09").exits(2).says(&["--since DAY"]);
    scene.run("history 2025-09-24 --since 2025-09-01").exits(2).says(&["--since is for a month"]);
    scene.run("history 2024-01-01").exits(0).says(&["no answer about 2024-01-01 is known"]);
}

/// A line of 8,120.50 dollars, and one of half a cent, about which the vendor changes its mind three days later.
#[test]
fn a_restated_day_stands_out_in_its_history_and_in_that_of_its_month() {
    let mut world = World::empty("2025-10-03".parse().unwrap());
    for (day, cents) in [("2025-10-01", "812050"), ("2025-10-02", "0.5")] {
        world.add_cost_row(day.parse().unwrap(), CostRow::other("web_search", cents.parse().unwrap()));
    }
    let scene = of_anthropic(world, "anthropic/cost_report").with_sources("anthropic", &TWICE_TOLD);
    let sync = |days_ago: i64| {
        scene.simulator.with_world(|world| world.options.clock = WorldClock::Offset(TimeDelta::days(-days_ago)));
        scene.run("sync --from 2025-10-01 --to 2025-10-02").exits(0);
        (Utc::now() - TimeDelta::days(days_ago)).date_naive()
    };
    let first = sync(6);
    let restated = "805025.25".parse::<Decimal>().unwrap();
    scene.simulator.with_world(|world| world.set_cost_amount("2025-10-01".parse().unwrap(), 0, restated));
    let second = sync(3);

    let lines = |output: String| -> Vec<String> {
        output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let day = lines(scene.run("history 2025-10-01").exits(0).stdout);
    let place = |text: &str| day.iter().position(|line| line.contains(text)).unwrap();
    assert!(place("anthropic/cost_report") < place("the same money again"), "{day:?}");
    let at = |day: NaiveDate| day.to_string();
    let (older, newer) = (&day[5], &day[6]);
    assert!(older.starts_with(&at(first)) && older.ends_with(" 8,120.50 1 superseded"), "{day:?}");
    assert!(newer.starts_with(&at(second)) && newer.ends_with(" 8,050.25 -70.25 1 loaded"), "{day:?}");

    let month = lines(scene.run("history 2025-10 --since 2025-10-01").exits(0).stdout);
    let expected = [
        "before 2025-10-01 nothing".to_owned(),
        format!("{first} 8,120.51 +8,120.51 2 days reported for the first time"),
        format!("{second} 8,050.26 -70.25 2025-10-01 -70.25"),
    ];
    assert!(month.windows(3).any(|lines| lines == expected), "{month:?}");
    let since = lines(scene.run(&format!("history 2025-10 --since {second}")).exits(0).stdout);
    assert!(since.contains(&format!("before {second} 8,120.51")), "{since:?}");
}

const TWICE_TOLD: [&str; 2] = ["anthropic/cost_report", "anthropic/cost_totals"];

/// Of a report of one account of one vendor.
fn of_anthropic(world: World, source: &str) -> Scene {
    let mut scene = Scene::of(world).with_sources("anthropic", &[source]);
    scene.unset("CURSOR_API_KEY");
    scene
}

#[test]
fn a_day_that_rises_more_than_tenfold_is_said_once() {
    let of_cents = |cents: i64| {
        let mut world = World::empty("2025-10-01".parse().unwrap());
        world.add_cost_row(day(), CostRow::other("web_search", cents.into()));
        world
    };
    let scene = of_anthropic(of_cents(2_100), "anthropic/cost_report");
    let (first, words) = (scene.run(&sync()).exits(0), "reports 22333.00 dollars where 21.00 dollars was believed");
    assert!(!first.stdout.contains("was believed"), "{first}");
    scene.simulator.with_world(|world| *world = of_cents(2_233_300));
    scene.run(&sync()).exits(0).says(&[&format!("anthropic/cost_report of default: {FORGOTTEN} {words}")]);
    let again = scene.run(&sync()).exits(0);
    assert!(!again.stdout.contains("was believed"), "{again}");
    scene.run(&format!("history {FORGOTTEN}")).exits(0).says(&[words]);
}

#[test]
fn a_list_that_comes_back_much_shorter_is_said_once_and_what_it_lacks_stays() {
    let scene = of_anthropic(world(), "anthropic/users");
    let users = || scene.tables().count("SELECT COUNT(*) FROM dim_users");
    scene.run("sync").exits(0);
    let all = users();
    let left = usize::try_from(all / 2).unwrap();
    scene.simulator.with_world(|world| {
        while world.users().len() > left {
            let user = world.users()[0].id.clone();
            world.remove_user(&user);
        }
    });
    let words = format!("anthropic/users of default lists {left} where the reading before had {all}");
    scene.run("sync").exits(0).says(&[&words]);
    assert_eq!(users(), all);
    let again = scene.run("sync").exits(0);
    assert!(!again.stdout.contains("the reading before"), "{again}");
}

/// The feed of events begins on this day, and does not say so.
fn remembers_from(scene: &Scene, first: &str) {
    let first: NaiveDate = first.parse().unwrap();
    scene.simulator.with_world(|world| {
        for day in first.iter_days().skip(1).map(|day| day - chrono::Days::new(30)).take_while(|day| *day < first) {
            while !world.cursor_events(day).is_empty() {
                world.remove_cursor_event(day, 0);
            }
        }
    });
}

#[test]
fn days_that_the_vendor_no_longer_remembers_stay_and_are_told_once() {
    let scene = Scene::of(world())
        .with_sources("cursor", &["cursor/usage_events"])
        .with_sources("anthropic", &["anthropic/cost_report"]);
    scene.run(&sync()).exits(0);
    let before = (charged(&scene), scene.tables().facts());
    remembers_from(&scene, "2025-09-25");
    let told = "cursor/usage_events of default: nothing up to 2025-09-24 any more; what is in the tables stays";
    scene.run(&sync()).exits(0).says(&["The vendor's memory ends", told]);
    let again = scene.run(&sync()).exits(0);
    assert!(!again.stdout.contains("memory"), "{again}");
    remembers_from(&scene, "2025-09-26");
    let later = scene.run(&sync()).exits(0);
    assert!(!later.stdout.contains("memory"), "a memory that moves on is nothing new: {later}");
    assert_eq!((charged(&scene), scene.tables().facts()), before);
    scene.run("replay").exits(0);
    assert_eq!((charged(&scene), scene.tables().facts()), before);
    scene.run(&format!("history {FORGOTTEN} --source cursor/usage_events")).exits(0).says(&["remembers only those"]);

    // A person may say that the day is empty indeed.
    let history = format!("history {FORGOTTEN} --source cursor/usage_events --json");
    let history = scene.run(&history).exits(0).json();
    let forgetful = history["reports"][0]["answers"][1]["snapshot_id"].as_str().unwrap().to_owned();
    let accept = format!("accept {FORGOTTEN} --source cursor/usage_events");
    scene.run(&accept).exits(2).says(&["is held"]);
    scene.run(&format!("{accept} --answer {forgetful}")).exits(0).says(&["its rows replace the earlier ones"]);
    assert_eq!(charged(&scene), 0);
}

#[test]
fn a_day_that_is_empty_between_others_is_held() {
    let scene = forgetful();
    scene.simulator.with_world(|feed| {
        *feed = world();
        while !feed.cursor_events(day()).is_empty() {
            feed.remove_cursor_event(day(), 0);
        }
    });
    scene.run(&sync()).exits(1).says(&["held: fell from"]);
}
