//! Figures that no real day holds: the record that brings them is a reject, and everything else becomes rows.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::recipe::Recipe;
use everycent_domain::rows::{DAY_COUNT_MAX, DAY_MONEY_MAX};
use everycent_domain::source::Source;
use everycent_domain::vendors::{anthropic, cursor};
use everycent_schemas::Usd;
use serde_json::{Value, json};
use support::{Normalized, manifest, normalize, text};

const DAY: &str = "2025-10-03";

fn normalized(source: Source, page: Value) -> Normalized {
    normalize(&manifest(source, DAY, DAY, 1), &Recipe::default(), &[page]).unwrap()
}

/// The positions of the rejects, each of which names report, account, day and limit.
#[track_caller]
fn rejects(normalized: &Normalized, source: Source, limit: &str) -> Vec<String> {
    for reason in normalized.column("rejected_records", "reason") {
        for word in ["out of range", source.name(), "`acme`", DAY, limit] {
            assert!(reason.contains(word), "{word}: {reason}");
        }
    }
    normalized.column("rejected_records", "position")
}

fn costs(amounts: &[&str]) -> Normalized {
    let cost =
        |amount: &&str| json!({"amount": amount, "currency": "USD", "workspace_id": null, "description": "a line"});
    let results: Vec<Value> = amounts.iter().map(cost).collect();
    let page = json!({"data": [{"starting_at": format!("{DAY}T00:00:00Z"), "results": results}]});
    normalized(anthropic::cost_report::SOURCE, page)
}

#[track_caller]
fn check_costs(amounts: &[&str], rejected: &[usize]) {
    let normalized = costs(amounts);
    let positions: Vec<String> = rejected.iter().map(|index| format!("/data/0/results/{index}")).collect();
    assert_eq!(rejects(&normalized, anthropic::cost_report::SOURCE, "1,000,000,000.00 USD"), positions, "{amounts:?}");
    let bucket = &normalized.batch.buckets[0];
    let rows = normalized.rows("claude_costs").len();
    assert_eq!((rows, bucket.rejects as usize), (amounts.len() - rejected.len(), rejected.len()));
    assert!(bucket.amount_usd.unwrap_or_default().nanos().abs() <= DAY_MONEY_MAX.nanos());
}

#[test]
fn the_line_that_makes_the_money_of_a_day_leave_the_range_is_a_reject() {
    check_costs(&["900000000000", "12.5", "900000000000"], &[0, 2]);
    check_costs(&["60000000000", "60000000000", "12.5"], &[1]);
    check_costs(&["100000000000", "0.0000001"], &[1]);
    // A credit does not make room: a sum of some of the lines would still leave the range.
    check_costs(&["60000000000", "-60000000000", "12.5"], &[1]);
    check_costs(&["100000000000"], &[]);
    assert_eq!(costs(&["12.5"]).batch.buckets[0].amount_usd, Some(Usd::from_nanos(125_000_000)));
}

fn tokens(counts: &[i64]) -> Normalized {
    let record = |count: &i64| {
        json!({"uncached_input_tokens": 1, "cache_read_input_tokens": 0, "output_tokens": count,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "server_tool_use": {"web_search_requests": 0}})
    };
    let results: Vec<Value> = counts.iter().map(record).collect();
    let page = json!({"data": [{"starting_at": format!("{DAY}T00:00:00Z"), "results": results}]});
    normalized(anthropic::usage_messages::SOURCE, page)
}

#[test]
fn the_record_that_makes_the_counts_of_a_day_leave_the_range_is_a_reject() {
    let source = anthropic::usage_messages::SOURCE;
    for (counts, rejected) in [
        (&[i64::MAX, 7, i64::MAX][..], &["/data/0/results/0", "/data/0/results/2"][..]),
        (&[DAY_COUNT_MAX - 1, 7], &["/data/0/results/1"]),
        (&[DAY_COUNT_MAX - 1], &[]),
    ] {
        let normalized = tokens(counts);
        assert_eq!(rejects(&normalized, source, "1000000000000000 tokens"), rejected, "{counts:?}");
        let sum = normalized.rows("claude_usage_tokens").len() + rejected.len();
        assert_eq!(sum, counts.len());
        assert!(normalized.batch.buckets[0].quantity <= DAY_COUNT_MAX);
    }
}

#[test]
fn a_record_of_several_rows_gives_all_of_them_or_none() {
    let record = |email: &str, tokens: i64| {
        json!({"date": format!("{DAY}T00:00:00Z"), "actor": {"type": "user_actor", "email_address": email},
            "customer_type": "api", "tool_actions": {},
            "core_metrics": {"num_sessions": 5, "lines_of_code": {"added": 1, "removed": 2},
                "commits_by_claude_code": 1, "pull_requests_by_claude_code": 2},
            "model_breakdown": [
                {"model": "claude-opus-5", "tokens": {"input": 1, "output": 2, "cache_read": 3, "cache_creation": 4},
                    "estimated_cost": {"currency": "USD", "amount": 141}},
                {"model": "claude-haiku-4-5", "tokens": {"input": tokens, "output": 2, "cache_read": 3,
                    "cache_creation": 4}, "estimated_cost": {"currency": "USD", "amount": 1}}]})
    };
    let source = anthropic::claude_code::SOURCE;
    let page = json!({"data": [record("ann@example.com", i64::MAX), record("bob@example.com", 7)]});
    let normalized = normalized(source, page);
    assert_eq!(rejects(&normalized, source, "tokens"), ["/data/0"]);
    assert_eq!(normalized.column("claude_code_usage_stats", "actor_email"), ["bob@example.com"]);
    assert_eq!(normalized.rows("claude_code_model_usage").len(), 2);
}

#[test]
fn an_event_of_cursor_out_of_range_leaves_the_others() {
    let event = |email: &str, cents: i64| {
        json!({"timestamp": "1759492800000", "userEmail": email, "model": "gpt-5", "kind": "Usage-based",
            "chargedCents": cents})
    };
    let source = cursor::usage_events::SOURCE;
    let events = json!([event("ann@example.com", 900_000_000_000), event("bob@example.com", 8)]);
    let normalized = normalized(source, json!({"totalUsageEventsCount": 2, "usageEvents": events}));
    assert_eq!(rejects(&normalized, source, "USD"), ["/usageEvents/0"]);
    assert_eq!(normalized.column("cursor_usage_events", "email"), ["bob@example.com"]);
}

#[test]
fn requests_that_a_price_could_not_be_multiplied_by_are_a_reject() {
    let usage = |user: i64, requests: i64| {
        json!({"userId": user, "day": DAY, "date": 1_759_449_600_000_i64, "isActive": true, "email": format!("p{user}@example.com"),
            "subscriptionIncludedReqs": requests, "usageBasedReqs": 0})
    };
    let source = cursor::daily_usage::SOURCE;
    let normalized = normalized(source, json!({"data": [usage(1, 10_000_001), usage(2, 10_000_000)]}));
    assert_eq!(normalized.column("cursor_usage_stats", "email"), ["p2@example.com"]);
    let reason = text(&normalized.rows("rejected_records")[0], "reason");
    assert!(reason.starts_with("subscriptionIncludedReqs: out of range: 10000001"), "{reason}");
}
