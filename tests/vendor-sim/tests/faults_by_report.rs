//! Faults at the reports that have a form of their own: events, spend, members, token usage, cost by analytics.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{ANALYTICS, EVENTS, Harness, MEMBERS, SPEND, USAGE, USERS, daily_body, day, told};
use serde_json::json;
use vendor_sim::worlds;

async fn company(fault: &str) -> Harness {
    let harness = Harness::start(worlds::company(7, day("2025-11-20"), 30)).await;
    harness.simulator.inject(fault.parse().unwrap());
    harness
}

#[tokio::test]
async fn missing_scope_has_the_words_of_the_vendor() {
    let harness = company("any:missing-scope").await;
    let refused = told(harness.get(USERS, &[])).await;
    assert_eq!((refused.status, &refused.body["error"]["type"]), (403, &json!("permission_error")));
    let refused = told(harness.post(SPEND, &json!({}))).await;
    assert_eq!((refused.status, &refused.body["message"]), (403, &json!("Enterprise plan required")));
}

#[tokio::test]
async fn next_page_never_ends_for_events_and_spend() {
    let harness = company("any:next-page-loop").await;
    let mut body = daily_body("2025-11-12", "2025-11-12");
    body["page"] = json!(99);
    let told = harness.ask(EVENTS, &body).await;
    assert_eq!(told["pagination"]["hasNextPage"], true);
    let pages = harness.ask(SPEND, &json!({"page": 3})).await["totalPages"].clone();
    assert_eq!(pages, 4);
}

#[tokio::test]
async fn repeated_page_of_events_holds_the_first_ones() {
    let harness = company("cursor/usage-events:repeated-page@page=2").await;
    let page = async |number: u32| {
        let mut body = daily_body("2025-11-12", "2025-11-12");
        body["page"] = json!(number);
        harness.ask(EVENTS, &body).await
    };
    let (first, second) = (page(1).await, page(2).await);
    assert_eq!(first["usageEvents"], second["usageEvents"]);
    assert_eq!(second["pagination"]["currentPage"], 2);
}

#[tokio::test]
async fn day_of_events_goes_missing_while_the_total_still_counts_it() {
    let harness = company("cursor/usage-events:missing-bucket@day=2025-11-12").await;
    let mut body = daily_body("2025-11-11", "2025-11-12");
    body["pageSize"] = json!(1000);
    let told = harness.ask(EVENTS, &body).await;
    let times = told["usageEvents"].as_array().unwrap().iter().map(|event| event["timestamp"].as_str().unwrap());
    let start_of_12th = "1762905600000";
    assert!(times.clone().count() > 0 && times.clone().all(|time| time < start_of_12th));
    assert!(told["totalUsageEventsCount"].as_u64().unwrap() > times.count() as u64);
}

#[tokio::test]
async fn each_report_has_its_spoiled_record() {
    let with = async |fault: &str| {
        let harness = Harness::start(worlds::company(7, day("2026-11-20"), 30)).await;
        for kind in ["amount-text", "count-text", "unknown-values"] {
            if let Ok(fault) = format!("{fault}:{kind}").parse() {
                harness.simulator.inject(fault);
            }
        }
        harness
    };
    let events = with("cursor/usage-events").await.ask(EVENTS, &daily_body("2026-11-12", "2026-11-12")).await;
    let events = events["usageEvents"].as_array().unwrap();
    assert_eq!((&events[0]["chargedCents"], &events[0]["kind"]), (&json!("abc"), &json!("Dreamt, Not Charged")));
    assert_eq!(events.iter().filter(|event| event["tokenUsage"]["inputTokens"] == "many").count(), 1);

    let spend = with("cursor/spend").await.ask(SPEND, &json!({})).await["teamMemberSpend"][0].clone();
    assert_eq!((&spend["spendCents"], &spend["fastPremiumRequests"]), (&json!("abc"), &json!("many")));

    let harness = with("cursor/members").await;
    let url = format!("{}{MEMBERS}", harness.simulator.url());
    let members = told(harness.client.get(url).basic_auth(harness.simulator.cursor_key(), Some(""))).await;
    assert_eq!(members.body["teamMembers"][0]["role"], "dreamer");

    let query = [("starting_at", "2026-11-10T00:00:00Z"), ("group_by[]", "model")];
    let usage = with("anthropic/usage_messages").await.read(USAGE, &query).await["data"][0]["results"][0].clone();
    assert_eq!((&usage["output_tokens"], &usage["model"]), (&json!("many"), &json!("claude-of-tomorrow")));
    let cost = with("anthropic/analytics_cost").await.read(ANALYTICS, &query).await["data"][0].clone();
    assert_eq!((&cost["cost"]["amount"], &cost["group"]["model"]), (&json!("abc"), &json!("claude-of-tomorrow")));
}

#[tokio::test]
async fn tokens_written_to_the_cache_are_one_flat_number_in_one_record() {
    let harness = company("anthropic/usage_messages:flat-cache-creation").await;
    let query = [("starting_at", "2025-11-12T00:00:00Z"), ("ending_at", "2025-11-13T00:00:00Z")];
    let spoilt = harness.read(USAGE, &query).await["data"][0]["results"][0].clone();
    harness.simulator.clear_faults();
    let whole = harness.read(USAGE, &query).await["data"][0]["results"][0].clone();
    let count = |form: &str| whole["cache_creation"][form].as_u64().unwrap();
    let sum = count("ephemeral_5m_input_tokens") + count("ephemeral_1h_input_tokens");
    assert!(sum > 0 && spoilt.get("cache_creation").is_none());
    assert_eq!(
        (&spoilt["cache_creation_input_tokens"], &spoilt["output_tokens"]),
        (&json!(sum), &whole["output_tokens"])
    );
}
