//! Answers that are odd in a way that was seen in the world: they end right, or are refused by name.
#![allow(clippy::unwrap_used)]

mod support;

use rust_decimal::Decimal;
use support::{OCTOBER, Scene};
use vendor_sim::{CostRow, Endpoint, Fault, FaultKind, worlds};

fn sync() -> String {
    format!("sync {OCTOBER}")
}

fn total(scene: &Scene) -> Decimal {
    scene.tables().usd("SELECT cost_usd FROM claude_total_expenses")
}

fn dollars(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn amounts_finer_than_a_nano_dollar_are_rounded_and_the_vendors_digits_stay() {
    let scene = Scene::october();
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::FineAmounts));
    scene.run(&sync()).exits(0).says_nothing_of(&["Rejected"]);
    assert_eq!(total(&scene), dollars("223.33"));
    let tables = scene.tables();
    assert_eq!(tables.usd("SELECT amount_usd FROM claude_cost_totals"), dollars("223.33"));
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
    let coarse = "amount_cents NOT LIKE '%.__________%1'";
    assert_eq!(tables.count(&format!("SELECT COUNT(*) FROM claude_costs WHERE {coarse}")), 0);
    scene.run("reconcile").exits(0);
}

#[test]
fn a_bucket_without_its_results_is_no_day_without_cost() {
    let scene = Scene::october();
    let faulty = || scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::ResultsMissing));
    faulty();
    scene.run(&sync()).exits(1).says(&["anthropic/cost_report", "is not as documented"]);
    let loaded = "SELECT COUNT(*) FROM coverage WHERE source LIKE 'anthropic/cost_%' AND fetched_at IS NOT NULL";
    assert_eq!(scene.tables().count(loaded), 0);
    scene.run("reconcile").exits(1);
    scene.simulator.clear_faults();
    scene.run(&sync()).exits(0);
    assert_eq!(total(&scene), dollars("223.33"));
    faulty();
    scene.run(&sync()).exits(1);
    assert_eq!(total(&scene), dollars("223.33"), "what was known stays");
}

#[test]
fn a_credit_lowers_the_bill_and_is_nobodys() {
    let mut world = worlds::october();
    world.add_cost_row("2025-10-08".parse().unwrap(), CostRow::other("promotional_credit", (-1_500).into()));
    let scene = Scene::of(world);
    scene.run(&sync()).exits(0);
    assert_eq!(total(&scene), dollars("208.33"));
    let of_nobody = "SELECT cost_usd FROM claude_cost_shares WHERE api_key_id IS NULL AND cost_usd < 0";
    assert_eq!(scene.tables().usd(of_nobody), dollars("-15"));
    scene.run("reconcile").exits(0);
}

#[test]
fn a_total_that_is_always_one_too_many_costs_no_event_and_is_remarked() {
    let scene = Scene::company().with_sources("cursor", &["cursor/usage_events"]);
    scene.simulator.inject(Fault::on(Endpoint::CursorUsageEvents, FaultKind::MiscountedEvents));
    let sync = "sync --from 2025-09-21 --to 2025-09-30 --source cursor/usage_events";
    scene.run(sync).exits(0).says(&["Remarked"]);
    let first: chrono::NaiveDate = "2025-09-21".parse().unwrap();
    let events: usize =
        scene.simulator.with_world(|world| first.iter_days().take(10).map(|day| world.cursor_events(day).len()).sum());
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM cursor_usage_events"), i64::try_from(events).unwrap());
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 0);
    let remarks = "SELECT COUNT(*) FROM remarks WHERE source = 'cursor/usage_events'";
    assert!(scene.tables().count(remarks) > 0);
    scene.run("reconcile --from 2025-09-21 --to 2025-09-30").says(&["cursor/usage_events"]);
}

#[test]
fn odd_fields_beside_identity_and_money_cost_no_row_of_any_report() {
    let scene = Scene::company().with_every_source();
    scene.simulator.inject(Fault::anywhere(FaultKind::OddFields));
    scene.run("sync --from 2025-09-28 --to 2025-09-30").says_nothing_of(&["Rejected"]);
    let rejects = "SELECT source, reason FROM rejected_records";
    assert_eq!(scene.tables().rows(rejects), Vec::<Vec<String>>::new());
    assert!(scene.tables().count("SELECT COUNT(DISTINCT source) FROM remarks") > 3);
}
