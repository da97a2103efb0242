//! Days that are restated long after they settled: they are asked for again at a slow rate, and what differs is said.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, Utc};
use support::{Scene, asked_days};
use vendor_sim::worlds;

const SETTLED: [u64; 2] = [60, 100];
/// The oldest day was answered at an age of 69 days.
const REMEMBERED: u64 = 69;

/// Settled days of a company that were answered a month ago, and a history that begins a week ago.
fn settled(rest: &str) -> (Scene, NaiveDate) {
    let today = Utc::now().date_naive();
    let mut world = worlds::company(11, today - Days::new(1), 120);
    world.options.today = today + Days::new(2);
    let mut scene = Scene::of(world).with_sources("anthropic", &["anthropic/cost_report"]);
    scene.configure(&format!("[sync]\nsince = \"{}\"\n{rest}", today - Days::new(7)));
    let [last, first] = SETTLED.map(|days| today - Days::new(days));
    scene.run(&format!("sync --from {first} --to {last}")).exits(0);
    let earlier =
        |column: &str| format!("{column} = strftime('%Y-%m-%dT%H:%M:%S', {column}, '-31 days') || '.000000Z'");
    let (fetched, newest) = (earlier("fetched_at"), earlier("newest_fetched_at"));
    assert_eq!(scene.tables().tamper(&format!("UPDATE coverage_nano SET {fetched}, {newest}")), 2 * 41);
    (scene, today)
}

/// The days before this week that a sync asks Claude's bill for, by their age.
fn asked_again(scene: &Scene, today: NaiveDate) -> BTreeSet<u64> {
    let asked = scene.request_count();
    scene.run("sync").exits(0);
    let requests = scene.requests_after(asked);
    let days = requests.iter().map(asked_days).filter(|(source, _)| source.contains("cost_report"));
    let ages = days
        .flat_map(|(_, days)| days)
        .map(|day| u64::try_from((today - day.parse::<NaiveDate>().unwrap()).num_days()).unwrap());
    ages.filter(|age| *age > 7).collect()
}

#[test]
fn settled_days_are_asked_for_again_once_and_no_further_than_the_vendor_was_seen_to_remember() {
    let (scene, today) = settled("");
    assert_eq!(asked_again(&scene, today), (SETTLED[0]..=REMEMBERED).collect());
    assert_eq!(asked_again(&scene, today), BTreeSet::new());
}

#[test]
fn how_many_is_configured_and_zero_is_none() {
    let (scene, today) = settled("settled_days_per_month = 8\n");
    assert_eq!(asked_again(&scene, today).len(), 8);
    let (scene, today) = settled("settled_days_per_month = 0\n");
    assert_eq!(asked_again(&scene, today), BTreeSet::new());
}

#[test]
fn a_settled_day_that_differs_is_named_with_both_figures() {
    let (scene, today) = settled("");
    let day = today - Days::new(65);
    scene.simulator.with_world(|world| world.restate_day(day));
    let said = format!("anthropic/cost_report of default: {day} was ");
    let ended =
        scene.run("sync").exits(0).says(&["Restated by the vendor after they had settled", &said, " dollars and is "]);
    assert_eq!(ended.stdout.matches(" and is ").count(), 1, "{ended}");
    let total = scene.simulator.with_world(|world| world.cost_cents(day, day)) / rust_decimal::Decimal::ONE_HUNDRED;
    let sql = format!("SELECT cost_usd FROM claude_total_expenses WHERE expense_date = '{day}'");
    assert_eq!(scene.tables().usd(&sql), total);
    scene.run("sync").exits(0).says_nothing_of(&["Restated by the vendor"]);
}
