//! Claude Code analytics: what they refuse, their form, and that they never exceed the cost.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{CLAUDE_CODE, Harness, USAGE, cents, day, results};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use vendor_sim::{ClaudeCodeActor, World, worlds};

const DAY: (&str, &str) = ("starting_at", "2026-10-14");

async fn company() -> Harness {
    Harness::start(worlds::company(7, day("2026-10-31"), 61)).await
}

fn models(record: &Value) -> &Vec<Value> {
    record["model_breakdown"].as_array().unwrap()
}

fn estimate(record: &Value) -> Decimal {
    models(record).iter().map(|model| cents(&model["estimated_cost"]["amount"].to_string())).sum()
}

#[tokio::test]
async fn bad_parameters_are_refused() {
    let harness = company().await;
    for (query, expected) in [
        (&[][..], "starting_at: Field required"),
        (&[("starting_at", "2026-10-14T00:00:00Z")], "YYYY-MM-DD"),
        (&[("starting_at", "14.10.2026")], "YYYY-MM-DD"),
        (&[DAY, ("ending_at", "2026-10-15")], "ending_at: Extra inputs"),
        (&[DAY, ("limit", "1001")], "between 1 and 1000"),
        (&[DAY, ("page", "page_x")], "page: Invalid page token"),
    ] {
        let message = harness.refusal(CLAUDE_CODE, query).await;
        assert!(message.contains(expected), "{query:?}: {message}");
    }
}

#[tokio::test]
async fn pages_of_any_size_tell_the_one_day() {
    let harness = company().await;
    let truth = harness.simulator.with_world(|world| world.claude_code_rows(day(DAY.1)));
    let whole = harness.records(CLAUDE_CODE, &[DAY, ("limit", "1000")]).await;
    assert_eq!(whole.len(), truth.len());
    assert!(whole.iter().all(|record| record["date"] == "2026-10-14T00:00:00Z"));
    for limit in ["1", "5", "20"] {
        assert_eq!(harness.records(CLAUDE_CODE, &[DAY, ("limit", limit)]).await, whole);
    }
    let first = harness.read(CLAUDE_CODE, &[DAY, ("limit", "2")]).await;
    let page = ("page", first["next_page"].as_str().unwrap());
    assert!(harness.refusal(CLAUDE_CODE, &[DAY, ("limit", "3"), page]).await.contains("does not match"));
}

#[tokio::test]
async fn record_tells_its_row_whole() {
    let harness = company().await;
    let truth = harness.simulator.with_world(|world| world.claude_code_rows(day(DAY.1)));
    let told = harness.records(CLAUDE_CODE, &[DAY]).await;
    for (record, row) in told.iter().zip(&truth) {
        let actor = match &row.actor {
            ClaudeCodeActor::User(email) => json!({"type": "user_actor", "email_address": email}),
            ClaudeCodeActor::ApiKey(name) => json!({"type": "api_actor", "api_key_name": name}),
        };
        assert_eq!(record["actor"], actor);
        assert_eq!(record["subscription_type"], json!(row.subscription_type));
        assert_eq!(record["customer_type"] == "api", row.subscription_type.is_none());
        assert_eq!(
            (&record["terminal_type"], &record["is_remote"]),
            (&json!(row.terminal_type), &json!(row.is_remote))
        );
        let metrics = json!({"num_sessions": row.sessions, "commits_by_claude_code": row.commits,
            "lines_of_code": {"added": row.lines_added, "removed": row.lines_removed},
            "pull_requests_by_claude_code": row.pull_requests});
        assert_eq!(record["core_metrics"], metrics);
        for (tool, (accepted, rejected)) in &row.tool_actions {
            assert_eq!(record["tool_actions"][tool], json!({"accepted": accepted, "rejected": rejected}));
        }
        assert_eq!(models(record).len(), row.models.len());
        for told in models(record) {
            let model = &row.models[told["model"].as_str().unwrap()];
            let tokens = json!({"input": model.input, "output": model.output, "cache_read": model.cache_read,
                "cache_creation": model.cache_creation});
            assert_eq!(told["tokens"], tokens);
            assert!(told["estimated_cost"]["amount"].is_number() && told["estimated_cost"]["currency"] == "USD");
        }
        assert_eq!(estimate(record), row.models.values().map(|model| model.estimated_cents).sum());
    }
}

#[tokio::test]
async fn record_of_2025_has_a_plain_day_and_fields_that_came_later_are_absent() {
    let harness = company().await;
    let now = harness.records(CLAUDE_CODE, &[DAY]).await;
    harness.simulator.with_world(|world| world.options.claude_code_as_in_2025 = true);
    for (mut expected, told) in now.into_iter().zip(harness.records(CLAUDE_CODE, &[DAY]).await) {
        let fields = expected.as_object_mut().unwrap();
        fields.remove("subscription_type").unwrap();
        fields.remove("is_remote").unwrap();
        fields.insert("date".to_owned(), json!("2026-10-14"));
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn company_has_people_robots_subscriptions_and_several_terminals() {
    let world = worlds::company(7, day("2026-10-31"), 61);
    let rows: Vec<_> = (5..10).flat_map(|date| world.claude_code_rows(day(&format!("2026-10-{date:02}")))).collect();
    assert!(rows.iter().any(|row| row.actor == ClaudeCodeActor::ApiKey("ci-review".to_owned())));
    assert!(rows.iter().any(|row| row.actor == ClaudeCodeActor::User("ada@example.com".to_owned())));
    assert!(rows.iter().any(|row| row.subscription_type.is_some()));
    assert!(rows.iter().any(|row| row.is_remote));
    assert!(rows.iter().any(|row| row.tool_actions.len() == 4) && rows.iter().any(|row| row.tool_actions.len() == 2));
    assert!(rows.iter().any(|row| row.models.len() > 1));
}

#[tokio::test]
async fn tokens_on_api_billing_are_those_of_the_keys_of_claude_code_and_cost_no_more() {
    let harness = company().await;
    let records = harness.records(CLAUDE_CODE, &[DAY]).await;
    let billed: Vec<&Value> = records.iter().filter(|record| record["customer_type"] == "api").collect();
    let grouping = ["workspace_id", "api_key_id"];
    let usage = harness.buckets_of(USAGE, DAY.1, DAY.1, &grouping, "7").await;
    let of_keys = results(&usage)
        .into_iter()
        .filter(|row| row["api_key_id"].as_str().is_some_and(|id| id.starts_with("apikey_01ClaudeCode")));
    let expected: u64 = of_keys.map(|row| row["output_tokens"].as_u64().unwrap()).sum();
    let output =
        |record: &&Value| models(record).iter().map(|model| model["tokens"]["output"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(billed.iter().map(output).sum::<u64>(), expected);
    let estimated: Decimal = billed.iter().map(|record| estimate(record)).sum();
    let cost = harness
        .simulator
        .with_world(|world| world.workspace_cost_cents(Some("wrkspc_01ClaudeCodeCompany"), day(DAY.1), day(DAY.1)));
    assert!(estimated > cost / Decimal::TWO && estimated <= cost, "{estimated} of {cost}");
}

#[tokio::test]
async fn unfinished_and_future_days_are_empty() {
    let harness = company().await;
    for (today_is_returned, the_day) in [(false, "2026-11-01"), (true, "2026-11-02")] {
        harness.simulator.with_world(|world| world.options.today_is_returned = today_is_returned);
        let body = harness.read(CLAUDE_CODE, &[("starting_at", the_day)]).await;
        assert_eq!((&body["data"], &body["has_more"]), (&json!([]), &json!(false)));
    }
    assert_eq!(World::empty(day("2026-10-31")).claude_code_rows(day(DAY.1)), []);
}

#[tokio::test]
async fn faults_spoil_a_record_of_claude_code() {
    let harness = company().await;
    for fault in ["amount-text", "count-text", "date-missing", "unknown-values"] {
        harness.simulator.inject(format!("anthropic/claude_code:{fault}").parse().unwrap());
    }
    let body = harness.read(CLAUDE_CODE, &[DAY]).await;
    let record = &body["data"][0];
    assert_eq!(models(record)[0]["estimated_cost"]["amount"], "abc");
    assert_eq!((&record["core_metrics"]["num_sessions"], &record["customer_type"]), (&json!("many"), &json!("dreamt")));
    assert!(record.get("date").is_none());
}
