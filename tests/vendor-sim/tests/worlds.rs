//! The worlds keep what their names promise, and change as asked.
#![allow(clippy::unwrap_used)]

mod harness;

use chrono::NaiveDate;
use harness::{Harness, cents, day, paged, results, sum};
use rust_decimal::Decimal;
use vendor_sim::ClaudeCodeActor;
use vendor_sim::Workspace;
use vendor_sim::{World, worlds};

fn range(first: &str, last: &str) -> (NaiveDate, NaiveDate) {
    (day(first), day(last))
}

fn all_days(first: NaiveDate, days: usize) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take(days)
}

fn has_twins(world: &World, the_day: NaiveDate) -> bool {
    let rows = world.cost_rows(the_day);
    rows.iter().enumerate().any(|(place, row)| {
        rows[..place]
            .iter()
            .any(|other| (&other.workspace_id, &other.description) == (&row.workspace_id, &row.description))
    })
}

#[test]
fn same_seed_is_the_same_world_and_another_seed_is_not() {
    let (first, days) = (day("2025-10-01"), 30);
    let told = |seed| {
        let world = worlds::random(seed, first, days);
        let tell = |day| (world.cost_rows(day).to_vec(), world.cursor_rows(day));
        all_days(first, days as usize).map(tell).collect::<Vec<_>>()
    };
    assert_eq!(told(3), told(3));
    assert_ne!(told(3), told(4));
    let derived = |seed| {
        let world = worlds::random(seed, first, days);
        let tell = |day| (world.cost_shares(day), world.claude_usage(day), world.claude_code_rows(day));
        let told: Vec<_> = all_days(first, days as usize).map(tell).collect();
        let events: Vec<_> = all_days(first, days as usize).flat_map(|day| world.cursor_events(day)).collect();
        (told, events, world.api_keys().to_vec(), world.users().to_vec())
    };
    assert_eq!(derived(3), derived(3));
    assert_ne!(derived(3), derived(4));
}

#[test]
fn random_worlds_hold_everything_that_the_company_holds_now_and_then() {
    let (first, days) = (day("2026-09-01"), 10);
    let mut seen = [0; 6];
    for world in (0..40).map(|seed| worlds::random(seed, first, days)) {
        let rows: Vec<_> = all_days(first, days as usize).flat_map(|day| world.claude_code_rows(day)).collect();
        let usage: Vec<_> = all_days(first, days as usize).flat_map(|day| world.claude_usage(day)).collect();
        let is_there = [
            !world.users().is_empty(),
            world.api_keys().iter().any(|key| key.status != "active"),
            rows.iter().any(|row| matches!(row.actor, ClaudeCodeActor::ApiKey(_))),
            rows.iter().any(|row| matches!(row.actor, ClaudeCodeActor::User(_))),
            usage.iter().any(|(key, _)| key.api_key_id.is_some()),
            world.options.cursor_emails_vary_in_case,
        ];
        (0..6).filter(|place| is_there[*place]).for_each(|place| seen[place] += 1);
    }
    assert!(seen.iter().all(|worlds| (5..40).contains(worlds)), "{seen:?} of 40");
}

#[test]
fn company_spends_thousands_a_month_less_on_weekends_and_more_with_time() {
    let world = worlds::company(7, day("2025-11-30"), 61);
    let month = |(first, last)| world.cost_cents(first, last);
    let october = month(range("2025-10-01", "2025-10-31"));
    let november = month(range("2025-11-01", "2025-11-30"));
    assert!(october > cents("200000") && october < cents("1500000"), "{october}");
    assert!(november > october, "{november}");
    let weekend = month(range("2025-11-15", "2025-11-16"));
    assert!(weekend * Decimal::from(3) < month(range("2025-11-13", "2025-11-14")), "{weekend}");
    let (archived, open): (Vec<&Workspace>, Vec<&Workspace>) =
        world.workspaces().iter().partition(|workspace| workspace.archived_on.is_some());
    assert_eq!((open.len(), archived.len()), (5, 1));
    for workspace in open {
        let (first, last) = range("2025-10-01", "2025-11-30");
        let spent = world.workspace_cost_cents(workspace.id.as_deref(), first, last);
        assert!(spent > cents("10000"), "{workspace:?} {spent}");
    }
    assert_eq!(world.members().len(), 25);
    let active = world.cursor_rows(day("2025-11-12")).iter().filter(|row| row.usage.is_active).count();
    assert!(active > 15, "{active}");
}

#[test]
fn random_worlds_are_small_and_hold_empty_days_and_twins_now_and_then() {
    let (first, days) = (day("2025-10-01"), 20);
    let (mut empty, mut twins) = (0, 0);
    for seed in 0..50 {
        let world = worlds::random(seed, first, days);
        assert!(world.workspaces().len() <= 4 && world.members().len() <= 6);
        for the_day in all_days(first, days as usize) {
            let rows = world.cost_rows(the_day);
            assert!(rows.len() <= 9);
            assert!(rows.iter().all(|row| row.amount_cents.scale() <= 6));
            empty += u32::from(rows.is_empty());
            twins += u32::from(has_twins(&world, the_day));
        }
    }
    assert!((20..500).contains(&empty) && (20..500).contains(&twins), "{empty} {twins} of 1000");
}

#[test]
fn active_members_have_consistent_counts() {
    let world = worlds::cursor_large(200, day("2025-01-01"), 60);
    for row in world.cursor_rows_of(day("2025-01-01"), day("2025-03-01")) {
        let usage = row.usage;
        assert!(usage.accepted_lines_added <= usage.total_lines_added);
        assert!(usage.accepted_lines_deleted <= usage.total_lines_deleted);
        assert!(usage.total_tabs_accepted <= usage.total_tabs_shown);
        assert_eq!(usage.total_accepts + usage.total_rejects, usage.total_applies);
        let requests = usage.composer_requests + usage.chat_requests + usage.agent_requests;
        assert_eq!(usage.subscription_included_reqs + usage.usage_based_reqs, requests);
        assert_eq!(usage.is_active, usage.client_version.is_some());
    }
}

#[tokio::test]
async fn large_team_is_told_page_by_page_to_the_last_row() {
    let harness = Harness::start(worlds::cursor_large(2_000, day("2025-01-01"), 500)).await;
    for (page, rows) in [(1, 1_500), (4, 1_500), (5, 0)] {
        let told = harness.daily(&paged("2025-02-01", "2025-02-03", page, 500)).await;
        assert_eq!(told.body["data"].as_array().unwrap().len(), rows);
        assert_eq!(told.body["pagination"]["totalUsers"], 2_000);
    }
}

#[tokio::test]
async fn mutated_day_is_told_as_it_now_is() {
    let harness = Harness::start(worlds::october()).await;
    let the_day = day("2025-10-08");
    let truth = || harness.simulator.with_world(|world| world.cost_cents(the_day, the_day));
    let told = async || {
        let buckets = harness.buckets("2025-10-08", "2025-10-08", &["workspace_id", "description"], "7").await;
        (results(&buckets).len(), sum(&results(&buckets)))
    };
    let (rows, before) = told().await;
    let old = harness.simulator.with_world(|world| world.cost_rows(the_day).to_vec());

    harness.simulator.with_world(|world| world.restate_day(the_day));
    let new = harness.simulator.with_world(|world| world.cost_rows(the_day).to_vec());
    assert!(old.iter().zip(&new).all(|(old, new)| old.amount_cents < new.amount_cents));
    assert_eq!(told().await, (rows, truth()));
    assert!(truth() > before);

    let gone = harness.simulator.with_world(|world| world.remove_cost_row(the_day, 2)).unwrap();
    assert_eq!(told().await, (rows - 1, truth()));
    harness.simulator.with_world(|world| world.add_cost_row(the_day, gone));
    harness.simulator.with_world(|world| world.add_late_cost_rows(the_day, 2));
    assert_eq!(told().await, (rows + 2, truth()));
    harness.simulator.with_world(|world| world.set_cost_amount(the_day, 0, cents("0.01")));
    assert_eq!(told().await, (rows + 2, truth()));
    assert_eq!(harness.simulator.with_world(|world| world.remove_cost_row(the_day, 999)), None);
}

#[test]
fn a_large_company_has_as_many_with_claude_code_as_asked_for() {
    let (first, last) = range("2026-03-02", "2026-03-06");
    let world = worlds::large_company(50, 20, first, 5);
    assert_eq!((world.members().len(), world.users().len(), world.api_keys().len()), (50, 20, 20));
    let actors: std::collections::BTreeSet<_> =
        all_days(first, 5).flat_map(|day| world.claude_code_rows(day)).map(|row| row.actor).collect();
    assert_eq!(actors.len(), 20);
    assert_eq!(world.newest_day(), last);
    assert!(world.cost_cents(first, last) > cents("10000"));
}
