//! Lists of Anthropic's directories in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::recipe::Recipe;
use everycent_domain::source::Source;
use everycent_domain::vendors::anthropic;
use serde_json::{Value, json};
use support::{Normalized, manifest, normalize, text};

fn of(source: Source, items: Value) -> Normalized {
    let page = json!({"data": items, "has_more": false, "first_id": null, "last_id": null});
    normalize(&manifest(source, "2026-11-20", "2026-11-20", 1), &Recipe::default(), &[page]).unwrap()
}

fn check(normalized: &Normalized, table: &str, columns: &[&str], expected: &[&[&str]]) {
    let found: Vec<Vec<String>> =
        normalized.rows(table).iter().map(|row| columns.iter().map(|column| text(row, column)).collect()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_workspace_has_its_residency_and_its_tags_in_order() {
    let items = json!([
        {"id": "wrkspc_1", "type": "workspace", "name": "Research", "created_at": "1970-01-01T00:00:02Z",
            "archived_at": null, "display_color": "#6C5BB9", "compartment_id": null,
            "data_residency": {"workspace_geo": "us", "default_inference_geo": "global",
                "allowed_inference_geos": ["us"]},
            "tags": {"team": "x", "cost centre": "7", "é": "\"quoted\""}},
        {"id": "wrkspc_2", "name": "Old", "created_at": "2024-10-30T23:58:27.427722Z",
            "archived_at": "1970-01-01T00:00:03.5Z", "tags": {}},
        {"id": "wrkspc_3", "name": "Bare"},
    ]);
    let normalized = of(anthropic::workspaces::SOURCE, items);
    let columns =
        ["workspace_id", "name", "is_default", "archived_at", "workspace_geo", "default_inference_geo", "tags"];
    check(
        &normalized,
        "dim_workspaces",
        &columns,
        &[
            &[
                "wrkspc_1",
                "Research",
                "Boolean(false)",
                "null",
                "us",
                "global",
                r#"{"cost centre":"7","team":"x","é":"\"quoted\""}"#,
            ],
            &["wrkspc_2", "Old", "Boolean(false)", "Integer(3500000)", "null", "null", "{}"],
            &["wrkspc_3", "Bare", "Boolean(false)", "null", "null", "null", "null"],
        ],
    );
    let created = normalized.column("dim_workspaces", "created_at");
    assert_eq!(created, ["Integer(2000000)", "Integer(1730332707427722)", "null"]);
}

#[test]
fn a_key_names_its_workspace_in_either_shape() {
    let scope = |kind: &str, workspace: Value| json!({"type": kind, "workspace_id": workspace});
    let cases = [
        (json!({"workspace_id": "wrkspc_1"}), ["null", "wrkspc_1"]),
        (json!({"workspace_id": null}), ["null", "null"]),
        (json!({"scope": scope("workspace", json!("wrkspc_1"))}), ["workspace", "wrkspc_1"]),
        (json!({"scope": {"type": "organization"}}), ["organization", "null"]),
        (json!({"scope": scope("galaxy", Value::Null)}), ["galaxy", "null"]),
        // The default workspace: null is what every report calls it.
        (json!({"workspace_id": null, "scope": scope("workspace", json!("wrkspc_default"))}), ["workspace", "null"]),
        (json!({}), ["null", "null"]),
    ];
    for (fields, expected) in cases {
        let mut key = json!({"id": "apikey_1", "name": "k", "status": "active"});
        key.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let normalized = of(anthropic::api_keys::SOURCE, json!([key]));
        check(&normalized, "dim_api_keys", &["scope_type", "workspace_id"], &[&expected]);
    }
}

#[test]
fn a_key_names_its_creator_and_its_principal_in_either_shape() {
    let items = json!([
        {"id": "apikey_1", "name": "a", "status": "dormant", "created_by": {"id": "user_1", "type": "user"},
            "principal": {"id": "svac_1", "type": "service_account"}, "expires_at": "1970-01-01T00:00:01Z",
            "partial_key_hint": "sk-ant-...x"},
        {"id": "apikey_2", "name": "b", "created_by": null, "principal": {"type": "user_actor", "user_id": "user_2"}},
        {"id": "apikey_3", "name": "b", "principal": {"type": "service_account_actor", "service_account_id": "svac_2"}},
    ]);
    let columns = ["api_key_id", "status", "created_by_type", "created_by_id", "principal_type", "principal_id"];
    let normalized = of(anthropic::api_keys::SOURCE, items);
    check(
        &normalized,
        "dim_api_keys",
        &columns,
        &[
            &["apikey_1", "dormant", "user", "user_1", "service_account", "svac_1"],
            &["apikey_2", "null", "null", "null", "user", "user_2"],
            &["apikey_3", "null", "null", "null", "service_account", "svac_2"],
        ],
    );
    assert_eq!(normalized.column("dim_api_keys", "expires_at"), ["Integer(1000000)", "null", "null"]);
    assert_eq!(normalized.column("dim_api_keys", "partial_key_hint"), ["sk-ant-...x", "null", "null"]);
}

#[test]
fn a_user_has_a_lower_case_address_and_the_time_of_the_reading() {
    let items = json!([{"id": "user_1", "type": "user", "email": "Ada@Example.COM", "name": "Ada", "role": "dreamer",
        "added_at": "1970-01-01T00:00:01Z", "future_field": [1]}]);
    let normalized = of(anthropic::users::SOURCE, items);
    let columns = ["organization_id", "user_id", "email", "name", "role", "added_at"];
    check(
        &normalized,
        "dim_users",
        &columns,
        &[&["acme", "user_1", "ada@example.com", "Ada", "dreamer", "Integer(1000000)"]],
    );
    let row = &normalized.rows("dim_users")[0];
    assert_eq!(row["last_seen_at"], row["fetched_at"]);
}

#[test]
fn an_item_that_does_not_read_is_rejected_and_its_neighbours_load() {
    let items = json!([
        {"id": "user_1", "email": "a@example.com"},
        {"id": "user_2"},
        {"email": "c@example.com"},
        "d@example.com",
        {"id": "user_5", "email": "e@example.com", "added_at": "yesterday"},
        {"id": "user_6", "email": "f@example.com"},
    ]);
    let normalized = of(anthropic::users::SOURCE, items);
    assert_eq!(normalized.column("dim_users", "user_id"), ["user_1", "user_2", "user_5", "user_6"]);
    assert_eq!(normalized.column("rejected_records", "position"), ["/data/2", "/data/3"]);
    let reasons = normalized.column("rejected_records", "reason");
    assert!(reasons.iter().all(|reason| !reason.contains('@')), "{reasons:?}");
    assert_eq!(normalized.odd_fields(), ["added_at"]);
    let bucket = &normalized.batch.buckets[0];
    assert_eq!((bucket.rows, bucket.rejects, bucket.remarks), (4, 2, 1));
}

#[test]
fn no_reject_tells_the_hint_at_a_key() {
    let items = json!([
        {"id": "apikey_1", "name": "a", "partial_key_hint": 4711},
        {"id": "apikey_2", "name": 7, "partial_key_hint": "sk-ant-4711"},
        "sk-ant-4711",
        {"id": "apikey_3", "name": null, "workspace_id": null},
        {"name": "c", "workspace_id": "sk-ant-4711"},
        {"id": "apikey_4", "name": "d", "created_at": "sk-ant-4711"},
    ]);
    let normalized = of(anthropic::api_keys::SOURCE, items);
    assert_eq!(normalized.column("dim_api_keys", "name"), ["a", "7", "null", "d"]);
    let reasons = normalized.column("rejected_records", "reason");
    assert_eq!(reasons.len(), 2);
    let remarks: Vec<String> = normalized.remarks().into_iter().flat_map(|(field, reason)| [field, reason]).collect();
    assert_eq!(normalized.odd_fields(), ["created_at", "partial_key_hint"]);
    assert!(reasons.iter().chain(&remarks).all(|reason| !reason.contains("4711")), "{reasons:?} {remarks:?}");
}

#[test]
fn an_item_that_comes_twice_is_one_row_and_a_contradiction_is_rejected() {
    let user = |id: &str, email: &str| json!({"id": id, "email": email});
    let items = json!([
        user("user_1", "a@example.com"),
        user("user_1", "a@example.com"),
        user("user_1", "b@example.com"),
        user("user_2", "a@example.com"),
    ]);
    let normalized = of(anthropic::users::SOURCE, items);
    assert_eq!(normalized.column("dim_users", "user_id"), ["user_1", "user_2"]);
    assert_eq!(normalized.column("rejected_records", "position"), ["/data/2"]);
}
