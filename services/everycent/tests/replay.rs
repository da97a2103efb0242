//! Replaying: rows anew from stored answers, under other rules, without a word to the vendor.
#![allow(clippy::unwrap_used)]

mod support;

use rust_decimal::Decimal;
use support::{OCTOBER, Scene, assert_tells, company_days};
use vendor_sim::worlds::CLAUDE_CODE_WORKSPACE;

fn october() -> Scene {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    scene
}

fn platforms(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows(
        "SELECT platform, platform_basis, SUM(amount_nano_usd) FROM claude_costs_nano GROUP BY 1, 2 ORDER BY 1, 2",
    )
}

/// Everything but attribution.
fn without_platform(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows(
        "SELECT organization_id, activity_date, row_id, workspace_id, description, cost_type, model, token_type,
         service_tier, context_window, inference_geo, currency, amount_cents, amount_nano_usd FROM claude_costs_nano",
    )
}

#[test]
fn a_dry_run_lists_the_snapshots_and_does_nothing() {
    let scene = october();
    let (before, asked) = (scene.tables().facts(), scene.request_count());
    assert!(scene.tables().tamper("DELETE FROM claude_costs_nano WHERE activity_date = '2025-10-07'") > 0);
    let edited = scene.tables().facts();
    scene.run("replay --dry-run").exits(0).says(&[
        "anthropic/cost_report",
        "anthropic/cost_totals",
        "cursor/daily_usage",
        "2025-10-03   2025-10-17",
        "3 snapshots would be replayed; nothing was done",
    ]);
    let report = scene.run("replay --dry-run --source anthropic/cost_report --json").exits(0).json();
    assert_eq!(report["snapshots"].as_array().unwrap().len(), 1);
    assert!(report["rows_changed"].is_null());
    assert_eq!(scene.tables().facts(), edited);
    assert_ne!(edited, before);
    assert_eq!(scene.request_count(), asked);
}

#[test]
fn a_replay_of_what_is_right_changes_no_row() {
    let scene = october();
    let before = scene.tables().facts();
    scene.run("replay").exits(0).says(&["3 snapshots replayed; 0 rows changed"]);
    assert_eq!(scene.tables().facts(), before);
}

#[test]
fn other_rules_change_the_platform_and_nothing_else() {
    let mut scene = october();
    let (rows, asked) = (without_platform(&scene), scene.request_count());
    assert_eq!(platforms(&scene), [["unattributed", "NULL", "223330000000"]]);
    scene.configure(&format!(
        "[[attribution.rules]]\nid = \"terminal\"\nplatform = \"claude_code\"\nworkspace_id = \"{CLAUDE_CODE_WORKSPACE}\"\n"
    ));
    scene.run("replay").exits(0);
    assert_eq!(
        platforms(&scene),
        [["claude_code", "terminal", "84310000000"], ["unattributed", "NULL", "139020000000"]]
    );
    assert_eq!(without_platform(&scene), rows);
    assert_eq!(scene.tables().usd("SELECT cost_usd FROM claude_total_expenses"), "223.33".parse::<Decimal>().unwrap());
    scene.run("reconcile").exits(0);

    // The first rule that matches wins; without any, nothing is attributed again.
    scene.configure(&format!(
        "[[attribution.rules]]\nid = \"all\"\nplatform = \"claude_api\"\nworkspace_id = \"default\"\n
         [[attribution.rules]]\nid = \"terminal\"\nplatform = \"claude_code\"\nworkspace_id = \"{CLAUDE_CODE_WORKSPACE}\"\n"
    ));
    scene.run("replay").exits(0);
    assert_eq!(platforms(&scene), [["claude_api", "all", "139020000000"], ["claude_code", "terminal", "84310000000"]]);
    scene.configure("");
    scene.run("replay").exits(0);
    assert_eq!(platforms(&scene), [["unattributed", "NULL", "223330000000"]]);
    assert_eq!(without_platform(&scene), rows);
    assert_eq!(scene.request_count(), asked);
}

/// Plan and nano-dollars for a request, before and from 26 August and 15 September.
fn prices(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows(
        "SELECT DISTINCT activity_date >= '2025-08-26', activity_date >= '2025-09-15', plan,
         estimated_cost_nano_usd / usage_based_reqs FROM cursor_usage_stats_nano WHERE usage_based_reqs > 0 ORDER BY 1, 2",
    )
}

/// What August's seat cost everybody who has a row for each of its days, active or not.
fn seats(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows(
        "SELECT DISTINCT seat FROM (SELECT SUM(seat_nano_usd) AS seat FROM cursor_usage_stats_nano
         WHERE activity_date LIKE '2025-08-%' GROUP BY email HAVING COUNT(*) = 31)",
    )
}

/// The estimate is the price times the requests that the world knows of.
#[track_caller]
fn assert_estimates(scene: &Scene, first: &str, last: &str, price: &str) {
    let requests: u64 = scene.simulator.with_world(|world| {
        let rows = world.cursor_rows_of(first.parse().unwrap(), last.parse().unwrap());
        rows.iter().map(|row| row.usage.usage_based_reqs).sum()
    });
    let sum = format!(
        "SELECT SUM(estimated_cost_nano_usd) FROM cursor_usage_stats_nano WHERE activity_date BETWEEN '{first}' AND '{last}'"
    );
    let found = Decimal::from_i128_with_scale(scene.tables().one(&sum).parse().unwrap(), 9);
    assert_eq!(found, price.parse::<Decimal>().unwrap() * Decimal::from(requests), "{first} to {last}");
}

#[test]
fn another_price_changes_the_estimate_and_the_seat_of_the_days_it_holds_for() {
    let mut scene = Scene::company();
    let (_, last) = company_days();
    scene.run(&format!("sync --from 2025-08-01 --to {last}")).exits(0);
    // On the token plan, from 15 September, counts tell no cost.
    let request = |after: &str, nanos: &str| [after, "0", "request", nanos].map(str::to_owned);
    let token = ["1", "1", "token", "NULL"].map(str::to_owned);
    assert_eq!(prices(&scene), [request("0", "40000000"), request("1", "40000000"), token]);
    assert_estimates(&scene, "2025-08-01", "2025-09-14", "0.04");
    assert_eq!(seats(&scene), [["40000000000"]]);

    scene.configure(
        "[[prices.cursor]]\nfrom = \"2025-08-26\"\nplan = \"request\"\nseat_usd = \"30\"\nincluded_requests = 250\n
         request_usd = \"0.055\"\n",
    );
    scene.run("replay --source cursor/daily_usage").exits(0);
    let later = ["1", "1", "request", "55000000"].map(str::to_owned);
    assert_eq!(prices(&scene), [request("0", "40000000"), request("1", "55000000"), later]);
    assert_estimates(&scene, "2025-08-01", "2025-08-25", "0.04");
    assert_estimates(&scene, "2025-08-26", last, "0.055");
    // 25 days of 31 at 40 dollars are 32.258064516, and six at 30 are 30 less 24.193548387.
    assert_eq!(seats(&scene), [["38064516129"]]);
    assert_tells(&scene, "2025-08-01", last);
    scene.run("reconcile").exits(0);
}

#[test]
fn the_latest_answer_of_each_day_wins_over_older_ones() {
    let scene = october();
    scene.simulator.with_world(|world| world.restate_day("2025-10-08".parse().unwrap()));
    scene.run("sync --from 2025-10-07 --to 2025-10-09").exits(0);
    let before = scene.tables().facts();
    scene.run("replay").exits(0).says(&["6 snapshots replayed; 0 rows changed"]);
    assert_eq!(scene.tables().facts(), before);
    std::fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}

#[test]
fn days_without_a_stored_answer_are_called_that() {
    let scene = october();
    scene.run("replay --from 2024-01-01 --to 2024-01-31").exits(0).says(&["no stored answer covers these days"]);
}

#[test]
fn a_replay_needs_no_key() {
    let mut scene = october();
    scene.unset("ANTHROPIC_ADMIN_KEY");
    scene.unset("CURSOR_API_KEY");
    for words in ["replay", "reconcile", "status"] {
        scene.run(words).exits(0);
    }
}

#[test]
fn a_replay_of_one_day_leaves_the_other_days_of_its_snapshot_alone() {
    let mut scene = october();
    scene.configure("[[attribution.rules]]\nid = \"all\"\nplatform = \"claude_api\"\nmodel_prefix = \"claude-\"\n");
    scene.run("replay --from 2025-10-05 --to 2025-10-05").exits(0);
    let days = scene.tables().rows(
        "SELECT DISTINCT activity_date FROM claude_costs_nano WHERE platform = 'claude_api' ORDER BY activity_date",
    );
    assert_eq!(days, [["2025-10-05"]]);
    scene.run("reconcile").exits(1).says(&["made_by_rules_in_use", "14 days were made by older rules"]);
    scene.run("replay").exits(0);
    scene.run("reconcile").exits(0);
}
