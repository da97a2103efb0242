//! Faults at the reports that have a form of their own: events, spend, members, token usage, cost and use by analytics.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{ANALYTICS, ANALYTICS_USAGE, EVENTS, Harness, MEMBERS, SPEND, USAGE, USERS, daily_body, day, told};
use serde_json::json;
use vendor_sim::{Fault, worlds};

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
    let query = [query[0], query[1], ("group_by[]", "actor"), ("group_by[]", "speed")];
    let used = with("anthropic/analytics_usage").await.read(ANALYTICS_USAGE, &query).await["data"][0].clone();
    assert_eq!(
        (&used["usage"]["output_tokens"], &used["group"]["model"]),
        (&json!("many"), &json!("claude-of-tomorrow"))
    );
    assert_eq!(
        (&used["group"]["actor"]["type"], &used["group"]["speed"]),
        (&json!("dream_actor"), &json!("leisurely"))
    );
}

#[tokio::test]
async fn tokens_written_to_the_cache_are_one_flat_number_in_one_record() {
    let harness = Harness::start(worlds::company(7, day("2026-11-20"), 30)).await;
    let query = [("starting_at", "2026-11-12T00:00:00Z"), ("ending_at", "2026-11-13T00:00:00Z")];
    for (report, path, record) in [
        ("anthropic/usage_messages", USAGE, "/data/0/results/0"),
        ("anthropic/analytics_usage", ANALYTICS_USAGE, "/data/0/usage"),
    ] {
        harness.simulator.inject(format!("{report}:flat-cache-creation").parse().unwrap());
        let spoilt = harness.read(path, &query).await.pointer(record).unwrap().clone();
        harness.simulator.clear_faults();
        let whole = harness.read(path, &query).await.pointer(record).unwrap().clone();
        let count = |form: &str| whole["cache_creation"][form].as_u64().unwrap();
        let sum = count("ephemeral_5m_input_tokens") + count("ephemeral_1h_input_tokens");
        assert!(sum > 0 && spoilt.get("cache_creation").is_none(), "{report}");
        assert_eq!(
            (&spoilt["cache_creation_input_tokens"], &spoilt["output_tokens"]),
            (&json!(sum), &whole["output_tokens"])
        );
    }
}

#[tokio::test]
async fn usage_by_analytics_suffers_every_fault_of_the_cost_but_those_of_amounts() {
    let kinds = "429=7 500 cut slow=1 huge=99 restate=2026-11-12 repeated-page missing-scope expired-cursor unknown-fields \
                 unknown-values date-missing not-json wrong-content missing-bucket next-page-loop";
    for kind in kinds.split_whitespace() {
        for report in ["anthropic/analytics_cost", "anthropic/analytics_usage"] {
            assert!(format!("{report}:{kind}").parse::<Fault>().is_ok(), "{report} {kind}");
        }
    }
    assert!("anthropic/analytics_usage:amount-text".parse::<Fault>().is_err());
    let query = [
        ("starting_at", "2026-11-10T00:00:00Z"),
        ("ending_at", "2026-11-13T00:00:00Z"),
        ("time_bucket_width", "1d"),
        ("order_by", "time"),
        ("limit", "2"),
    ];
    let asked = async |faults: &[&str]| {
        let harness = Harness::start(worlds::company(7, day("2026-11-20"), 30)).await;
        faults
            .iter()
            .for_each(|fault| harness.simulator.inject(format!("anthropic/analytics_usage:{fault}").parse().unwrap()));
        let first = harness.read(ANALYTICS_USAGE, &query).await;
        let page = ("page", first["next_page"].as_str().unwrap());
        (first.clone(), harness.read(ANALYTICS_USAGE, &[&query[..], &[page]].concat()).await)
    };
    let (plain, _) = asked(&[]).await;
    let (first, second) = asked(&["repeated-page@page=2", "next-page-loop@page=2"]).await;
    assert_eq!((&first["data"], &second["has_more"]), (&second["data"], &json!(true)));
    let (without_a_day, _) = asked(&["missing-bucket@day=2026-11-12", "unknown-fields"]).await;
    assert_eq!(without_a_day["data"][0]["starting_at"], "2026-11-11T00:00:00Z");
    assert!(without_a_day["data"][0]["usage"]["cache_creation"]["future_field"].is_object());
    let (without_a_date, _) = asked(&["date-missing"]).await;
    assert!(without_a_date["data"][0].get("starting_at").is_none());
    let (restated, _) = asked(&["restate=2026-11-12"]).await;
    assert_ne!(restated["data"][0], plain["data"][0]);
    assert_eq!(restated["data"][1], plain["data"][1]);
}
