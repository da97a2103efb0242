//! Events of people who were removed come back without their address: who they were of is not unlearned.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::PathBuf;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;
use support::Scene;
use vendor_sim::{CursorEvent, EventKind, Member, World};

const SYNC: &str = "sync --from 2025-09-02 --to 2025-09-05 --source cursor/usage_events";
const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
/// 2 September 2025, noon.
const NOON_MS: i64 = 1_756_814_400_000;
const DAY_MS: i64 = 86_400_000;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn event(timestamp_ms: i64, (user_id, email): (u64, &str)) -> CursorEvent {
    CursorEvent {
        timestamp_ms,
        user_id,
        user_email: email.to_owned(),
        conversation_id: None,
        model: "claude-4.5-sonnet".to_owned(),
        kind: EventKind::Included,
        max_mode: false,
        is_headless: false,
        requests_costs: Some(Decimal::from(100)),
        token_usage: None,
        charged_cents: Decimal::ZERO,
        token_fee_cents: None,
    }
}

/// Two people who used four fifths of their included requests each, every day at the same instant. The first answer names
/// them; the second, after they left, does not.
fn after_two_left() -> Scene {
    let mut world = World::empty(day("2025-10-01"));
    world.options.cursor_events_lack_charges = true;
    for (user_id, email) in [(1, ANN), (2, BOB)] {
        world.add_member(Member::new(user_id, email, "Somebody"));
    }
    for place in 0..4 {
        let on = day("2025-09-02") + chrono::Days::new(place);
        while world.remove_cursor_event(on, 0).is_some() {}
        for member in [(1, ANN), (2, BOB)] {
            world.add_cursor_event(event(NOON_MS + i64::try_from(place).unwrap() * DAY_MS, member));
        }
    }
    let scene = Scene::of(world).with_sources("cursor", &["cursor/usage_events"]);
    scene.run(SYNC).exits(0);
    assert_eq!(people(&scene), four_days_of_both());
    scene.simulator.with_world(|world| {
        world.options.cursor_forgets_removed = true;
        [1, 2].into_iter().for_each(|user_id| world.end_membership(user_id, day("2025-09-06")));
    });
    scene.run(SYNC).exits(0);
    scene
}

fn people(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows("SELECT activity_date, email FROM cursor_usage_events ORDER BY 1, 2")
}

fn four_days_of_both() -> Vec<Vec<String>> {
    let of_day = |number| [ANN, BOB].map(|email| vec![format!("2025-09-0{number}"), email.to_owned()]);
    (2..=5).flat_map(of_day).collect()
}

/// What all units over the included ones cost, and how many people had some.
fn on_demand(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows("SELECT SUM(on_demand_usd), COUNT(DISTINCT email), COUNT(*) FROM cursor_expenses")
}

fn lose_the_tables(scene: &Scene) {
    for file in ["everycent.sqlite", "everycent.sqlite-wal", "everycent.sqlite-shm"] {
        let _ = fs::remove_file(scene.home().join(file));
    }
}

fn sums(scene: &Scene) -> Vec<PathBuf> {
    let is_sums = |path: &PathBuf| path.to_string_lossy().contains("sums-");
    scene.objects("raw").into_iter().filter(is_sums).collect()
}

#[test]
fn people_who_were_removed_stay_known_and_keep_their_included_requests() {
    let scene = after_two_left();
    assert_eq!(people(&scene), four_days_of_both());
    assert_eq!(on_demand(&scene), [["0", "2", "8"].map(str::to_owned)]);
    let filled = "SELECT filled, verdict, COUNT(*) FROM answers GROUP BY 1, 2 ORDER BY 1";
    let expected = [["0", "accepted", "4"], ["2", "superseded", "4"]].map(|row| row.map(str::to_owned));
    assert_eq!(scene.tables().rows(filled), expected);
    scene.run("reconcile --from 2025-09-02 --to 2025-09-05").says_nothing_of(&["FAIL"]);
}

#[test]
fn the_raw_store_alone_knows_them_again_and_a_replay_changes_nothing() {
    let scene = after_two_left();
    for _ in 0..2 {
        scene.run("replay").exits(0).says(&["replayed"]);
        assert_eq!(people(&scene), four_days_of_both());
    }
    lose_the_tables(&scene);
    scene.run("replay").exits(0);
    assert_eq!(people(&scene), four_days_of_both());
    assert_eq!(on_demand(&scene), [["0", "2", "8"].map(str::to_owned)]);
}

#[test]
fn a_home_of_an_earlier_release_learns_from_its_raw_store_whom_it_had_forgotten() {
    let scene = after_two_left();
    let tables = scene.tables();
    tables.tamper("DELETE FROM cursor_event_people");
    tables.tamper("UPDATE cursor_usage_events_nano SET email = NULL, event_id = NULL, twin_id = NULL");
    tables.tamper("UPDATE answers_nano SET filled = NULL");
    for object in sums(&scene) {
        let mut sums: Value = serde_json::from_slice(&fs::read(&object).unwrap()).unwrap();
        let days = sums["days"].as_array_mut().unwrap().iter_mut();
        days.for_each(|day| drop(day.as_object_mut().unwrap().remove("filled").unwrap()));
        fs::write(&object, sums.to_string()).unwrap();
    }
    assert_eq!(people(&scene)[0], ["2025-09-02", "NULL"]);
    scene.run("replay").exits(0);
    assert_eq!(people(&scene), four_days_of_both());
}

#[test]
fn an_event_that_is_restated_without_its_person_keeps_it() {
    let scene = after_two_left();
    scene.simulator.with_world(|world| {
        for event in world.cursor_events(day("2025-09-04")) {
            // What comes is put in front.
            world.remove_cursor_event(day("2025-09-04"), 1);
            world.add_cursor_event(CursorEvent { requests_costs: Some(Decimal::from(99)), ..event });
        }
    });
    scene.run(SYNC).exits(0);
    assert_eq!(people(&scene), four_days_of_both());
    let units = "SELECT DISTINCT requests_costs FROM cursor_usage_events WHERE activity_date = '2025-09-04'";
    assert_eq!(scene.tables().rows(units), [["99"]]);
}
