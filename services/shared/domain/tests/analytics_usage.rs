//! Pages of usage by analytics in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::recipe::Recipe;
use everycent_domain::vendors::anthropic;
use everycent_schemas::rowfile::Cell;
use serde_json::{Value, json};
use support::{Normalized, manifest, normalize, text};

const TABLE: &str = "claude_analytics_usage";

fn row(actor: Value, usage: Value) -> Value {
    json!({
        "starting_at": "2026-10-03T00:00:00Z", "ending_at": "later",
        "group": {"product": "claude_code", "actor": actor, "api_key_id": "apikey_1",
            "workspace_id": "wrkspc_default", "model": "claude-sonnet-4-5",
            "speed": null, "inference_geo": null, "service_tier": null},
        "usage": usage,
    })
}

fn usage() -> Value {
    json!({
        "uncached_input_tokens": 11, "cache_read_input_tokens": 12,
        "cache_creation": {"ephemeral_5m_input_tokens": 13, "ephemeral_1h_input_tokens": 14},
        "output_tokens": 15, "total_tokens": 65, "server_tool_use": {"web_search_requests": 2},
        "requests": 7,
    })
}

fn of(rows: &[Value]) -> Normalized {
    let page = json!({"data": rows, "has_more": false, "next_page": null, "data_refreshed_at": null});
    let manifest = manifest(anthropic::analytics_usage::SOURCE, "2026-10-03", "2026-10-04", 1);
    normalize(&manifest, &Recipe::default(), &[page]).unwrap()
}

#[test]
fn every_count_and_every_dimension_has_its_column() {
    let actor = json!({"type": "user_actor", "user_id": "user_1", "name": "Ada", "email_address": "Ada@Example.com"});
    let normalized = of(&[row(actor, usage())]);
    let row = &normalized.rows(TABLE)[0];
    for (column, expected) in [
        ("organization_id", "acme"),
        ("product", "claude_code"),
        ("actor_type", "user_actor"),
        ("actor_id", "user_1"),
        ("actor_email", "ada@example.com"),
        ("actor_name", "Ada"),
        ("api_key_id", "apikey_1"),
        ("workspace_id", "wrkspc_default"),
        ("model", "claude-sonnet-4-5"),
        ("requests", "7"),
        ("uncached_input_tokens", "11"),
        ("cache_read_input_tokens", "12"),
        ("cache_creation_ephemeral_5m_input_tokens", "13"),
        ("cache_creation_ephemeral_1h_input_tokens", "14"),
        ("output_tokens", "15"),
        ("total_tokens", "65"),
        ("web_search_requests", "2"),
        ("platform", "claude_code"),
        ("platform_basis", "product"),
    ] {
        let found = match &row[column] {
            Cell::Integer(number) => number.to_string(),
            _ => text(row, column),
        };
        assert_eq!(found, expected, "{column}");
    }
}

#[test]
fn what_the_vendor_does_not_report_is_not_known_and_costs_no_row() {
    let null = json!({
        "uncached_input_tokens": 1, "cache_read_input_tokens": null, "cache_creation": null,
        "output_tokens": 2, "server_tool_use": null, "requests": null,
    });
    let normalized = of(&[row(Value::Null, null)]);
    let row = &normalized.rows(TABLE)[0];
    assert_eq!(row["uncached_input_tokens"], Cell::Integer(1));
    assert_eq!(row["output_tokens"], Cell::Integer(2));
    for column in [
        "requests",
        "cache_read_input_tokens",
        "cache_creation_ephemeral_5m_input_tokens",
        "cache_creation_ephemeral_1h_input_tokens",
        "total_tokens",
        "web_search_requests",
        "actor_id",
    ] {
        assert_eq!(text(row, column), "null", "{column}");
    }
}

#[test]
fn a_record_that_does_not_read_costs_only_itself() {
    let mut broken = usage();
    broken["output_tokens"] = json!("many");
    let key = |id: &str| json!({"type": "api_actor", "api_key_id": id});
    let normalized = of(&[row(key("a"), usage()), row(key("b"), broken), row(key("c"), usage())]);
    assert_eq!(normalized.rows(TABLE).len(), 2);
    let rejects = normalized.rows("rejected_records");
    assert_eq!(rejects.len(), 1);
    assert_eq!(text(&rejects[0], "position"), "/data/1");
}

#[test]
fn an_odd_field_beside_the_tokens_costs_no_row() {
    let with = |field: &str, value: Value| {
        let mut usage = usage();
        usage[field] = value;
        usage
    };
    let rows = [
        with("requests", json!("many")),
        with("total_tokens", json!({})),
        with("server_tool_use", json!(7)),
        with("output_tokens", json!("12")),
    ];
    let normalized = of(&rows.map(|usage| row(Value::Null, usage)));
    assert_eq!(normalized.rows(TABLE).len(), 4);
    assert_eq!(normalized.column(TABLE, "output_tokens")[3], "Integer(12)");
    assert_eq!(normalized.odd_fields(), ["usage.requests", "usage.server_tool_use", "usage.total_tokens"]);
}

#[test]
fn rows_that_share_all_dimensions_are_all_kept() {
    let normalized = of(&[row(Value::Null, usage()), row(Value::Null, usage())]);
    let ids: Vec<String> = normalized.rows(TABLE).iter().map(|row| text(row, "row_id")).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}
