//! Killed, interrupted, doubled: the same command goes on where it stopped, and ends in the same tables.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use rand::Rng;
use support::{Ended, Running, Scene, Tables, asked_days, assert_tells, company_days, files, until};
use vendor_sim::{Endpoint, Fault, FaultKind};

fn sync() -> String {
    let (first, last) = company_days();
    format!("sync --from {first} --to {last}")
}

fn slow(scene: &Scene, pause_ms: u64) {
    scene.simulator.inject(Fault::anywhere(FaultKind::SlowBody { pause_ms }));
}

/// What anybody can see of a sync's progress: requests at the vendor, and files in the home.
fn steps(scene: &Scene) -> usize {
    scene.request_count() + files(&scene.home().join("raw")).len() + files(&scene.home().join("rows")).len()
}

/// Waits until so many more steps were made. False if the program ended before.
fn reaches(scene: &Scene, running: &mut Running, from: usize, more: usize) -> bool {
    until(
        "progress",
        || {
            if steps(scene) >= from + more { Some(true) } else { (!running.is_running()).then_some(false) }
        },
    )
}

/// Days that are merged, by source.
fn merged(scene: &Scene) -> BTreeSet<(String, String)> {
    if !scene.home().join("everycent.sqlite").exists() {
        return BTreeSet::new();
    }
    let tables = scene.tables();
    if tables.count("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'coverage'") == 0 {
        return BTreeSet::new();
    }
    let rows = tables.rows("SELECT source, activity_date FROM coverage WHERE fetched_at IS NOT NULL");
    rows.into_iter().map(|mut row| (row.remove(0), row.remove(0))).collect()
}

/// The same of a sync that was killed; none if it had ended its work, for then the next one is a new question.
fn merged_half_way(scene: &Scene) -> BTreeSet<(String, String)> {
    if scene.home().join("sync-begun.json").exists() { merged(scene) } else { BTreeSet::new() }
}

/// Days whose answer is stored and not merged, by source. A process that dies between announcing an answer and settling
/// its question leaves both in the queue, so that question may be asked once more, also when its answer is merged by then.
fn in_hand(scene: &Scene) -> BTreeSet<(String, String)> {
    let mut days = BTreeSet::new();
    for manifest in scene.objects("raw").iter().filter(|path| path.ends_with("manifest.json")) {
        let below = manifest.strip_prefix(scene.home().join("raw")).unwrap();
        let parts: Vec<&str> = below.iter().map(|part| part.to_str().unwrap()).collect();
        let (from, to) = parts[3].split_once('_').unwrap();
        let (from, to): (NaiveDate, NaiveDate) = (from.parse().unwrap(), to.parse().unwrap());
        let source = format!("{}/{}", parts[0], parts[1]);
        days.extend(from.iter_days().take_while(|day| *day <= to).map(|day| (source.clone(), day.to_string())));
    }
    &days - &merged(scene)
}

/// None of the requests after the first `asked` is for a day that was merged by then.
#[track_caller]
fn assert_not_asked_again(scene: &Scene, merged: &BTreeSet<(String, String)>, asked: usize) {
    for request in scene.requests_after(asked) {
        let (source, days) = asked_days(&request);
        for day in days {
            assert!(!merged.contains(&(source.to_owned(), day.clone())), "{source} of {day} was asked for again");
        }
    }
}

/// The tables are those of one undisturbed sync in another home.
#[track_caller]
fn assert_as_undisturbed(scene: &Scene) {
    scene.simulator.clear_faults();
    let (first, last) = company_days();
    assert_tells(scene, first, last);
    scene.run("reconcile").exits(0);
    scene.run("status").exits(0).says(&["Queue\n  empty"]);
    let undisturbed = scene.path("undisturbed");
    scene.run(&format!("{} --home {}", sync(), undisturbed.display())).exits(0);
    assert_eq!(scene.tables().content(), Tables::open(&undisturbed).content());
}

#[test]
fn killed_at_random_again_and_again_it_ends_in_the_tables_of_one_clean_run() {
    let scene = Scene::company();
    slow(&scene, 4);
    let points: Vec<usize> = (0..7).map(|_| rand::rng().random_range(1..=14)).collect();
    println!("killed after so many steps each: {points:?}");
    let mut excused = BTreeSet::new();
    for more in points {
        let (asked, before, known) = (scene.request_count(), steps(&scene), merged_half_way(&scene));
        let mut running = scene.start(&sync());
        let reached = reaches(&scene, &mut running, before, more);
        running.kill();
        assert_not_asked_again(&scene, &(&known - &excused), asked);
        excused.extend(in_hand(&scene));
        if !reached {
            break;
        }
    }
    let (asked, known) = (scene.request_count(), merged_half_way(&scene));
    scene.run(&sync()).exits(0);
    assert_not_asked_again(&scene, &(&known - &excused), asked);
    assert_as_undisturbed(&scene);
}

#[test]
fn killed_early_half_way_and_late() {
    for more in [1, 25, 45] {
        let scene = Scene::company();
        slow(&scene, 4);
        let mut running = scene.start(&sync());
        let reached = reaches(&scene, &mut running, 0, more);
        running.kill();
        assert!(reached, "{more} steps");
        let (asked, known) = (scene.request_count(), merged_half_way(&scene));
        scene.run(&sync()).exits(0);
        assert_not_asked_again(&scene, &known, asked);
        assert_as_undisturbed(&scene);
    }
}

#[test]
fn a_replay_that_is_killed_is_finished_by_the_same_command() {
    let scene = Scene::company();
    scene.run(&sync()).exits(0);
    let before = scene.tables().content();
    let asked = scene.request_count();
    for more in [1, 4, 9] {
        assert!(scene.tables().tamper("DELETE FROM claude_costs_nano WHERE activity_date > '2025-07-10'") > 0);
        let from = steps(&scene);
        let mut running = scene.start("replay");
        reaches(&scene, &mut running, from, more);
        running.kill();
        scene.run("replay").exits(0);
        assert_eq!(scene.tables().content(), before);
        scene.run("reconcile").exits(0);
    }
    assert_eq!(scene.request_count(), asked);
}

/// Starts a slow sync, and sends it a signal once it has asked for some pages.
fn interrupted(scene: &Scene, signal: &str) -> Ended {
    let asked = scene.request_count();
    let running = scene.start(&sync());
    until("some requests", || (scene.request_count() >= asked + 3).then_some(()));
    running.signal(signal);
    running.end()
}

#[test]
fn interrupted_it_says_how_to_go_on_and_goes_on() {
    for signal in ["TERM", "INT"] {
        let scene = Scene::company();
        slow(&scene, 10);
        interrupted(&scene, signal).exits(1).says(&["Run the same command again to go on", "stopping"]);
        let (asked, known) = (scene.request_count(), merged(&scene));
        scene.run("status").exits(0);
        scene.run(&sync()).exits(0).says(&["finishing what an earlier run left in the queue"]);
        assert_not_asked_again(&scene, &known, asked);
        assert_as_undisturbed(&scene);
    }
}

#[test]
fn interrupted_twice_it_asks_for_nothing_twice() {
    let scene = Scene::company();
    slow(&scene, 10);
    interrupted(&scene, "TERM").exits(1);
    interrupted(&scene, "TERM").exits(1);
    let (asked, known) = (scene.request_count(), merged(&scene));
    scene.run(&sync()).exits(0);
    assert_not_asked_again(&scene, &known, asked);
    let requests = scene.requests_after(asked);
    for (index, request) in requests.iter().enumerate() {
        let twin =
            requests[..index].iter().find(|other| (&other.query, &other.body) == (&request.query, &request.body));
        assert_eq!(twin, None);
    }
    assert_as_undisturbed(&scene);
}

#[test]
fn an_interrupted_sync_says_so_in_json() {
    let scene = Scene::company();
    slow(&scene, 10);
    let running = scene.start(&format!("{} --json", sync()));
    until("some requests", || (scene.request_count() >= 3).then_some(()));
    running.signal("INT");
    let report = running.end().exits(1).json();
    assert_eq!(report["interrupted"], true);
    assert!(report["windows_fetched"].as_u64().unwrap() < report["windows"].as_u64().unwrap(), "{report}");
}

#[test]
fn a_vendor_that_makes_us_wait_does_not_keep_us_from_stopping() {
    let scene = Scene::company();
    scene.simulator.inject(Fault::anywhere(FaultKind::TooManyRequests { retry_after_s: Some(250) }));
    let running = scene.start(&sync());
    until("a request", || (scene.request_count() >= 1).then_some(()));
    let began = Instant::now();
    running.signal("TERM");
    running.end().exits(1).says(&["Run the same command again to go on"]);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    scene.simulator.clear_faults();
    scene.run(&sync()).exits(0);
    assert_as_undisturbed(&scene);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let scene = Scene::company();
    scene.simulator.inject(Fault::anywhere(FaultKind::TooManyRequests { retry_after_s: Some(250) }));
    let running = scene.start(&sync());
    until("a request", || (scene.request_count() >= 1).then_some(()));
    running.signal("TERM");
    running.signal("INT");
    running.end().exits(1);
    scene.simulator.clear_faults();
    scene.run(&sync()).exits(0);
    assert_as_undisturbed(&scene);
}

#[test]
fn a_second_writer_on_one_home_is_refused_and_a_look_is_not() {
    let scene = Scene::company();
    scene.run(&format!("{} --source anthropic/cost_totals", sync())).exits(0);
    let asked = scene.request_count();
    for endpoint in [Endpoint::AnthropicCostReport, Endpoint::CursorDailyUsageData] {
        scene.simulator.inject(Fault::on(endpoint, FaultKind::SlowBody { pause_ms: 3_000 }));
    }
    let mut first = scene.start(&sync());
    until("the first to ask", || (scene.request_count() > asked).then_some(()));
    for words in [sync(), "run --every 1s".into(), "replay".into()] {
        scene.run(&words).exits(2).says(&[
            "everycent is already running on",
            "(process ",
            "wait for it or use another",
        ]);
    }
    scene.run("status").exits(0).says(&["anthropic/cost_totals"]);
    scene.run("reconcile").exits(1).says(&["anthropic/cost_report of", "it was never loaded"]);
    let status = scene.run("status --json").exits(0).json();
    assert_eq!(status["coverage"][0]["rejects"], 0);
    assert!(first.is_running());
    first.kill();
    scene.simulator.clear_faults();
    scene.run(&sync()).exits(0);
    assert_as_undisturbed(&scene);
}

#[test]
fn a_replay_asks_no_vendor_even_if_an_interrupted_sync_left_questions() {
    let mut scene = Scene::company();
    slow(&scene, 10);
    interrupted(&scene, "TERM").exits(1);
    let asked = scene.request_count();
    let keys = ["ANTHROPIC_ADMIN_KEY", "CURSOR_API_KEY"];
    keys.iter().for_each(|name| scene.unset(name));
    scene.run("replay").exits(0);
    assert_eq!(scene.request_count(), asked);
    scene.run("status").exits(0).says(&["fetch-requested"]).says_nothing_of(&["Dead letters"]);
    scene.set(keys[0], scene.simulator.anthropic_key());
    scene.set(keys[1], scene.simulator.cursor_key());
    scene.run(&sync()).exits(0);
    assert_as_undisturbed(&scene);
}
