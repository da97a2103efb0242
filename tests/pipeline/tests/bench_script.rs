//! The reader of scripts that the benchmark on Google Cloud reckons bytes by, against a script that a merge runs.
#![allow(clippy::unwrap_used)]

#[path = "../benches/google/script.rs"]
#[allow(dead_code, reason = "the benchmark uses all of it")]
mod script;

use std::fs;

use script::{Days, Touch};

const DATASET: &str = "acme-billing.ai_usage_analytics";

/// Two answers of three days, as the domain's own test keeps it.
fn merge() -> String {
    let kept = "everycent_domain__sql__tests__bigquery_merge_overlap.snap";
    // Cargo runs tests in the folder of their package.
    fs::read_to_string(format!("../../services/shared/domain/src/sql/snapshots/{kept}")).unwrap()
}

fn columns(touch: &Touch) -> Vec<&str> {
    touch.columns.iter().copied().collect()
}

#[test]
fn a_merge_touches_what_its_statements_name_between_their_bounds() {
    let statements = script::statements(&merge(), DATASET);
    let touches: Vec<_> = statements.iter().map(|touches| <&[Touch; 1]>::try_from(&touches[..]).unwrap()).collect();
    let seen: Vec<_> = touches.iter().map(|[touch]| (touch.name.as_str(), touch.is_changed)).collect();
    let expected = [
        ("merge_turn", true),
        ("merge_turn", false),
        ("coverage", true),
        ("answers", true),
        ("answers", true),
        ("claude_cost_totals", true),
        ("claude_cost_totals", false),
        ("rejected_records", true),
        ("remarks", true),
    ];
    assert_eq!(seen, expected);
    let three = Days::Between("2025-10-01".parse().unwrap(), "2025-10-03".parse().unwrap());
    for [touch] in &touches {
        let days = if touch.name == "merge_turn" { &Days::All } else { &three };
        assert_eq!(&touch.days, days, "{}", touch.name);
    }
}

#[test]
fn only_columns_of_the_target_that_a_statement_names_are_read() {
    let statements = script::statements(&merge(), DATASET);
    let [.., merged, counted, _, _] = &statements[..] else { panic!("{statements:?}") };
    let compared = ["activity_date", "amount_cents", "amount_usd", "currency", "organization_id", "row_id"];
    assert_eq!(columns(&merged[0]), compared);
    assert_eq!(columns(&counted[0]), ["activity_date", "ingestion_timestamp", "snapshot_id"]);
}

#[test]
fn a_script_tells_how_many_answers_it_brings() {
    assert_eq!(script::batches(&merge()), 2);
}

#[test]
fn a_staging_table_is_read_whole_and_has_the_columns_of_its_table() {
    let sql = format!(
        "SELECT `amount_usd` FROM `{DATASET}.staging_claude_costs_0123` WHERE `activity_date` = DATE '2025-10-01'"
    );
    let [touch] = &script::statements(&sql, DATASET)[0][..] else { panic!() };
    assert!(touch.is_staged() && !touch.is_changed && touch.days == Days::All);
    assert_eq!(columns(touch), ["activity_date", "amount_usd"]);
}
