//! Reconciling: figures of the console, rows that somebody edited, and what puts them right.
#![allow(clippy::unwrap_used)]

mod support;

use rust_decimal::Decimal;
use serde_json::Value;
use support::{OCTOBER, Scene, company_days};
use vendor_sim::worlds::CLAUDE_CODE_WORKSPACE;

fn october() -> Scene {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    scene
}

/// The checks that failed, each with its day.
fn failures(report: &Value) -> Vec<(&str, &str)> {
    let failures = report["failures"].as_array().unwrap();
    failures.iter().map(|row| (row["check_id"].as_str().unwrap(), row["activity_date"].as_str().unwrap())).collect()
}

#[test]
fn figures_of_the_console_agree_to_the_precision_they_are_given_in() {
    let scene = october();
    let named = format!("84.31 --workspace {CLAUDE_CODE_WORKSPACE}");
    let default = "139.02 --workspace wrkspc_01Default";
    for expect in ["223.33", "$223.33", "223", "223.330000000", "139.02 --workspace default", default, &named] {
        scene.run(&format!("reconcile {OCTOBER} --expect {expect}")).exits(0).says(&["read off the console", "✓"]);
    }
    for expect in ["223.34", "224", "223.330000001", "223.33 --workspace default", "84.31 --workspace nosuch"] {
        scene.run(&format!("reconcile {OCTOBER} --expect {expect}")).exits(1).says(&["equals_expected", "✗"]);
    }
}

#[test]
fn a_figure_is_read_as_it_was_typed_or_refused_and_never_a_hundred_times_more() {
    let scene = october();
    for expect in ["223,33", "223.33USD", "US$223.33", "223,3"] {
        scene.run(&format!("reconcile {OCTOBER} --expect {expect}")).exits(0).says(&["read off the console", "✓"]);
    }
    scene.run(&format!("reconcile {OCTOBER} --expect 22.333,00")).exits(1).says(&["expected 22333.00", "cents for"]);
    scene.run(&format!("reconcile {OCTOBER} --expect -223.33")).exits(1).says(&["expected -223.33"]);
    for (expect, said) in [
        ("223.330", "`223.330` can be 223330 or 223.330 dollars; write 223330, or 223.3300"),
        ("2,2333", "`2,2333` is not an amount of dollars such as 246"),
        ("223e0", "is not an amount of dollars"),
        ("€223", "is not an amount of dollars"),
    ] {
        scene.run(&format!("reconcile {OCTOBER} --expect {expect}")).exits(2).says(&["--expect: ", said]);
    }
}

/// Ten days of a company, and what each vendor costs by its own table.
fn company() -> (Scene, String, [Decimal; 3]) {
    let (_, last) = company_days();
    let scene = Scene::company().with_sources("cursor", &["cursor/daily_usage", "cursor/usage_events"]);
    let days = format!("--from 2025-09-20 --to {last}");
    scene.run(&format!("sync {days}")).exits(0);
    let tables = scene.tables();
    let nanos = |sql: &str| Decimal::from_i128_with_scale(tables.count(sql).into(), 9);
    let claude = nanos("SELECT SUM(amount_nano_usd) FROM claude_costs_nano");
    let cursor = |column: &str| nanos(&format!("SELECT SUM({column}) FROM cursor_expenses_nano"));
    let (cursor, seats) = (cursor("total_nano_usd"), cursor("seat_nano_usd"));
    (scene, days, [claude, cursor, seats])
}

#[test]
fn a_figure_of_cursor_or_of_both_vendors_is_compared_with_theirs() {
    let (scene, days, [claude, cursor, seats]) = company();
    assert!(claude > Decimal::ZERO && seats > Decimal::ZERO && cursor > seats);
    let run = |expect: Decimal, rest: &str, code: i32| {
        scene.run(&format!("reconcile {days} --expect {} {rest}", expect.round_dp(2))).exits(code)
    };
    run(claude, "", 0).says(&["read off the console"]);
    run(claude, "--vendor anthropic", 0);
    run(cursor, "--vendor cursor", 0);
    run(claude + cursor, "--vendor all", 0);
    run(cursor, "", 1);
    run(cursor - seats, "--vendor cursor", 1).says(&["Cursor cost", "the figure is that of use alone"]);
    run(claude, "--vendor all", 1).says(&["the figure is that of Claude alone"]);
    run(cursor, "--vendor cursor --account default", 0);
    run(cursor, "--vendor cursor --account other", 2).says(&["no account `other`", "known are: default"]);
    run(cursor, "--vendor cursor --workspace default", 2).says(&["only Claude has workspaces"]);
    let kept =
        scene.tables().rows("SELECT account_id FROM reconciliation WHERE check_id = 'equals_expected' ORDER BY 1");
    let keys = ["all of Cursor", "all of Cursor of account default", "all workspaces", "both vendors"];
    assert_eq!(kept, keys.map(|key| [key.to_owned()]));
}

#[test]
fn where_only_cursor_is_loaded_the_figure_is_its() {
    let scene = Scene::company();
    let (_, last) = company_days();
    scene.run(&format!("sync --from {last} --to {last} --source cursor/daily_usage")).exits(0);
    scene.run(&format!("reconcile --from {last} --to {last} --expect 1")).exits(1).says(&["Cursor cost"]);
}

#[test]
fn a_figure_that_half_of_the_accounts_are_missing_in_says_so() {
    let mut scene = october();
    let account =
        |id: &str, key: &str| format!("[[accounts]]\nid = \"{id}\"\nvendor = \"anthropic\"\nkey_env = \"{key}\"\n");
    scene.configure(&(account("default", "ANTHROPIC_ADMIN_KEY") + &account("second", "SECOND")));
    let expect = format!("reconcile {OCTOBER} --expect 446.66");
    scene.run(&expect).exits(1).says(&["15 days are not loaded, the first is 2025-10-03"]);
}

#[test]
fn cents_taken_for_dollars_are_called_by_their_name() {
    let scene = october();
    scene.run(&format!("reconcile {OCTOBER} --expect 22333")).exits(1).says(&[
        "cents for dollars",
        "expected 22333.00, found 223.33",
        "2025-10-03 to 2025-10-17",
    ]);
    let report = scene.run(&format!("reconcile {OCTOBER} --expect 22333 --json")).exits(1).json();
    assert_eq!(report["passed"], false);
    assert_eq!(failures(&report), [("equals_expected", "2025-10-17")]);
    assert_eq!(report["failures"][0]["from_date"], "2025-10-03");
}

#[test]
fn a_figure_of_days_that_are_not_loaded_says_so() {
    let scene = october();
    scene
        .run("reconcile --from 2025-10-03 --to 2025-10-19 --expect 246.34")
        .exits(1)
        .says(&["2 days are not loaded, the first is 2025-10-18", "no_missing_bucket 2025-10-18"]);
}

#[test]
fn verdicts_are_kept_in_the_file() {
    let scene = october();
    scene.run(&format!("reconcile {OCTOBER} --expect 22333")).exits(1);
    let tables = scene.tables();
    assert_eq!(
        tables.rows("SELECT DISTINCT verdict FROM reconciliation ORDER BY 1"),
        [["fail".to_owned()], ["pass".to_owned()]]
    );
    assert_eq!(
        tables.rows("SELECT check_id, activity_date, found FROM reconciliation WHERE verdict = 'fail'"),
        [["equals_expected", "2025-10-17", "223.33"]]
    );
}

/// Edits the file, and sees that it is noticed, named by its day, and put right by a replay of that day alone.
#[track_caller]
fn tampering_is_seen_and_undone(scene: &Scene, sql: &str, day: &str) {
    let before = scene.tables().content();
    assert_eq!(scene.tables().tamper(sql), 1, "{sql}");
    scene.run("reconcile").exits(1).says(&[
        &format!("tables_equal_coverage {day}"),
        &format!("`everycent replay --from {day} --to {day}`"),
        "somebody edited",
    ]);
    let report = scene.run("reconcile --json").exits(1).json();
    assert!(failures(&report).iter().all(|(_, named)| *named == day), "{report}");
    assert_ne!(scene.tables().content(), before);
    scene.run(&format!("replay --from {day} --to {day}")).exits(0);
    scene.run("reconcile").exits(0);
    assert_eq!(scene.tables().content(), before);
}

#[test]
fn an_amount_that_was_edited_is_seen_and_undone() {
    let edit = "UPDATE claude_costs_nano SET amount_nano_usd = amount_nano_usd + 1
        WHERE activity_date = '2025-10-07' AND row_id =
        (SELECT MIN(row_id) FROM claude_costs_nano WHERE activity_date = '2025-10-07')";
    tampering_is_seen_and_undone(&october(), edit, "2025-10-07");
}

#[test]
fn a_row_that_was_deleted_is_seen_and_undone() {
    let edit = "DELETE FROM claude_costs_nano
        WHERE row_id = (SELECT MIN(row_id) FROM claude_costs_nano WHERE activity_date = '2025-10-10')
        AND activity_date = '2025-10-10'";
    tampering_is_seen_and_undone(&october(), edit, "2025-10-10");
}

#[test]
fn a_row_that_was_put_in_is_seen_and_undone() {
    let columns = "organization_id, activity_date, currency, amount_cents, amount_nano_usd, platform, snapshot_id,
        fetched_at, ingestion_timestamp";
    let edit = format!(
        "INSERT INTO claude_costs_nano (row_id, {columns})
         SELECT 'made-up', {columns} FROM claude_costs_nano WHERE activity_date = '2025-10-13' LIMIT 1"
    );
    tampering_is_seen_and_undone(&october(), &edit, "2025-10-13");
}

#[test]
fn a_control_total_that_was_edited_is_seen_and_undone() {
    let edit = "UPDATE claude_cost_totals_nano SET amount_nano_usd = 0 WHERE activity_date = '2025-10-15'";
    tampering_is_seen_and_undone(&october(), edit, "2025-10-15");
}

#[test]
fn a_count_of_cursor_that_was_edited_is_seen_and_undone() {
    let scene = Scene::company();
    let (_, last) = company_days();
    scene.run(&format!("sync --from 2025-09-25 --to {last}")).exits(0);
    let edit = "UPDATE cursor_usage_stats_nano SET agent_requests = agent_requests + 1
        WHERE activity_date = '2025-09-26' AND row_id =
        (SELECT MIN(row_id) FROM cursor_usage_stats_nano WHERE activity_date = '2025-09-26')";
    tampering_is_seen_and_undone(&scene, edit, "2025-09-26");
}

#[test]
fn a_gap_between_loaded_days_is_named() {
    let scene = Scene::october();
    scene.run("sync --from 2025-10-03 --to 2025-10-05").exits(0);
    scene.run("sync --from 2025-10-08 --to 2025-10-09").exits(0);
    scene.run("reconcile").exits(1).says(&[
        "no_missing_bucket 2025-10-06",
        "so is every day to 2025-10-07, 2 days in all",
        "`everycent sync` asks for it",
    ]);
    scene.run("sync --from 2025-10-06 --to 2025-10-07").exits(0);
    scene.run("reconcile").exits(0);
}
