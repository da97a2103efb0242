//! Cursor's usage events: every one of them, once, to the last digit, whatever the feed does while it is paged.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use rust_decimal::Decimal;
use support::Scene;
use vendor_sim::{CursorEvent, Endpoint, EventKind, Fault, FaultKind, KindSpelling, Member, When, World, worlds};

/// Two windows of the company: thirty days, and ten.
const DAYS: (&str, &str) = ("2025-08-22", "2025-09-30");
const SYNC: &str = "sync --from 2025-08-22 --to 2025-09-30 --source cursor/usage_events";
const TEN_DAYS: &str = "sync --from 2025-09-21 --to 2025-09-30 --source cursor/usage_events";
const TWO_DAYS: &str = "sync --from 2025-09-29 --to 2025-09-30 --source cursor/usage_events";
const NOON_MS: i64 = 1_759_233_600_000;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn company() -> World {
    worlds::company(7, day(DAYS.1), 40)
}

fn of(world: World) -> Scene {
    Scene::of(world).with_sources("cursor", &["cursor/usage_events", "cursor/daily_usage"])
}

fn events_of(world: &World, first: &str, last: &str) -> Vec<CursorEvent> {
    let days = day(first).iter_days().take_while(|one| *one <= day(last));
    days.flat_map(|one| world.cursor_events(one)).collect()
}

/// The columns that the world knows, as it knows them.
fn expected(event: &CursorEvent, spelling: KindSpelling) -> Vec<String> {
    let (label, constant, billing) = match event.kind {
        EventKind::UsageBased => ("Usage-based", "USAGE_EVENT_KIND_USAGE_BASED", "on_demand"),
        EventKind::Included => ("Included in Business", "USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS", "included"),
        EventKind::OwnKey => ("User API Key", "USAGE_EVENT_KIND_USER_API_KEY", "own_key"),
        EventKind::ErroredNotCharged => ("Errored, Not Charged", "USAGE_EVENT_KIND_ERRORED_NOT_CHARGED", "not_charged"),
    };
    let at = DateTime::from_timestamp_millis(event.timestamp_ms).unwrap();
    let text = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
    let flag = |value: bool| i32::from(value).to_string();
    let scaled = |value: Decimal, factor: i64| (value * Decimal::from(factor)).normalize().to_string();
    let nanos = |cents: Option<Decimal>| text(cents.map(|cents| scaled(cents, 10_000_000)));
    let plain = |value: Option<Decimal>| text(value.map(|value| value.to_string()));
    let tokens = event.token_usage.as_ref();
    let count = |count: Option<u64>| text(count.map(|count| count.to_string()));
    vec![
        at.date_naive().to_string(),
        at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        event.user_email.to_lowercase(),
        text(event.conversation_id.clone()),
        event.model.clone(),
        if spelling == KindSpelling::Labels { label } else { constant }.to_owned(),
        billing.to_owned(),
        flag(event.max_mode),
        flag(tokens.is_some()),
        flag(event.kind == EventKind::UsageBased),
        flag(event.is_headless),
        plain(event.requests_costs),
        text(event.requests_costs.map(|units| scaled(units, 1_000_000))),
        count(tokens.map(|tokens| tokens.input)),
        count(tokens.map(|tokens| tokens.output)),
        count(tokens.map(|tokens| tokens.cache_write)),
        count(tokens.map(|tokens| tokens.cache_read)),
        plain(tokens.map(|tokens| tokens.total_cents)),
        nanos(tokens.map(|tokens| tokens.total_cents)),
        text(tokens.and_then(|tokens| tokens.discount_percent_off).map(|percent| percent.to_string())),
        plain(Some(event.charged_cents)),
        nanos(Some(event.charged_cents)),
        plain(event.token_fee_cents),
        nanos(event.token_fee_cents),
    ]
}

/// The table holds the events of these days and no others, all their columns as the world has them.
#[track_caller]
fn assert_tells_events(scene: &Scene, first: &str, last: &str) {
    let mut truth: Vec<Vec<String>> = scene.simulator.with_world(|world| {
        let spelling = world.options.cursor_kinds;
        events_of(world, first, last).iter().map(|event| expected(event, spelling)).collect()
    });
    truth.sort();
    let mut found = scene.tables().rows(
        "SELECT activity_date, occurred_at, email, conversation_id, model, kind, billing, max_mode,
             is_token_based_call, is_chargeable, is_headless, requests_costs, request_micro_units, input_tokens,
             output_tokens, cache_write_tokens, cache_read_tokens, token_cost_cents, token_cost_nano_usd,
             discount_percent_off, charged_cents, charged_nano_usd, cursor_token_fee_cents, cursor_token_fee_nano_usd
         FROM cursor_usage_events_nano",
    );
    found.sort();
    assert!(!truth.is_empty());
    assert_eq!(found.len(), truth.len(), "number of events");
    for (found, truth) in found.iter().zip(&truth) {
        assert_eq!(found, truth);
    }
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM rejected_records"), 0);
}

fn events_asked(scene: &Scene) -> Vec<serde_json::Value> {
    let requests = scene.simulator.requests().into_iter();
    requests.filter(|one| one.endpoint == Some(Endpoint::CursorUsageEvents)).map(|one| one.body.unwrap()).collect()
}

fn fault(kind: FaultKind) -> Fault {
    Fault::on(Endpoint::CursorUsageEvents, kind)
}

/// A world of one member, whose clock stands on 1 October 2025.
fn alone() -> World {
    let mut world = World::empty(day("2025-10-01"));
    world.add_member(Member::new(1, "one@example.com", "One"));
    world
}

fn event(timestamp_ms: i64, charged: &str) -> CursorEvent {
    CursorEvent {
        timestamp_ms,
        user_id: 1,
        user_email: "one@example.com".to_owned(),
        conversation_id: None,
        model: "gpt-5".to_owned(),
        kind: EventKind::UsageBased,
        max_mode: false,
        is_headless: false,
        requests_costs: None,
        token_usage: None,
        charged_cents: decimal(charged),
        token_fee_cents: None,
    }
}

#[test]
fn every_event_is_in_the_table_with_all_that_the_vendor_tells_in_either_spelling_of_kinds() {
    for spelling in [KindSpelling::Labels, KindSpelling::Constants] {
        let mut world = company();
        world.options.cursor_kinds = spelling;
        assert!(world.options.cursor_emails_vary_in_case);
        let scene = of(world);
        scene.run(SYNC).exits(0);
        assert_tells_events(&scene, DAYS.0, DAYS.1);
        let platforms = scene.tables().rows("SELECT DISTINCT platform, platform_basis FROM cursor_usage_events");
        assert_eq!(platforms, [["cursor", "vendor"]]);
    }
}

#[test]
fn events_and_daily_usage_meet_on_the_address_in_lower_case() {
    let scene = of(company());
    scene.run("sync --from 2025-09-21 --to 2025-09-30").exits(0);
    let tables = scene.tables();
    let joined = tables.rows(
        "SELECT u.activity_date, u.email, u.subscription_included_reqs, u.usage_based_reqs,
             COUNT(*) FILTER (WHERE e.billing = 'included'), COUNT(*) FILTER (WHERE e.billing = 'on_demand')
         FROM cursor_usage_stats_nano u JOIN cursor_usage_events_nano e USING (account_id, activity_date, email)
         GROUP BY 1, 2",
    );
    let truth: BTreeMap<(String, String), [u64; 2]> = scene.simulator.with_world(|world| {
        let days = day("2025-09-21").iter_days().take(10);
        days.flat_map(|one| world.cursor_rows(one))
            .filter(|row| row.usage.is_active)
            .map(|row| {
                let counts = [row.usage.subscription_included_reqs, row.usage.usage_based_reqs];
                ((row.day.to_string(), row.email), counts)
            })
            .collect()
    });
    assert_eq!(joined.len(), truth.len());
    for row in joined {
        let counts = truth[&(row[0].clone(), row[1].clone())].map(|count| count.to_string());
        assert_eq!((&row[2..4], &row[4..6]), (&counts[..], &counts[..]), "{row:?}");
    }
}

#[test]
fn an_event_of_a_border_is_in_one_of_two_neighbouring_windows() {
    let mut world = alone();
    let midnight = 1_758_412_800_000;
    assert_eq!(DateTime::from_timestamp_millis(midnight).unwrap().to_string(), "2025-09-21 00:00:00 UTC");
    for (offset, cents) in [(-1, "1.5"), (0, "2.25"), (1, "3")] {
        world.add_cursor_event(event(midnight + offset, cents));
    }
    let scene = of(world);
    scene.run(SYNC).exits(0);
    assert_tells_events(&scene, DAYS.0, DAYS.1);
    let mut asked: Vec<(i64, i64)> = events_asked(&scene)
        .iter()
        .map(|body| (body["startDate"].as_i64().unwrap(), body["endDate"].as_i64().unwrap()))
        .collect();
    asked.sort_unstable();
    assert_eq!(asked.len(), 2);
    assert_eq!((asked[0].1, asked[1].0), (midnight - 1, midnight));
    assert!(events_asked(&scene).iter().all(|body| body["pageSize"] == 1000));
}

#[test]
fn twins_of_one_millisecond_are_all_kept_across_a_page_border_too() {
    let mut world = alone();
    for offset in 1..=995 {
        world.add_cursor_event(event(NOON_MS + offset, "0.5"));
    }
    for _ in 0..10 {
        world.add_cursor_event(event(NOON_MS, "1.25"));
    }
    world.add_cursor_event(event(NOON_MS, "9.75"));
    let scene = of(world);
    scene.run(TWO_DAYS).exits(0);
    assert_eq!(events_asked(&scene).len(), 4, "two pages of a thousand, and a second reading of both");
    assert_tells_events(&scene, "2025-09-29", "2025-09-30");
    assert_eq!(scene.tables().count("SELECT COUNT(DISTINCT row_id) FROM cursor_usage_events"), 1006);
    let before = scene.tables().rows("SELECT row_id, charged_cents FROM cursor_usage_events ORDER BY 1");
    let report = scene.run(&format!("{TWO_DAYS} --json")).exits(0).json();
    assert_eq!((&report["rows_written"], &report["rows_deleted"]), (&0.into(), &0.into()));
    assert_eq!(scene.tables().rows("SELECT row_id, charged_cents FROM cursor_usage_events ORDER BY 1"), before);
}

#[test]
fn an_event_that_joins_or_leaves_while_it_is_paged_is_noticed_and_the_window_is_read_again() {
    for kind in [FaultKind::EventJoins, FaultKind::EventLeaves] {
        let scene = of(company());
        scene.simulator.inject(fault(kind.clone()).when(When::Page(2)).times(1));
        scene.run(TEN_DAYS).exits(0);
        assert_tells_events(&scene, "2025-09-21", "2025-09-30");
        let pages: Vec<i64> = events_asked(&scene).iter().map(|body| body["page"].as_i64().unwrap()).collect();
        assert_eq!(pages[..4], [1, 2, 1, 2], "{kind:?}");
        assert_eq!(scene.manifests("cursor/usage_events").len(), 1);
    }
}

#[test]
fn a_feed_that_never_stands_still_fails_its_window_and_loads_nothing_of_it() {
    let scene = of(company());
    scene.simulator.inject(fault(FaultKind::EventJoins).when(When::Page(2)));
    scene.run(TEN_DAYS).exits(1).says(&["the data moved while it was paged", "events became"]);
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM cursor_usage_events"), 0);
    assert_eq!(tables.rows("SELECT DISTINCT state FROM coverage"), [["failed"]]);
    scene.simulator.clear_faults();
    scene.run(TEN_DAYS).exits(0);
    assert_tells_events(&scene, "2025-09-21", "2025-09-30");
}

#[test]
fn a_page_that_is_told_twice_is_not_taken_for_two() {
    let scene = of(company());
    scene.simulator.inject(fault(FaultKind::RepeatedPage).when(When::Page(2)).times(1));
    scene.run(TEN_DAYS).exits(0);
    assert_tells_events(&scene, "2025-09-21", "2025-09-30");
    assert!(events_asked(&scene).len() > 3);
}

#[test]
fn a_restated_day_ends_as_the_vendor_now_tells_it() {
    let scene = of(company());
    scene.run(TWO_DAYS).exits(0);
    scene.simulator.with_world(|world| {
        let gone = world.remove_cursor_event(day("2025-09-29"), 4).unwrap();
        let mut dearer = world.remove_cursor_event(day("2025-09-30"), 0).unwrap();
        dearer.charged_cents += decimal("0.0000001");
        world.add_cursor_event(dearer.clone());
        world.add_cursor_event(dearer);
        world.add_cursor_event(CursorEvent { timestamp_ms: NOON_MS, ..gone });
    });
    let report = scene.run(&format!("{TWO_DAYS} --json")).exits(0).json();
    assert_eq!((&report["rows_written"], &report["rows_deleted"]), (&3.into(), &1.into()));
    assert_tells_events(&scene, "2025-09-29", "2025-09-30");
}

#[test]
fn the_noise_of_a_binary_number_is_no_money_and_the_vendors_own_digits_stay() {
    let mut world = alone();
    for (offset, cents) in [(0, "30.000000000000004"), (1, "0.30000000000000004"), (2, "21.36232")] {
        world.add_cursor_event(event(NOON_MS + offset, cents));
    }
    let scene = of(world);
    scene.run(TWO_DAYS).exits(0);
    let found = scene
        .tables()
        .rows("SELECT charged_cents, charged_nano_usd FROM cursor_usage_events_nano ORDER BY occurred_at");
    let expected = [["30.000000000000004", "300000000"], ["0.30000000000000004", "3000000"], ["21.36232", "213623200"]];
    assert_eq!(found, expected);
}

#[test]
fn a_record_that_does_not_parse_is_rejected_with_its_place_and_its_neighbours_load() {
    let scene = of(company());
    for (kind, on) in [(FaultKind::AmountText, "2025-09-30"), (FaultKind::CountText, "2025-09-29")] {
        scene.simulator.inject(fault(kind).when(When::Day(day(on))));
    }
    scene.run(TWO_DAYS).exits(1).says(&["may hold money"]);
    let tables = scene.tables();
    let rejects = tables.rows("SELECT activity_date, position, reason FROM rejected_records ORDER BY reason");
    let [amount] = &rejects[..] else { panic!("{rejects:?}") };
    assert!(amount[2].contains("chargedCents: `abc`"), "{amount:?}");
    let remarks = tables.rows("SELECT activity_date, field FROM remarks");
    let [count] = &remarks[..] else { panic!("{remarks:?}") };
    assert_eq!(count[1], "tokenUsage.inputTokens");
    assert_eq!((&*amount[0], &*count[0]), ("2025-09-30", "2025-09-29"));
    assert_eq!(amount[1], "/usageEvents/0");
    let told = scene.simulator.with_world(|world| events_of(world, "2025-09-29", "2025-09-30").len());
    assert_eq!(tables.count("SELECT COUNT(*) FROM cursor_usage_events") as usize, told - 1);
}

#[test]
fn a_total_that_is_stably_wrong_costs_a_second_reading_and_no_window() {
    let scene = of(company());
    scene.simulator.inject(fault(FaultKind::MiscountedEvents));
    scene.run(TWO_DAYS).exits(0).says(&["Remarked: "]);
    assert_tells_events(&scene, "2025-09-29", "2025-09-30");
    scene.run("status").exits(0).says(&["the vendor counts ", " events and reports "]);
    // Nobody knows what it did not tell, so no words say that nothing is missing.
    let report = scene.run("report --from 2025-09-29 --to 2025-09-30").exits(0);
    report.says(&["figures may lack what", " events and reports "]).says_nothing_of(&["nothing is missing by it"]);
    let reconciled = scene.run("reconcile --from 2025-09-29 --to 2025-09-30 --json").json();
    assert_eq!(reconciled["notes"][0]["source"], "cursor/usage_events");
    let checks = reconciled["checks"].as_array().unwrap();
    let remarked = checks.iter().find(|check| check["check_id"] == "remarks").unwrap();
    assert_eq!((&remarked["passed"], &remarked["failed"]), (&1.into(), &0.into()), "a note and no failure");
}

#[test]
fn kinds_models_and_fields_of_tomorrow_pass_through() {
    let scene = of(company());
    scene.simulator.inject(fault(FaultKind::UnknownFields));
    scene.simulator.inject(fault(FaultKind::UnknownValues));
    scene.run(TWO_DAYS).exits(0);
    let tables = scene.tables();
    let strange = tables.rows("SELECT kind, model FROM cursor_usage_events WHERE model = 'model-of-tomorrow'");
    assert_eq!(strange, [["Dreamt, Not Charged", "model-of-tomorrow"]]);
    let told = scene.simulator.with_world(|world| events_of(world, "2025-09-29", "2025-09-30").len());
    assert_eq!(tables.count("SELECT COUNT(*) FROM cursor_usage_events") as usize, told);
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
}

#[test]
fn today_is_not_asked_for() {
    let today = chrono::Utc::now().date_naive();
    let mut world = worlds::company(7, today.pred_opt().unwrap(), 10);
    world.options.today_is_returned = true;
    let scene = of(world);
    let words = format!("sync --from {} --to {today} --source cursor/usage_events", today - chrono::Days::new(3));
    scene.run(&words).exits(0);
    let midnight = today.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    assert!(events_asked(&scene).iter().all(|body| body["endDate"] == midnight - 1));
    let days = scene.tables().rows("SELECT DISTINCT activity_date FROM coverage WHERE source = 'cursor/usage_events'");
    assert_eq!(days.len(), 3);
}

#[test]
fn a_scope_that_is_missing_for_events_leaves_daily_usage_running() {
    let scene = of(company());
    scene.simulator.inject(fault(FaultKind::MissingScope));
    scene.run("sync --from 2025-09-29 --to 2025-09-30").exits(1).says(&["cursor/usage_events", "403"]);
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM cursor_usage_events"), 0);
    assert!(tables.count("SELECT COUNT(*) FROM cursor_usage_stats") > 0);
}
