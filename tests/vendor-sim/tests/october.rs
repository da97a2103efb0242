//! The October whose totals are known, read over HTTP.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{Harness, cents, results, sum};
use rust_decimal::Decimal;
use serde_json::Value;
use vendor_sim::worlds;

const BOTH: [&str; 2] = ["workspace_id", "description"];

async fn october() -> Harness {
    Harness::start(worlds::october()).await
}

fn sum_of(buckets: &[Value], workspace: Option<&str>) -> Decimal {
    let rows: Vec<&Value> =
        results(buckets).into_iter().filter(|row| row["workspace_id"].as_str() == workspace).collect();
    sum(&rows)
}

async fn check(first: &str, last: &str, whole: &str, default: &str, named: &str) {
    let harness = october().await;
    for limit in ["1", "7", "31"] {
        let buckets = harness.buckets(first, last, &BOTH, limit).await;
        assert_eq!(sum(&results(&buckets)), cents(whole), "{first} to {last}, grouped");
        assert_eq!(sum_of(&buckets, None), cents(default), "{first} to {last}, default workspace");
        let id = Some(worlds::CLAUDE_CODE_WORKSPACE);
        assert_eq!(sum_of(&buckets, id), cents(named), "{first} to {last}, named workspace");
    }
    for grouping in [&[][..], &["workspace_id"], &["description"]] {
        let buckets = harness.buckets(first, last, grouping, "7").await;
        assert_eq!(sum(&results(&buckets)), cents(whole), "{first} to {last}, grouped by {grouping:?}");
    }
}

#[tokio::test]
async fn third_to_seventeenth_is_223_dollars_33() {
    check("2025-10-03", "2025-10-17", "22333", "13902", "8431").await;
}

#[tokio::test]
async fn third_to_ninth_is_the_same_grouped_and_ungrouped() {
    check("2025-10-03", "2025-10-09", "11426.77", "7113.41", "4313.36").await;
}

#[tokio::test]
async fn third_to_nineteenth_differs_by_just_the_named_workspace() {
    check("2025-10-03", "2025-10-19", "24634", "16203", "8431").await;
}

#[tokio::test]
async fn month_holds_nothing_else() {
    check("2025-09-01", "2025-11-24", "24634", "16203", "8431").await;
}

#[tokio::test]
async fn two_real_rows_are_told_as_they_were() {
    let harness = october().await;
    let buckets = harness.buckets("2025-10-03", "2025-10-19", &BOTH, "31").await;
    let rows = results(&buckets);
    for (token_type, amount) in [("uncached_input_tokens", "3.73"), ("output_tokens", "28.97")] {
        let found: Vec<_> = rows
            .iter()
            .filter(|row| row["token_type"] == token_type && row["amount"] == amount)
            .filter(|row| row["model"] == "claude-sonnet-4-5-20250929" && row["workspace_id"].is_null())
            .collect();
        assert_eq!(found.len(), 1, "{token_type}");
    }
}

#[tokio::test]
async fn days_hold_several_models_and_token_types_in_both_workspaces() {
    let harness = october().await;
    let buckets = harness.buckets("2025-10-03", "2025-10-17", &BOTH, "31").await;
    for bucket in &buckets {
        for workspace in [None, Some(worlds::CLAUDE_CODE_WORKSPACE)] {
            let rows = bucket["results"].as_array().unwrap();
            let of = |field: &str| {
                let mine = rows.iter().filter(|row| row["workspace_id"].as_str() == workspace);
                let mut seen: Vec<&str> = mine.filter_map(|row| row[field].as_str()).collect();
                seen.sort();
                seen.dedup();
                seen.len()
            };
            assert!(of("model") >= 2 && of("token_type") >= 3, "{bucket}");
        }
        assert!(results(std::slice::from_ref(bucket)).iter().all(|row| sum(&[row]) > Decimal::ZERO));
    }
}

#[tokio::test]
async fn no_bucket_holds_two_rows_of_one_description() {
    let harness = october().await;
    for bucket in harness.buckets("2025-10-03", "2025-10-19", &BOTH, "31").await {
        let mut keys: Vec<String> = results(std::slice::from_ref(&bucket))
            .iter()
            .map(|row| format!("{}{}", row["workspace_id"], row["description"]))
            .collect();
        let rows = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), rows, "{bucket}");
    }
}
