//! Figures that no real day holds, from a vendor or in tables of before: they cost themselves and nothing else.
#![allow(clippy::unwrap_used)]

mod support;

use chrono::{Days, Utc};
use support::{OCTOBER, Scene, assert_tells};
use vendor_sim::{Endpoint, Fault, FaultKind, When, worlds};

/// The day of which the vendor reports nonsense.
const DAY: &str = "2025-10-08";
const ROWS: &str = "SELECT COUNT(*) FROM claude_costs WHERE activity_date = '2025-10-08'";

fn sync() -> String {
    format!("sync {OCTOBER}")
}

fn inject(scene: &Scene, endpoint: Endpoint, kind: FaultKind) {
    scene.simulator.inject(Fault::on(endpoint, kind).when(When::Day(DAY.parse().unwrap())));
}

#[test]
fn two_lines_whose_sum_no_column_holds_are_rejects_and_every_run_goes_on() {
    let scene = Scene::october();
    inject(&scene, Endpoint::AnthropicCostReport, FaultKind::HugeAmounts);
    let lines = scene.simulator.with_world(|world| world.cost_rows(DAY.parse().unwrap()).len() as i64);
    for _ in 0..2 {
        scene.run(&sync()).exits(1).says(&["Rejected: 3 records"]);
        assert_eq!(scene.tables().count(ROWS), lines - 2);
    }
    let reasons =
        scene.tables().rows("SELECT source, account_id, activity_date, reason FROM rejected_records ORDER BY 1");
    assert_eq!(reasons.len(), 3, "two lines of the grouped report, and the one of the ungrouped: {reasons:?}");
    for reason in &reasons {
        let words = format!("{} of account `default` on {DAY} holds more than 1,000,000,000.00 USD", reason[0]);
        assert!(reason[3].contains("out of range") && reason[3].contains(&words), "{reason:?}");
    }
    assert_tells(&scene, "2025-10-09", "2025-10-17");
    scene.run("status").exits(0).says(&["Rejected records", "out of range"]);
    scene.run("report").exits(0);
    scene.run("reconcile").exits(1).says(&[&format!("no_reject {DAY}")]).says_nothing_of(&["integer overflow"]);

    scene.simulator.clear_faults();
    scene.run(&sync()).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("reconcile").exits(0);
}

#[test]
fn the_largest_counts_are_rejects_in_every_report_and_nothing_else_is_lost() {
    // The analytics answer no day that is older than a year, and refresh the last ones late.
    let today = Utc::now().date_naive();
    let (first, last) = (today - Days::new(12), today - Days::new(5));
    let scene = Scene::of(worlds::company(7, today - Days::new(1), 20)).with_every_source();
    for (endpoint, kind) in [
        (Endpoint::AnthropicUsageMessages, FaultKind::HugeCounts),
        (Endpoint::AnthropicClaudeCode, FaultKind::HugeCounts),
        (Endpoint::AnthropicAnalyticsUsage, FaultKind::HugeCounts),
        (Endpoint::AnthropicAnalyticsCost, FaultKind::HugeAmounts),
        (Endpoint::CursorDailyUsageData, FaultKind::HugeCounts),
        (Endpoint::CursorUsageEvents, FaultKind::HugeCounts),
    ] {
        scene.simulator.inject(Fault::on(endpoint, kind));
    }
    let sync = format!("sync --from {first} --to {last}");
    for _ in 0..2 {
        scene.run(&sync).exits(1).says(&["Rejected: "]);
    }
    for source in ["usage_messages", "claude_code", "analytics_usage", "analytics_cost"] {
        let sql = format!(
            "SELECT COUNT(*) FROM rejected_records WHERE source = 'anthropic/{source}' AND reason LIKE '%out of range%'"
        );
        assert!(scene.tables().count(&sql) > 0, "{source}");
    }
    for source in ["daily_usage", "usage_events"] {
        let sql = format!("SELECT COUNT(*) FROM rejected_records WHERE source = 'cursor/{source}'");
        assert!(scene.tables().count(&sql) > 0, "{source}");
    }
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 0);
    scene.run("report").exits(0);
    let reconcile = format!("reconcile --from {first} --to {last}");
    scene.run(&reconcile).exits(1).says(&["no_reject"]).says_nothing_of(&["integer overflow", "could not be checked"]);
}

/// Rows as a program without the limit has loaded them.
fn spoil(scene: &Scene, set: &str, day: &str) {
    let sql = format!("UPDATE claude_costs_nano SET {set} WHERE activity_date = '{day}'");
    assert!(scene.tables().tamper(&sql) > 1);
}

#[test]
fn sums_that_leave_the_range_name_table_source_account_and_day_and_other_checks_run() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    spoil(&scene, "amount_nano_usd = 9000000000000000000", DAY);
    spoil(&scene, "amount_nano_usd = 9000000000000000000", "2025-10-10");
    // So did that program make their charges, or none.
    scene.tables().tamper(&format!("DELETE FROM derived WHERE activity_date IN ('{DAY}', '2025-10-10')"));
    let place = |day: &str| format!("anthropic/cost_report, account `default`, {day}, with a figure out of range");

    let lacks = "the charges of 2 days are not made of what is loaded (2025-10-08, 2025-10-10)";
    scene.run("report --strict").exits(1).says(&["Incomplete", lacks, "everycent reconcile"]);
    scene.run("rebuild").exits(1).says(&["2 days can't be made"]);
    scene.run("reconcile").exits(1).says(&[
        "out of range",
        "claude_costs holds",
        &place(DAY),
        &place("2025-10-10"),
        "everycent replay --from 2025-10-08 --to 2025-10-08 --source anthropic/cost_report",
    ]);
    let reconciled = scene.run("reconcile --json").exits(1).json();
    let failures = reconciled["failures"].as_array().unwrap();
    let of = |check: &str| failures.iter().filter(|failure| failure["check_id"] == check).collect::<Vec<_>>();
    let in_range = of("figures_in_range");
    let named = |day: &str| in_range.iter().any(|failure| failure["activity_date"] == day);
    assert!(named(DAY) && named("2025-10-10"), "{in_range:?}");
    let unmade: Vec<&str> = in_range.iter().filter_map(|failure| failure["explanation"].as_str()).collect();
    let unmade = unmade.iter().find(|words| words.contains("could not be checked"));
    assert!(unmade.is_some_and(|words| words.contains("a sum over claude_costs")), "{in_range:?}");
    assert_eq!(of("tables_equal_coverage").len(), 2, "{failures:?}");
    let ran = |check: &str| reconciled["checks"].as_array().unwrap().iter().any(|one| one["check_id"] == check);
    assert!(ran("no_missing_bucket") && ran("no_reject") && ran("no_strange_account"));

    scene.run("replay --source anthropic/cost_report").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("reconcile").exits(0);
    scene.run("report").exits(0);
}
