//! Anthropic's token usage: what it refuses, its form, and that it is the use behind the cost.
#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::BTreeMap;

use harness::{Harness, USAGE, cents, counts, day, results, told};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use vendor_sim::{CostRow, World, worlds};

const START: (&str, &str) = ("starting_at", "2026-10-05T00:00:00Z");
const FIVE: [&str; 5] = ["api_key_id", "workspace_id", "model", "service_tier", "context_window"];

async fn company() -> Harness {
    Harness::start(worlds::company(7, day("2026-10-31"), 61)).await
}

/// The sums of all counts.
fn sums(rows: &[&Value]) -> [u64; 6] {
    let of_rows: Vec<[u64; 6]> = rows.iter().map(|row| counts(row)).collect();
    std::array::from_fn(|place| of_rows.iter().map(|counts| counts[place]).sum())
}

fn grouped<'a>(by: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    by.iter().map(|name| ("group_by[]", *name)).collect()
}

#[tokio::test]
async fn sixth_dimension_is_refused_in_the_vendors_words() {
    let harness = company().await;
    let mut query = vec![START];
    query.extend(grouped(&FIVE));
    harness.read(USAGE, &query).await;
    query.push(("group_by[]", "inference_geo"));
    assert_eq!(harness.refusal(USAGE, &query).await, "Cannot specify more than 5 group_by[] dimensions.");
}

#[tokio::test]
async fn bad_parameters_are_refused() {
    let harness = company().await;
    for (query, expected) in [
        (&[][..], "starting_at: Field required"),
        (&[START, ("limit", "32")], "limit"),
        (&[START, ("limit", "0")], "limit"),
        (&[START, ("bucket_width", "1w")], "bucket_width"),
        (&[START, ("group_by[]", "description")], "group_by"),
        (&[START, ("group_by[]", "speed")], "anthropic-beta"),
        (&[START, ("speeds[]", "fast")], "anthropic-beta"),
        (&[START, ("context_windows[]", "0-200k")], "Extra inputs"),
        (&[START, ("page", "page_x")], "page: Invalid page token"),
        (&[START, ("ending_at", "2026-10-05T23:59:59Z")], "ending date must be after"),
    ] {
        let message = harness.refusal(USAGE, query).await;
        assert!(message.contains(expected), "{query:?}: {message}");
    }
    let query = [START, ("group_by[]", "speed")];
    let beta = harness.get(USAGE, &query).header("anthropic-beta", "other-1, fast-mode-2026-02-01");
    let body = told(beta).await.body;
    assert_eq!(body["data"][0]["results"][0]["speed"], "standard");
}

#[tokio::test]
async fn page_token_is_bound_to_its_query() {
    let harness = company().await;
    let first = harness.read(USAGE, &[START, ("group_by[]", "model")]).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 7);
    let page = ("page", first["next_page"].as_str().unwrap());
    assert!(harness.refusal(USAGE, &[START, ("group_by[]", "api_key_id"), page]).await.contains("does not match"));
    let second = harness.read(USAGE, &[START, ("group_by[]", "model"), page]).await;
    assert_eq!(second["data"][0]["starting_at"], "2026-10-12T00:00:00Z");
}

#[tokio::test]
async fn every_grouping_and_page_size_sums_to_the_same_use() {
    let harness = company().await;
    let whole = harness.buckets_of(USAGE, "2026-09-25", "2026-10-31", &[], "31").await;
    assert_eq!(whole.len(), 37);
    let expected = sums(&results(&whole));
    assert!(expected.iter().all(|sum| *sum > 0), "{expected:?}");
    for (grouping, limit) in [(&FIVE[..], "7"), (&FIVE[..1], "1"), (&["inference_geo", "account_id"], "31")] {
        let buckets = harness.buckets_of(USAGE, "2026-09-25", "2026-10-31", grouping, limit).await;
        assert_eq!(sums(&results(&buckets)), expected, "{grouping:?}");
    }
    let empty = harness.buckets_of(USAGE, "2026-08-01", "2026-08-03", &[], "7").await;
    assert_eq!((empty.len(), results(&empty).len()), (3, 0));
}

#[tokio::test]
async fn fields_are_null_unless_grouped_and_the_console_has_no_key() {
    let harness = company().await;
    let plain = harness.buckets_of(USAGE, "2026-10-05", "2026-10-05", &[], "7").await;
    let row = results(&plain)[0];
    for field in FIVE.into_iter().chain(["inference_geo", "account_id", "service_account_id"]) {
        assert!(row[field].is_null(), "{field}");
    }
    assert!(row.get("cache_creation_input_tokens").is_none());
    let buckets = harness.buckets_of(USAGE, "2026-10-05", "2026-10-05", &FIVE, "7").await;
    let rows = results(&buckets);
    let (console, keyed): (Vec<&Value>, Vec<&Value>) = rows.iter().partition(|row| row["api_key_id"].is_null());
    assert!(!console.is_empty() && keyed.len() > 10);
    assert!(console.iter().any(|row| row["workspace_id"].is_null()));
    assert!(rows.iter().all(|row| row["model"].is_string() && row["service_tier"].is_string()));
}

#[tokio::test]
async fn filters_keep_what_they_name() {
    let harness = company().await;
    let rows = async |query: &[(&str, &str)]| {
        let mut all = vec![START, ("ending_at", "2026-10-06T00:00:00Z")];
        all.extend(grouped(&FIVE));
        all.extend(query);
        let body = harness.read(USAGE, &all).await;
        results(body["data"].as_array().unwrap()).into_iter().cloned().collect::<Vec<_>>()
    };
    let everything = rows(&[]).await;
    for (parameter, field, value) in [
        ("api_key_ids[]", "api_key_id", "apikey_01Program00"),
        ("workspace_ids[]", "workspace_id", "wrkspc_01Research"),
        ("models[]", "model", "claude-opus-4-6"),
        ("service_tiers[]", "service_tier", "batch"),
        ("context_window[]", "context_window", "200k-1M"),
    ] {
        let expected: Vec<Value> = everything.iter().filter(|row| row[field] == value).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < everything.len(), "{parameter}");
        assert_eq!(rows(&[(parameter, value)]).await, expected, "{parameter}");
    }
}

/// Cents per million tokens of a standard model, by hand.
fn price(model: &str, token_type: &str) -> Decimal {
    let (input, output) = match model {
        "claude-sonnet-4-5-20250929" => (300, 1_500),
        "claude-opus-4-6" => (500, 2_500),
        _ => (100, 500),
    };
    let cents = match token_type {
        "uncached_input_tokens" => cents("1") * Decimal::from(input),
        "output_tokens" => Decimal::from(output),
        "cache_read_input_tokens" => cents("0.1") * Decimal::from(input),
        "cache_creation.ephemeral_5m_input_tokens" => cents("1.25") * Decimal::from(input),
        _ => cents("2") * Decimal::from(input),
    };
    cents / Decimal::from(1_000_000)
}

#[tokio::test]
async fn tokens_at_list_price_are_the_cost_of_the_same_day_and_workspace() {
    let harness = company().await;
    let usage = harness.buckets_of(USAGE, "2026-10-05", "2026-10-05", &FIVE, "7").await;
    let costs = harness.buckets("2026-10-05", "2026-10-05", &["workspace_id", "description"], "7").await;
    let mut compared = 0;
    for cost in results(&costs) {
        let is_plain = cost["service_tier"] == "standard" && cost["context_window"] == "0-200k";
        let Some(token_type) = cost["token_type"].as_str().filter(|_| is_plain) else { continue };
        let path = format!("/{}", token_type.replace('.', "/"));
        let same = ["workspace_id", "model", "service_tier", "context_window"];
        let tokens: u64 = results(&usage)
            .iter()
            .filter(|row| same.iter().all(|field| row[field] == cost[field]))
            .map(|row| row.pointer(&path).unwrap().as_u64().unwrap())
            .sum();
        let expected = cents(cost["amount"].as_str().unwrap());
        let priced = Decimal::from(tokens) * price(cost["model"].as_str().unwrap(), token_type);
        assert!((priced - expected).abs() < cents("0.0001"), "{cost} {priced}");
        compared += 1;
    }
    assert!(compared > 15, "{compared}");
}

#[tokio::test]
async fn web_searches_cost_a_cent_each() {
    let harness = company().await;
    let usage = harness.buckets_of(USAGE, "2026-10-05", "2026-10-09", &["workspace_id"], "7").await;
    let costs = harness.buckets("2026-10-05", "2026-10-09", &["workspace_id", "description"], "7").await;
    let searches = results(&costs).into_iter().filter(|row| row["cost_type"] == "web_search");
    let cost: Decimal = searches.map(|row| cents(row["amount"].as_str().unwrap())).sum();
    assert_eq!(Decimal::from(sums(&results(&usage))[5]), cost);
}

#[test]
fn shares_of_a_row_sum_to_it_exactly_in_every_world() {
    let (october, first) = (worlds::october(), day("2026-09-01"));
    let mut worlds = vec![(october, day("2025-10-01")), (worlds::company(3, day("2026-09-30"), 30), first)];
    worlds.extend((0..20).map(|seed| (worlds::random(seed, first, 30), first)));
    for (world, first) in worlds {
        for the_day in first.iter_days().take(30) {
            let mut left: BTreeMap<String, Decimal> = BTreeMap::new();
            let key = |workspace: &Option<String>, cost_type: &str, token_type: &Option<String>| {
                json!([workspace, cost_type, token_type]).to_string()
            };
            for row in world.cost_rows(the_day) {
                *left.entry(key(&row.workspace_id, &row.cost_type, &row.token_type)).or_default() += row.amount_cents;
            }
            for share in world.cost_shares(the_day) {
                assert!(share.amount_cents >= Decimal::ZERO, "{share:?}");
                *left.entry(key(&share.workspace_id, &share.cost_type, &share.token_type)).or_default() -=
                    share.amount_cents;
            }
            assert!(left.values().all(Decimal::is_zero), "{the_day} {left:?}");
        }
    }
}

#[test]
fn restated_day_has_other_tokens_and_an_unknown_model_none() {
    let mut world = worlds::company(7, day("2026-10-31"), 61);
    let the_day = day("2026-10-05");
    let before = world.claude_usage(the_day);
    world.restate_day(the_day);
    assert_ne!(world.claude_usage(the_day), before);
    let mut unknown = World::empty(day("2026-10-31"));
    let row = CostRow { model: Some("claude-of-tomorrow".to_owned()), ..CostRow::other("tokens", cents("5")) };
    unknown.add_cost_row(the_day, row);
    assert_eq!(unknown.claude_usage(the_day), []);
    assert_eq!(unknown.cost_shares(the_day).len(), 1);
}
