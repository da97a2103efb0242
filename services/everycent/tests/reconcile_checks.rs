//! The checks of `reconcile` that compare one report with another: what they find in tables that were edited.
#![allow(clippy::unwrap_used)]

mod support;

use chrono::{Days, Duration, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use support::{OCTOBER, Scene};
use vendor_sim::worlds;

/// A moment after every day of these tests.
const LATER: &str = "2026-02-01T00:00:00.000000Z";

/// October with its bill and its tokens.
fn october() -> Scene {
    let sources = ["anthropic/cost_report", "anthropic/cost_totals", "anthropic/usage_messages"];
    let scene = Scene::october().with_sources("anthropic", &sources);
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    scene
}

/// Puts a row into a table of facts, with where it comes from.
fn insert(scene: &Scene, table: &str, cells: &[(&str, String)]) {
    let provenance = ["snapshot_id", "fetched_at", "ingestion_timestamp"];
    let missing = provenance.iter().filter(|name| cells.iter().all(|(given, _)| given != *name));
    let names: Vec<&str> = cells.iter().map(|(name, _)| *name).chain(missing.clone().copied()).collect();
    let values: Vec<String> =
        cells.iter().map(|(_, value)| value.clone()).chain(missing.map(|_| format!("'{LATER}'"))).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "));
    assert_eq!(scene.tables().tamper(&sql), 1, "{sql}");
}

/// Says that a day of a source is loaded, with the sums of what the tables hold of it.
fn cover(scene: &Scene, source: &str, day: &str, fetched_at: &str) {
    let account = "default";
    let sql = format!(
        "INSERT INTO coverage_nano (source, account_id, activity_date, state, settled, fetched_at, snapshot_id,
         normalized_at, recipe, rows, rejects, amount_nano_usd, quantity, merged_at)
         VALUES ('{source}', '{account}', '{day}', 'settled', 1, '{fetched_at}', 's', '{LATER}', 'r', 0, 0, 0, 0,
         '{LATER}')"
    );
    assert_eq!(scene.tables().tamper(&sql), 1, "{sql}");
}

/// What `reconcile` says of one check: days passed, days failed, and the failures.
struct Said {
    passed: i64,
    failed: i64,
    failures: Vec<Value>,
}

fn said(scene: &Scene, check: &str) -> Said {
    let report = scene.run("reconcile --json").json();
    let of_check = |rows: &Value| -> Vec<Value> {
        rows.as_array().unwrap().iter().filter(|row| row["check_id"] == check).cloned().collect()
    };
    let summary = of_check(&report["checks"]);
    let count = |name: &str| summary.first().map_or(0, |summary| summary[name].as_i64().unwrap());
    Said { passed: count("passed"), failed: count("failed"), failures: of_check(&report["failures"]) }
}

#[track_caller]
fn assert_passes(scene: &Scene, check: &str, days: i64) {
    let said = said(scene, check);
    assert_eq!((said.passed, said.failed), (days, 0), "{check}: {:?}", said.failures);
}

/// The check fails on these days, and gives each failure.
#[track_caller]
fn assert_fails(scene: &Scene, check: &str, days: &[&str]) -> Vec<Value> {
    let said = said(scene, check);
    let failed: Vec<&str> = said.failures.iter().map(|row| row["activity_date"].as_str().unwrap()).collect();
    assert_eq!(failed, days, "{check}: {:?}", said.failures);
    said.failures
}

#[track_caller]
fn assert_says(failure: &Value, text: &str) {
    let explanation = failure["explanation"].as_str().unwrap();
    assert!(explanation.contains(text), "not a word of `{text}`: {explanation}");
}

#[test]
fn the_vendors_cost_of_its_tokens_is_their_list_price() {
    let scene = october();
    assert_passes(&scene, "implied_price", 15);
    assert_eq!(
        scene.tables().rows(
            "SELECT DISTINCT source, account_id, verdict, unit FROM reconciliation WHERE check_id = 'implied_price'"
        ),
        [["anthropic/cost_report", "default", "pass", "usd"]]
    );
}

/// Makes every figure of the bill a hundred times what it is, and all that vouches for it too.
fn scale_bill(scene: &Scene, factor: &str) {
    for table in ["claude_costs_nano", "claude_cost_totals_nano", "coverage_nano"] {
        let of = if table == "coverage_nano" { " WHERE source LIKE 'anthropic/cost%'" } else { "" };
        scene.tables().tamper(&format!("UPDATE {table} SET amount_nano_usd = amount_nano_usd {factor}{of}"));
    }
}

#[test]
fn cents_injected_as_dollars_are_told_in_words() {
    let scene = october();
    let tokens = "SELECT amount_usd FROM claude_costs WHERE cost_type = 'tokens' AND activity_date = '2025-10-03'";
    let truth = scene.tables().usd(tokens);
    scale_bill(&scene, "* 100");
    // No sum finds it: all that tells the bill agrees.
    assert_passes(&scene, "grouped_equals_ungrouped", 15);
    let failures = said(&scene, "implied_price").failures;
    assert_eq!(failures.len(), 15);
    assert_says(&failures[0], "cents were read as dollars: the figures are a hundred times too high");
    let figure = |name: &str| failures[0][name].as_str().unwrap().parse::<Decimal>().unwrap();
    assert_eq!(figure("found"), truth * Decimal::ONE_HUNDRED);
    assert!((figure("expected") - truth).abs() < Decimal::new(1, 2), "{}", failures[0]);
    assert_eq!(figure("difference"), figure("found") - figure("expected"));
    scene.run("reconcile").exits(1).says(&[
        "✗ implied_price 2025-10-03",
        "alike is every day to 2025-10-17, 15 days in all",
        "cents were read as dollars: the figures are a hundred times too high",
        "`everycent replay --from 2025-10-03 --to 2025-10-03`",
    ]);
    assert_eq!(
        scene.tables().one("SELECT COUNT(*) FROM reconciliation WHERE check_id = 'implied_price' AND verdict = 'fail'"),
        "15"
    );
}

#[test]
fn dollars_injected_as_cents_are_told_in_words() {
    let scene = october();
    scale_bill(&scene, "/ 100");
    scene.run("reconcile").exits(1).says(&["dollars were read as cents: the figures are a hundred times too low"]);
}

#[test]
fn how_far_the_bill_may_lie_from_the_list_is_configured() {
    let mut scene = october();
    scale_bill(&scene, "* 3 / 2");
    assert_eq!(said(&scene, "implied_price").failed, 15);
    scene.configure("[reconcile]\nprice_percent = \"51\"\n");
    assert_passes(&scene, "implied_price", 15);
}

#[test]
fn a_kind_of_tokens_that_was_lost_is_seen() {
    let scene = october();
    scene.tables().tamper("UPDATE claude_usage_tokens SET output_tokens = 0 WHERE activity_date = '2025-10-09'");
    let failures = assert_fails(&scene, "implied_price", &["2025-10-09"]);
    assert_says(&failures[0], "claude_costs of 2025-10-09 against tokens of claude_usage_tokens");
}

#[test]
fn a_day_whose_tokens_were_read_before_it_was_over_is_not_judged() {
    let scene = october();
    let edit = "UPDATE coverage_nano SET fetched_at = '2025-10-09T23:00:00.000000Z'
        WHERE source = 'anthropic/usage_messages' AND activity_date = '2025-10-09'";
    assert_eq!(scene.tables().tamper(edit), 1);
    scene.tables().tamper("UPDATE claude_usage_tokens SET output_tokens = 0 WHERE activity_date = '2025-10-09'");
    assert_passes(&scene, "implied_price", 14);
}

#[test]
fn the_analytics_are_held_against_the_bill_where_both_are_loaded() {
    let scene = october();
    let copied = "organization_id, activity_date, row_id, currency, amount_cents, amount_nano_usd, platform,
        snapshot_id, fetched_at, ingestion_timestamp";
    scene.tables().tamper(&format!(
        "INSERT INTO claude_analytics_costs_nano ({copied}, list_amount_cents, list_amount_nano_usd)
         SELECT {copied}, amount_cents, amount_nano_usd * 2 FROM claude_costs_nano"
    ));
    for day in ["2025-10-03", "2025-10-04", "2025-10-05"] {
        cover(&scene, "anthropic/analytics_cost", day, LATER);
    }
    assert_passes(&scene, "analytics_equals_cost_report", 3);

    let halve = "UPDATE claude_analytics_costs_nano SET amount_nano_usd = amount_nano_usd / 2
        WHERE activity_date IN ('2025-10-04', '2025-10-06')";
    scene.tables().tamper(halve);
    let failures = assert_fails(&scene, "analytics_equals_cost_report", &["2025-10-04"]);
    assert_says(&failures[0], "claude_analytics_costs of 2025-10-04 against claude_costs");
    assert_eq!(failures[0]["source"], "anthropic/analytics_cost");

    let half = "UPDATE claude_analytics_costs_nano SET list_amount_nano_usd = list_amount_nano_usd / 2";
    scene.tables().tamper(half);
    assert_says(&assert_fails(&scene, "analytics_equals_cost_report", &["2025-10-04"])[0], "discount");
}

/// An estimate of Claude Code, a hundred dollars a day's bill or more.
fn put_estimate(scene: &Scene, day: &str, customer_type: &str, dollars: i64) {
    let text = |value: &str| format!("'{value}'");
    insert(
        scene,
        "claude_code_model_usage_nano",
        &[
            ("organization_id", text("default")),
            ("activity_date", text(day)),
            ("row_id", text(customer_type)),
            ("usage_row_id", text(customer_type)),
            ("actor_type", text("user_actor")),
            ("customer_type", text(customer_type)),
            ("input_tokens", "0".into()),
            ("output_tokens", "0".into()),
            ("cache_read_tokens", "0".into()),
            ("cache_creation_tokens", "0".into()),
            ("currency", text("USD")),
            ("estimated_cost_cents", text(&(dollars * 100).to_string())),
            ("estimated_cost_nano_usd", (dollars * 1_000_000_000).to_string()),
            ("platform", text("claude_code")),
        ],
    );
}

#[test]
fn claude_code_on_api_billing_is_not_above_the_bill() {
    let scene = october();
    for day in ["2025-10-03", "2025-10-04"] {
        put_estimate(&scene, day, "api", 1);
        put_estimate(&scene, day, "subscription", 1_000_000);
        cover(&scene, "anthropic/claude_code", day, LATER);
    }
    // Not loaded, so not judged.
    put_estimate(&scene, "2025-10-05", "api", 1_000);
    assert_passes(&scene, "claude_code_within_bill", 2);
    let raise = "UPDATE claude_code_model_usage_nano SET estimated_cost_nano_usd = 1000000000000
        WHERE activity_date = '2025-10-04' AND customer_type = 'api'";
    assert_eq!(scene.tables().tamper(raise), 1);
    let failures = assert_fails(&scene, "claude_code_within_bill", &["2025-10-04"]);
    assert_eq!(failures[0]["found"], "1000.00");
    assert_says(&failures[0], "more than the whole");
}

/// An event of ten dollars at noon.
fn put_event(scene: &Scene, day: &str, billing: &str) {
    let text = |value: &str| format!("'{value}'");
    insert(
        scene,
        "cursor_usage_events_nano",
        &[
            ("account_id", text("default")),
            ("activity_date", text(day)),
            ("row_id", text(billing)),
            ("occurred_at", format!("'{day}T12:00:00.000000Z'")),
            ("email", text("ada@example.com")),
            ("billing", text(billing)),
            ("charged_cents", text("1000")),
            ("charged_nano_usd", 10_000_000_000_i64.to_string()),
            ("platform", text("cursor")),
        ],
    );
}

/// What a person spent, read at noon.
fn put_spend(scene: &Scene, day: &str, reading: &str, email: &str, on_demand: i64, overall: Option<i64>) {
    let text = |value: &str| format!("'{value}'");
    let nanos = |dollars: i64| (dollars * 1_000_000_000).to_string();
    insert(
        scene,
        "cursor_spend_nano",
        &[
            ("account_id", text("default")),
            ("activity_date", text(day)),
            ("row_id", format!("'{reading} {email}'")),
            ("cycle_started_at", text("2025-10-04T00:00:00.000000Z")),
            ("billing_cycle_start", text("2025-10-04")),
            ("email", text(email)),
            ("spend_cents", text(&(on_demand * 100).to_string())),
            ("spend_nano_usd", nanos(on_demand)),
            ("overall_spend_nano_usd", overall.map_or("NULL".into(), nanos)),
            ("snapshot_id", text(reading)),
            ("fetched_at", format!("'{day}T{reading}:00:00.000000Z'")),
        ],
    );
}

/// A cycle that began on the fourth: each day ten dollars on demand, ten included, and ten that are not charged.
fn cursor_cycle() -> Scene {
    let scene = Scene::october();
    scene.run(&format!("sync {OCTOBER}")).exits(0);
    for number in 3..=8 {
        let day = format!("2025-10-{number:02}");
        for billing in ["on_demand", "included", "not_charged"] {
            put_event(&scene, &day, billing);
        }
        if number > 3 {
            cover(&scene, "cursor/usage_events", &day, LATER);
        }
    }
    scene
}

#[test]
fn cursors_events_are_held_against_the_latest_reading_of_each_day() {
    let scene = cursor_cycle();
    put_spend(&scene, "2025-10-06", "12", "ada@example.com", 20, Some(100));
    let failures = assert_fails(&scene, "cursor_events_equal_spend", &["2025-10-06"]);
    assert_eq!((&failures[0]["expected"], &failures[0]["found"]), (&"100.00".into(), &"60.00".into()));
    assert_eq!((&failures[0]["source"], &failures[0]["from_date"]), (&"cursor/spend".into(), &"2025-10-04".into()));
    assert_says(&failures[0], "cursor_usage_events (all that were charged) of 2025-10-04 to 2025-10-06");

    // One person of whom the vendor does not tell it: only what is on demand can be compared.
    let edit = "UPDATE cursor_spend_nano SET overall_spend_nano_usd = NULL, spend_nano_usd = 10000000000
        WHERE activity_date = '2025-10-06'";
    assert_eq!(scene.tables().tamper(edit), 1);
    let failures = assert_fails(&scene, "cursor_events_equal_spend", &["2025-10-06"]);
    assert_eq!((&failures[0]["expected"], &failures[0]["found"]), (&"10.00".into(), &"20.00".into()));
    assert_says(&failures[0], "(on demand)");

    // It is overruled by a later one of its cycle that agrees: three days before, and half of the fourth. An earlier reading
    // of that day says something else.
    put_spend(&scene, "2025-10-07", "05", "ada@example.com", 1, Some(1));
    put_spend(&scene, "2025-10-07", "12", "ada@example.com", 30, Some(60));
    put_spend(&scene, "2025-10-07", "12", "bo@example.com", 5, Some(10));
    assert_passes(&scene, "cursor_events_equal_spend", 1);
}

#[test]
fn cursors_events_are_not_judged_while_a_day_of_the_cycle_is_missing() {
    let scene = cursor_cycle();
    put_spend(&scene, "2025-10-07", "12", "ada@example.com", 1, Some(1));
    assert_fails(&scene, "cursor_events_equal_spend", &["2025-10-07"]);
    let remove = "DELETE FROM coverage_nano WHERE source = 'cursor/usage_events' AND activity_date = '2025-10-05'";
    assert_eq!(scene.tables().tamper(remove), 1);
    assert_passes(&scene, "cursor_events_equal_spend", 0);
}

/// A person's day, in a billing cycle as the price table says.
fn put_stats(scene: &Scene, day: &str, cycle_start: &str) {
    let counts = [
        "total_lines_added",
        "total_lines_deleted",
        "accepted_lines_added",
        "accepted_lines_deleted",
        "total_applies",
        "total_accepts",
        "total_rejects",
        "total_tabs_shown",
        "total_tabs_accepted",
        "composer_requests",
        "chat_requests",
        "agent_requests",
        "cmdk_usages",
        "bugbot_usages",
        "subscription_included_reqs",
        "usage_based_reqs",
        "api_key_reqs",
    ];
    let text = |value: &str| format!("'{value}'");
    let mut cells = vec![
        ("account_id", text("default")),
        ("activity_date", text(day)),
        ("row_id", text("ada")),
        ("email", text("ada@example.com")),
        ("billing_cycle_start", text(cycle_start)),
        ("platform", text("cursor")),
    ];
    cells.extend(counts.map(|name| (name, "0".to_owned())));
    insert(scene, "cursor_usage_stats_nano", &cells);
}

#[test]
fn a_billing_cycle_that_prices_have_wrong_is_named_with_its_remedy() {
    let scene = cursor_cycle();
    put_spend(&scene, "2025-10-07", "12", "ada@example.com", 35, Some(70));
    put_spend(&scene, "2025-10-08", "12", "ada@example.com", 45, Some(90));
    // Before the vendor's cycle, so another.
    put_stats(&scene, "2025-10-03", "2025-09-04");
    for day in ["2025-10-04", "2025-10-06"] {
        put_stats(&scene, day, "2025-10-04");
    }
    assert_passes(&scene, "cursor_cycle_day", 2);
    let say = |first: &str| {
        let edit = format!("UPDATE cursor_usage_stats_nano SET billing_cycle_start = '{first}'");
        assert!(scene.tables().tamper(&edit) > 0);
    };
    say("2025-10-01");
    let failures = assert_fails(&scene, "cursor_cycle_day", &["2025-10-07", "2025-10-08"]);
    assert_eq!(failures[0]["difference"], "-3");
    scene.run("reconcile").exits(1).says(&[
        "✗ cursor_cycle_day 2025-10-04 to 2025-10-07, account default: expected 2025-10-04, found 2025-10-01 \
         (difference -3 days); so is every day to 2025-10-08, 2 days in all",
        "`cycle_day = 4` in [[prices.cursor]]",
    ]);
}

fn yesterday() -> NaiveDate {
    Utc::now().date_naive() - Days::new(1)
}

/// Forty days of a company to yesterday, for some reports tell only of now.
fn company_to_yesterday() -> Scene {
    Scene::of(worlds::company(7, yesterday(), 40)).with_every_source()
}

fn forty_days() -> String {
    format!("--from {} --to {}", yesterday() - Days::new(39), yesterday())
}

#[test]
fn a_company_with_every_source_reconciles_and_every_check_has_something_to_judge() {
    let scene = company_to_yesterday();
    scene.run(&format!("sync {}", forty_days())).exits(0);
    scene.run("reconcile").exits(0);
    for check in ["grouped_equals_ungrouped", "implied_price", "claude_code_within_bill"] {
        assert_passes(&scene, check, 40);
    }
    let analytics = said(&scene, "analytics_equals_cost_report").passed;
    assert!((38..=40).contains(&analytics), "{analytics} days");

    // A cycle that began today, or on the day before an early morning, has no whole day to compare.
    let cycle_start = scene.simulator.with_world(|world| world.cursor_cycle_start());
    let judged = cycle_start < (Utc::now() - Duration::hours(3)).date_naive();
    if !judged {
        return;
    }
    assert_passes(&scene, "cursor_events_equal_spend", 1);
    scene.tables().tamper("UPDATE cursor_usage_events_nano SET charged_nano_usd = charged_nano_usd * 100");
    let failures = said(&scene, "cursor_events_equal_spend").failures;
    assert_says(&failures[0], "cents were read as dollars");
}

#[test]
fn an_old_reading_that_failed_is_healed_by_a_later_one() {
    let scene = company_to_yesterday();
    scene.run("sync --source cursor/members").exits(0);
    let failed = |day: NaiveDate| {
        let sql = format!(
            "INSERT INTO coverage_nano (source, account_id, activity_date, state, failed_at, failure)
             VALUES ('cursor/members', 'default', '{day}', 'failed', '{day}T05:00:00.000000Z', 'HTTP 503')"
        );
        assert_eq!(scene.tables().tamper(&sql), 1);
    };
    let missing = || {
        let failures = said(&scene, "no_missing_bucket").failures;
        failures.into_iter().filter(|row| row["source"] == "cursor/members").collect::<Vec<_>>()
    };
    failed(yesterday());
    assert!(missing().is_empty(), "{:?}", missing());
    let today = Utc::now().date_naive();
    scene.tables().tamper(&format!(
        "UPDATE coverage_nano SET state = 'failed', failure = 'HTTP 503' WHERE activity_date = '{today}'"
    ));
    assert_eq!(missing().len(), 1, "{:?}", missing());
    assert_says(&missing()[0], "HTTP 503");
}

#[test]
fn a_directory_that_was_never_read_is_missing() {
    let scene = company_to_yesterday();
    scene.run(&format!("sync {} --source anthropic/cost_report", forty_days())).exits(0);
    let failures = said(&scene, "no_missing_bucket").failures;
    let of = |source: &str| failures.iter().filter(|row| row["source"] == source).count();
    assert_eq!((of("anthropic/workspaces"), of("cursor/spend"), of("anthropic/cost_report")), (1, 1, 0));
}

#[test]
fn a_directory_that_was_edited_is_not_taken_for_a_bucket_that_changed() {
    let scene = company_to_yesterday();
    scene.run("sync --source anthropic/workspaces").exits(0);
    assert!(scene.tables().tamper("DELETE FROM dim_workspaces") > 0);
    assert_passes(&scene, "tables_equal_coverage", 0);
}
