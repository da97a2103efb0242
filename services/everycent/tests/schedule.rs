//! `run`: sync after sync until a signal, whatever the vendors do meanwhile.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, Utc};
use support::{Ended, Running, Scene, assert_tells, until};
use vendor_sim::{Endpoint, Fault, FaultKind, worlds};

/// A company up to yesterday, and a history that begins a week ago. The simulated clock is ahead, lest midnight comes.
fn recent() -> (Scene, NaiveDate) {
    let today = Utc::now().date_naive();
    let mut world = worlds::company(11, today - Days::new(1), 30);
    world.options.today = today + Days::new(2);
    let mut scene = Scene::of(world);
    scene.configure(&format!("[sync]\nsince = \"{}\"\n", today - Days::new(7)));
    (scene, today)
}

fn grouped_requests(scene: &Scene) -> usize {
    let requests = scene.simulator.requests();
    requests.iter().filter(|request| request.query.iter().any(|(name, _)| name == "group_by[]")).count()
}

fn wait_for_syncs(scene: &Scene, count: usize) {
    until("more syncs", || (grouped_requests(scene) >= count).then_some(()));
}

/// Ends it with a signal, in time.
#[track_caller]
fn stopped(running: Running, signal: &str) -> Ended {
    let began = Instant::now();
    running.signal(signal);
    let ended = running.end().exits(0);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    ended
}

#[test]
fn it_syncs_again_and_again_until_a_signal_and_ends_well() {
    for signal in ["TERM", "INT"] {
        let (scene, today) = recent();
        let running = scene.start("run --every 1s");
        wait_for_syncs(&scene, 3);
        stopped(running, signal);
        assert_tells(&scene, &(today - Days::new(7)).to_string(), &(today - Days::new(1)).to_string());
        // What was fetched when the signal came waits in the queue.
        scene.run("sync").exits(0);
        scene.run("reconcile").exits(0);
    }
}

#[test]
fn it_waits_for_the_next_sync_no_longer_than_a_signal_takes() {
    let (scene, _) = recent();
    let running = scene.start("run --every 1d");
    until("the first sync to end", || running.stdout().contains("Tables: ").then_some(()));
    stopped(running, "TERM");
    assert_eq!(grouped_requests(&scene), 1);
}

#[test]
fn a_day_that_is_restated_meanwhile_is_taken_up() {
    let (scene, today) = recent();
    let running = scene.start("run --every 1s");
    wait_for_syncs(&scene, 1);
    scene.simulator.with_world(|world| {
        world.restate_day(today - Days::new(2));
        world.restate_cursor_day(today - Days::new(2));
    });
    let asked = grouped_requests(&scene);
    wait_for_syncs(&scene, asked + 2);
    stopped(running, "TERM");
    assert_tells(&scene, &(today - Days::new(7)).to_string(), &(today - Days::new(1)).to_string());
}

#[test]
fn it_outlives_a_vendor_that_fails() {
    let (scene, today) = recent();
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(500)));
    let running = scene.start("run --every 1s");
    until("a failed sync", || running.stdout().contains("Failed, and asked for again").then_some(()));
    scene.simulator.clear_faults();
    let asked = grouped_requests(&scene);
    wait_for_syncs(&scene, asked + 2);
    stopped(running, "TERM");
    assert_tells(&scene, &(today - Days::new(7)).to_string(), &(today - Days::new(1)).to_string());
}

#[test]
fn it_outlives_a_queue_that_is_locked_and_says_so_once_and_when_it_is_over() {
    let (scene, today) = recent();
    let running = scene.start("run --every 1s");
    wait_for_syncs(&scene, 1);
    until("the first sync to end", || running.stdout().contains("Tables: ").then_some(()));
    let other = rusqlite::Connection::open(scene.home().join("bus.sqlite")).unwrap();
    other.busy_timeout(Duration::from_secs(20)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    until("a failed round", || running.stderr().contains("bus.sqlite: database is locked").then_some(()));
    other.execute_batch("ROLLBACK").unwrap();
    until("its end", || running.stderr().contains("syncs work again, after 1 that failed").then_some(()));
    let asked = grouped_requests(&scene);
    wait_for_syncs(&scene, asked + 1);
    let ended = stopped(running, "TERM");
    assert_eq!(ended.stderr.matches("this sync failed").count(), 1, "{ended}");
    assert_tells(&scene, &(today - Days::new(7)).to_string(), &(today - Days::new(1)).to_string());
}

#[test]
fn it_outlives_a_configuration_that_does_not_read_for_a_while_and_takes_up_the_next_one() {
    let (mut scene, today) = recent();
    let running = scene.start("run --every 1s");
    wait_for_syncs(&scene, 1);
    let since = |since: &str| format!("[sync]\nsince = {since}\n");
    scene.configure(&since("soon"));
    until("a failed round", || running.stderr().contains("this sync failed, and the next one").then_some(()));
    let first = (today - Days::new(9)).to_string();
    scene.configure(&since(&format!("\"{first}\"")));
    until("days before the first", || {
        let loaded = format!("SELECT COUNT(*) FROM coverage WHERE activity_date = '{first}'");
        (scene.tables().count(&loaded) > 0).then_some(())
    });
    stopped(running, "TERM");
}

#[test]
fn in_json_each_sync_is_one_line() {
    let (scene, _) = recent();
    let running = scene.start("run --every 1s --json");
    until("two reports", || (running.stdout().lines().count() >= 2).then_some(()));
    let ended = stopped(running, "TERM");
    for line in ended.stdout.lines() {
        let report: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&report["dead_letters"], &report["rejects"]), (&0.into(), &0.into()), "{line}");
    }
}

#[test]
fn without_dates_a_sync_asks_for_what_is_due_and_no_more() {
    let (scene, today) = recent();
    scene.run("sync").exits(0);
    assert_tells(&scene, &(today - Days::new(7)).to_string(), &(today - Days::new(1)).to_string());
    let days =
        scene.tables().rows("SELECT DISTINCT state, COUNT(*) FROM coverage WHERE source LIKE 'anthropic/%' GROUP BY 1");
    assert_eq!(days, [["open", "14"]]);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE source = 'cursor/daily_usage'"), 7);
    scene.run("sync --from 2025-10-03 --to 2025-10-05").exits(0);
    let asked = scene.request_count();
    scene.run("sync").exits(0);
    // October is settled; the last days may still be restated.
    for request in scene.requests_after(asked) {
        let (source, days) = support::asked_days(&request);
        assert!(days.iter().all(|day| *day >= (today - Days::new(7)).to_string()), "{source}: {days:?}");
    }
    assert_eq!(scene.requests_after(asked).len(), 3);
}
