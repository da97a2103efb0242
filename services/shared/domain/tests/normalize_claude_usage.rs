//! Tokens of the Claude API: pages in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::attribution::{Platform, Rule, Rules};
use everycent_domain::manifest::Manifest;
use everycent_domain::recipe::Recipe;
use everycent_domain::vendors::anthropic;
use everycent_schemas::rowfile::Cell;
use serde_json::{Value, json};
use support::{RowMap, manifest, normalize, text};

fn one_day() -> Manifest {
    manifest(anthropic::usage_messages::SOURCE, "2025-10-03", "2025-10-03", 1)
}

fn page(results: &[Value]) -> Value {
    json!({"data": [{"starting_at": "2025-10-03T00:00:00Z", "ending_at": "later", "results": results}],
        "has_more": false, "next_page": null})
}

fn used() -> Value {
    json!({"uncached_input_tokens": 1500, "cache_read_input_tokens": 200,
        "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
        "output_tokens": 70, "server_tool_use": {"web_search_requests": 10}, "model": "claude-opus-4-6",
        "workspace_id": "wrkspc_1", "api_key_id": "apikey_1", "service_tier": "standard", "context_window": "0-200k",
        "inference_geo": null, "account_id": null, "service_account_id": null, "a_new_field": {"x": 1}})
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut record = used();
    for (pointer, value) in changes {
        *record.pointer_mut(pointer).unwrap() = value.clone();
    }
    record
}

fn without(object: &str, field: &str) -> Value {
    let mut record = used();
    record.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(field).unwrap();
    record
}

const COUNTS: [(&str, i64); 6] = [
    ("uncached_input_tokens", 1500),
    ("cache_read_input_tokens", 200),
    ("cache_creation_ephemeral_5m_input_tokens", 500),
    ("cache_creation_ephemeral_1h_input_tokens", 1000),
    ("output_tokens", 70),
    ("web_search_requests", 10),
];

#[test]
fn every_kind_of_token_has_its_column_and_all_of_them_their_control_sum() {
    let normalized = normalize(&one_day(), &Recipe::default(), &[page(&[used()])]).unwrap();
    let row = &normalized.rows("claude_usage_tokens")[0];
    for (column, count) in COUNTS {
        assert_eq!(row[column], Cell::Integer(count), "{column}");
    }
    for (column, value) in [
        ("organization_id", "acme"),
        ("api_key_id", "apikey_1"),
        ("workspace_id", "wrkspc_1"),
        ("model", "claude-opus-4-6"),
        ("service_tier", "standard"),
        ("context_window", "0-200k"),
    ] {
        assert_eq!(text(row, column), value);
    }
    let bucket = &normalized.batch.buckets[0];
    assert_eq!((bucket.rows, bucket.rejects, bucket.quantity, bucket.amount_usd), (1, 0, 3280, None));
}

#[test]
fn use_of_the_console_has_no_key_and_the_default_workspace_no_id() {
    let console = with(&[("/api_key_id", Value::Null), ("/workspace_id", Value::Null)]);
    let normalized = normalize(&one_day(), &Recipe::default(), &[page(&[console, used()])]).unwrap();
    let rows = normalized.rows("claude_usage_tokens");
    assert_eq!((&rows[0]["api_key_id"], &rows[0]["workspace_id"]), (&Cell::Null, &Cell::Null));
    assert_ne!(rows[0]["row_id"], rows[1]["row_id"]);
}

#[test]
fn a_count_that_is_missing_is_a_reject_and_never_none() {
    let bad = [
        without("", "output_tokens"),
        with(&[("/uncached_input_tokens", json!(-1))]),
        with(&[("/cache_read_input_tokens", Value::Null)]),
        with(&[("/output_tokens", json!(1.5))]),
        with(&[("/output_tokens", json!("many"))]),
        with(&[("/cache_creation/ephemeral_5m_input_tokens", json!("many"))]),
        with(&[("/workspace_id", json!(["w"]))]),
        json!("no object"),
    ];
    let mut results = bad.to_vec();
    results.push(used());
    let normalized = normalize(&one_day(), &Recipe::default(), &[page(&results)]).unwrap();
    assert_eq!(normalized.rows("claude_usage_tokens").len(), 1);
    let rejects = normalized.rows("rejected_records");
    let positions: Vec<String> = rejects.iter().map(|row| text(row, "position")).collect();
    assert_eq!(positions, (0..bad.len()).map(|index| format!("/data/0/results/{index}")).collect::<Vec<_>>());
    assert!(text(&rejects[0], "reason").contains("missing field `output_tokens`"), "{}", text(&rejects[0], "reason"));
    assert!(text(&rejects[3], "reason").starts_with("output_tokens: "), "{}", text(&rejects[3], "reason"));
    let bucket = &normalized.batch.buckets[0];
    assert_eq!((bucket.rows, bucket.rejects, bucket.remarks), (1, 8, 0));
}

#[test]
fn tokens_written_to_the_cache_that_are_missing_or_flat_cost_no_row() {
    let flat = |mut record: Value| {
        record["cache_creation_input_tokens"] = json!(1500);
        record
    };
    let cases = [
        (flat(without("", "cache_creation")), [1500, 0], "for those of 5 minutes"),
        (flat(with(&[("/cache_creation", Value::Null)])), [1500, 0], "for those of 5 minutes"),
        (with(&[("/cache_creation", Value::Null)]), [0, 0], "it is null or missing"),
        (without("", "cache_creation"), [0, 0], "it is null or missing"),
        (with(&[("/cache_creation", json!({}))]), [0, 0], "it lacks a count"),
    ];
    for (odd, [five_minutes, an_hour], reason) in cases {
        let normalized = normalize(&one_day(), &Recipe::default(), &[page(&[odd.clone(), used()])]).unwrap();
        let row = &normalized.rows("claude_usage_tokens")[0];
        assert_eq!(row["cache_creation_ephemeral_5m_input_tokens"], Cell::Integer(five_minutes), "{odd}");
        assert_eq!(row["cache_creation_ephemeral_1h_input_tokens"], Cell::Integer(an_hour), "{odd}");
        let remarks = normalized.remarks();
        assert!(remarks[0].0 == "cache_creation" && remarks[0].1.contains(reason), "{remarks:?}");
        assert_eq!(normalized.rows("claude_usage_tokens").len(), 2, "{odd}");
    }
}

#[test]
fn a_count_of_tokens_may_be_written_in_any_form_and_an_odd_field_beside_it_costs_no_row() {
    let forms = with(&[("/output_tokens", json!("500")), ("/uncached_input_tokens", json!(1500.0))]);
    let searches = with(&[("/server_tool_use/web_search_requests", json!("many"))]);
    let none = without("", "server_tool_use");
    let model = with(&[("/model", json!({})), ("/service_tier", json!(true))]);
    let normalized = normalize(&one_day(), &Recipe::default(), &[page(&[forms, searches, none, model])]).unwrap();
    assert_eq!(normalized.rows("claude_usage_tokens").len(), 4);
    assert_eq!(normalized.rows("claude_usage_tokens")[0]["output_tokens"], Cell::Integer(500));
    let fields = ["model", "server_tool_use", "server_tool_use.web_search_requests", "service_tier"];
    assert_eq!(normalized.odd_fields(), fields);
}

#[test]
fn values_that_the_vendor_adds_pass_through() {
    let new = with(&[("/service_tier", json!("priority_on_demand")), ("/context_window", json!("1M-10M"))]);
    let normalized = normalize(&one_day(), &Recipe::default(), &[page(&[new])]).unwrap();
    let row = &normalized.rows("claude_usage_tokens")[0];
    assert_eq!(
        (text(row, "service_tier"), text(row, "context_window")),
        ("priority_on_demand".into(), "1M-10M".into())
    );
}

#[test]
fn identity_is_of_dimensions_alone_and_twins_are_all_kept() {
    let ids = |results: &[Value]| {
        let normalized = normalize(&one_day(), &Recipe::default(), &[page(results)]).unwrap();
        normalized.rows("claude_usage_tokens").iter().map(|row| text(row, "row_id")).collect::<Vec<_>>()
    };
    let more = with(&[("/output_tokens", json!(71)), ("/cache_creation/ephemeral_5m_input_tokens", json!(0))]);
    assert_eq!(ids(&[used()]), ids(&[more]));
    let others = ["api_key_id", "workspace_id", "model", "service_tier", "context_window"]
        .map(|dimension| with(&[(&format!("/{dimension}"), json!("other"))]));
    let mut all = vec![used(), used()];
    all.extend(others);
    let distinct: std::collections::BTreeSet<String> = ids(&all).into_iter().collect();
    assert_eq!(distinct.len(), 7);
}

#[test]
fn a_rule_takes_the_use_of_its_key_workspace_model_or_tier() {
    let rules = Rules::new(vec![
        Rule { api_key_id: Some("apikey_1".into()), ..Rule::new("key", Platform::ClaudeCode) },
        Rule { service_tier: Some("batch".into()), ..Rule::new("batch", Platform::ClaudeApi) },
        Rule { model_prefix: Some("claude-haiku".into()), ..Rule::new("haiku", Platform::ClaudeAi) },
        Rule { workspace_id: Some("default".into()), ..Rule::new("default", Platform::ClaudeApi) },
    ]);
    let recipe = Recipe { rules, ..Recipe::default() };
    let other_key = ("/api_key_id", json!("apikey_2"));
    let results = [
        used(),
        with(&[other_key.clone(), ("/service_tier", json!("batch"))]),
        with(&[other_key.clone(), ("/model", json!("claude-haiku-4-5"))]),
        with(&[other_key.clone(), ("/workspace_id", Value::Null)]),
        with(&[other_key]),
    ];
    let normalized = normalize(&one_day(), &recipe, &[page(&results)]).unwrap();
    let decided = |row: &RowMap| (text(row, "platform"), text(row, "platform_basis"), row["platform_rank"].clone());
    let found: Vec<_> = normalized.rows("claude_usage_tokens").iter().map(decided).collect();
    let ranked = |platform: &str, basis: &str, rank| (platform.to_owned(), basis.to_owned(), Cell::Integer(rank));
    assert_eq!(
        found,
        [
            ranked("claude_code", "key", 1),
            ranked("claude_api", "batch", 2),
            ranked("claude.ai", "haiku", 3),
            ranked("claude_api", "default", 4),
            ("unattributed".to_owned(), "null".to_owned(), Cell::Null),
        ]
    );
}
