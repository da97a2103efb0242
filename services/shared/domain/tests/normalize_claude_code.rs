//! Claude Code: pages in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::manifest::Manifest;
use everycent_domain::recipe::Recipe;
use everycent_domain::vendors::anthropic;
use everycent_schemas::Usd;
use everycent_schemas::rowfile::Cell;
use serde_json::{Value, json};
use support::{Normalized, manifest, normalize, text};

fn one_day(pages: usize) -> Manifest {
    manifest(anthropic::claude_code::SOURCE, "2025-09-08", "2025-09-08", pages)
}

fn page(records: &[Value]) -> Value {
    json!({"data": records, "has_more": false, "next_page": null})
}

fn normalized(records: &[Value]) -> Normalized {
    normalize(&one_day(1), &Recipe::default(), &[page(records)]).unwrap()
}

fn record() -> Value {
    json!({"date": "2025-09-08T00:00:00Z", "actor": {"type": "user_actor", "email_address": "Ann@Example.com"},
        "organization_id": "dc9f6c26-b22c-4831-8d01-0446bada88f1", "customer_type": "api", "subscription_type": null,
        "terminal_type": "vscode", "is_remote": false, "a_new_field": [1],
        "core_metrics": {"num_sessions": 5, "lines_of_code": {"added": 1543, "removed": 892},
            "commits_by_claude_code": 12, "pull_requests_by_claude_code": 2},
        "tool_actions": {"write_tool": {"accepted": 8, "rejected": 1}, "edit_tool": {"accepted": 45, "rejected": 5},
            "dream_tool": {"accepted": 3, "rejected": 4}},
        "model_breakdown": [
            {"model": "claude-opus-5", "tokens": {"input": 100_000, "output": 35_000, "cache_read": 10_000,
                "cache_creation": 5_000}, "estimated_cost": {"currency": "USD", "amount": 141}},
            {"model": "claude-haiku-4-5", "tokens": {"input": 7, "output": 8, "cache_read": 9, "cache_creation": 10},
                "estimated_cost": {"currency": "USD", "amount": 0.25}}]})
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut record = record();
    for (pointer, value) in changes {
        *record.pointer_mut(pointer).unwrap() = value.clone();
    }
    record
}

fn without(object: &str, field: &str) -> Value {
    let mut record = record();
    record.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(field).unwrap();
    record
}

#[test]
fn what_was_done_has_its_columns_and_tools_without_one_count_in_the_sum() {
    let normalized = normalized(&[record()]);
    let row = &normalized.rows("claude_code_usage_stats")[0];
    for (column, value) in [
        ("organization_id", "acme"),
        ("actor_type", "user_actor"),
        ("actor_email", "ann@example.com"),
        ("api_key_name", "null"),
        ("customer_type", "api"),
        ("subscription_type", "null"),
        ("terminal_type", "vscode"),
        ("platform", "claude_code"),
        ("platform_basis", "vendor"),
    ] {
        assert_eq!(text(row, column), value, "{column}");
    }
    assert_eq!(row["is_remote"], Cell::Boolean(false));
    for (column, count) in [
        ("num_sessions", 5),
        ("lines_of_code_added", 1543),
        ("lines_of_code_removed", 892),
        ("commits_by_claude_code", 12),
        ("pull_requests_by_claude_code", 2),
        ("edit_tool_accepted", 45),
        ("edit_tool_rejected", 5),
        ("multi_edit_tool_accepted", 0),
        ("multi_edit_tool_rejected", 0),
        ("write_tool_accepted", 8),
        ("write_tool_rejected", 1),
        ("notebook_edit_tool_accepted", 0),
        ("notebook_edit_tool_rejected", 0),
        ("tools_accepted", 56),
        ("tools_rejected", 10),
    ] {
        assert_eq!(row[column], Cell::Integer(count), "{column}");
    }
    assert_eq!(
        text(row, "tool_actions"),
        r#"{"dream_tool":{"accepted":3,"rejected":4},"edit_tool":{"accepted":45,"rejected":5},"write_tool":{"accepted":8,"rejected":1}}"#
    );
}

#[test]
fn what_stands_among_the_tools_and_is_none_is_kept_and_not_counted() {
    let tools =
        json!({"edit_tool": {"accepted": 1, "rejected": 2, "undone": 3}, "about": {"nested": [1, "two", null]}});
    let normalized = normalized(&[with(&[("/tool_actions", tools)])]);
    let row = &normalized.rows("claude_code_usage_stats")[0];
    assert_eq!((&row["tools_accepted"], &row["tools_rejected"]), (&Cell::Integer(1), &Cell::Integer(2)));
    let kept = r#"{"about":{"nested":[1,"two",null]},"edit_tool":{"accepted":1,"rejected":2,"undone":3}}"#;
    assert_eq!(text(row, "tool_actions"), kept);
}

#[test]
fn each_model_is_a_row_of_its_own_that_belongs_to_the_actors() {
    let normalized = normalized(&[record()]);
    let stat = &normalized.rows("claude_code_usage_stats")[0];
    let [opus, haiku] = normalized.rows("claude_code_model_usage") else { panic!("two models") };
    for row in [opus, haiku] {
        assert_eq!(row["usage_row_id"], stat["row_id"]);
        for column in ["actor_type", "actor_email", "customer_type", "terminal_type", "is_remote", "platform"] {
            assert_eq!(row[column], stat[column], "{column}");
        }
    }
    assert_ne!(opus["row_id"], haiku["row_id"]);
    let tokens = |row: &support::RowMap| {
        ["input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"].map(|name| row[name].clone())
    };
    assert_eq!(tokens(opus), [100_000, 35_000, 10_000, 5_000].map(Cell::Integer));
    assert_eq!(tokens(haiku), [7, 8, 9, 10].map(Cell::Integer));
    assert_eq!((text(opus, "model"), text(haiku, "model")), ("claude-opus-5".into(), "claude-haiku-4-5".into()));
    let bucket = &normalized.batch.buckets[0];
    assert_eq!((bucket.rows, bucket.rejects), (3, 0));
    // 141.25 cents; and 5 + 1543 + 892 + 12 + 2, 59 with tools of their own, 66 with all, 150,000 and 34 tokens.
    assert_eq!((bucket.amount_usd, bucket.quantity), (Some(Usd::from_nanos(1_412_500_000)), 152_613));
}

#[test]
fn an_estimate_is_cents_and_exact_to_the_nano_dollar() {
    let estimated = |amount: &str| {
        let body = page(&[with(&[("/model_breakdown/0/estimated_cost/amount", json!("MARK"))])]).to_string();
        let body = body.replace("\"MARK\"", amount);
        let normalized = normalize(&one_day(1), &Recipe::default(), &[body]).unwrap();
        let rows = normalized.rows("claude_code_model_usage");
        rows.first().map(|row| (text(row, "estimated_cost_cents"), row["estimated_cost_usd"].clone()))
    };
    let usd = |nanos| Cell::Money(Usd::from_nanos(nanos));
    assert_eq!(estimated("186"), Some(("186".into(), usd(1_860_000_000))));
    assert_eq!(estimated("0.1234567"), Some(("0.1234567".into(), usd(1_234_567))));
    // No binary float holds these.
    assert_eq!(estimated("42.10"), Some(("42.10".into(), usd(421_000_000))));
    assert_eq!(estimated("90071992547409.93"), None);
    assert_eq!(estimated("90071992540.9937"), Some(("90071992540.9937".into(), usd(900_719_925_409_937_000))));
    // What a vendor that reckons in binary may print.
    assert_eq!(estimated("141.23400000000001"), Some(("141.23400000000001".into(), usd(1_412_340_000))));
    assert_eq!(estimated("1.5e-3"), Some(("1.5e-3".into(), usd(15_000))));
    assert_eq!(estimated("\"141\""), Some(("141".into(), usd(1_410_000_000))));
    for none in ["null", "{}", "true", "\"n/a\""] {
        assert_eq!(estimated(none), None, "{none}");
    }
}

#[test]
fn a_day_may_be_told_as_a_midnight_or_alone_and_must_be_the_one_asked_for() {
    let dates = ["2025-09-08T00:00:00Z", "2025-09-08", "2025-09-08T00:00:00+00:00"];
    let good = dates.map(|date| with(&[("/date", json!(date)), ("/terminal_type", json!(date))]));
    let dates = ["2025-09-09T00:00:00Z", "2025-09-07", "2025-09-08T01:00:00Z", "yesterday"];
    let bad = dates.map(|date| with(&[("/date", json!(date))]));
    let mut all = bad.to_vec();
    all.push(without("", "date"));
    all.extend(good);
    let normalized = normalized(&all);
    assert_eq!(normalized.rows("claude_code_usage_stats").len(), 3);
    let rejects = normalized.rows("rejected_records");
    let positions: Vec<String> = rejects.iter().map(|row| text(row, "position")).collect();
    assert_eq!(positions, ["/data/0", "/data/1", "/data/2", "/data/3", "/data/4"]);
    assert_eq!(text(&rejects[0], "reason"), "2025-09-09 was not asked for");
    assert_eq!(text(&rejects[1], "reason"), "2025-09-07 was not asked for");
    assert!(text(&rejects[2], "reason").starts_with("date: "));
    assert_eq!(normalized.batch.buckets[0].rejects, 5);
}

#[test]
fn an_answer_of_2025_tells_neither_of_remote_work_nor_of_a_plan() {
    let mut old = record();
    for field in ["is_remote", "subscription_type"] {
        old.as_object_mut().unwrap().remove(field).unwrap();
    }
    let normalized = normalized(&[old]);
    let row = &normalized.rows("claude_code_usage_stats")[0];
    assert_eq!((&row["is_remote"], &row["subscription_type"]), (&Cell::Null, &Cell::Null));
    assert_eq!(normalized.rows("claude_code_model_usage").len(), 2);
}

#[test]
fn a_key_has_a_name_and_no_email_and_an_actor_that_the_vendor_adds_passes_through() {
    let key = with(&[("/actor", json!({"type": "api_actor", "api_key_name": "ci-review"}))]);
    let new = with(&[("/actor", json!({"type": "service_account_actor", "service_account_id": "svac_1"}))]);
    let normalized = normalized(&[key, new]);
    let actors: Vec<[String; 3]> = normalized
        .rows("claude_code_usage_stats")
        .iter()
        .map(|row| ["actor_type", "actor_email", "api_key_name"].map(|column| text(row, column)))
        .collect();
    assert_eq!(actors, [["api_actor", "null", "ci-review"], ["service_account_actor", "null", "null"]]);
}

#[test]
fn a_record_whose_money_does_not_read_is_rejected_whole_and_its_neighbours_load() {
    let bad = [
        without("", "actor"),
        without("", "model_breakdown"),
        without("/model_breakdown/1/tokens", "cache_read"),
        without("/model_breakdown/1", "estimated_cost"),
        with(&[("/model_breakdown/1/estimated_cost/amount", json!("abc"))]),
        with(&[("/model_breakdown/1/estimated_cost/currency", json!("EUR"))]),
    ];
    let mut records = bad.to_vec();
    records.push(record());
    let normalized = normalized(&records);
    assert_eq!(normalized.rows("claude_code_usage_stats").len(), 1);
    assert_eq!(normalized.rows("claude_code_model_usage").len(), 2);
    let rejects = normalized.rows("rejected_records");
    let reason = |index: usize| text(&rejects[index], "reason");
    assert_eq!(rejects.len(), bad.len());
    assert!(reason(1).contains("missing field `model_breakdown`"), "{}", reason(1));
    assert!(reason(4).contains("estimated_cost") && reason(4).contains("abc"), "{}", reason(4));
    assert!(reason(5).contains("EUR"), "{}", reason(5));
}

#[test]
fn what_is_odd_beside_the_models_costs_no_record_and_is_remarked() {
    let cases = [
        (without("", "core_metrics"), "core_metrics"),
        (with(&[("/core_metrics", json!([]))]), "core_metrics"),
        (without("/core_metrics/lines_of_code", "removed"), "core_metrics.lines_of_code.removed"),
        (with(&[("/core_metrics/lines_of_code", Value::Null)]), "core_metrics.lines_of_code"),
        (with(&[("/core_metrics/num_sessions", json!("many"))]), "core_metrics.num_sessions"),
        (with(&[("/core_metrics/num_sessions", Value::Null)]), "core_metrics.num_sessions"),
        (without("", "tool_actions"), "tool_actions"),
        (without("/tool_actions/edit_tool", "rejected"), "tool_actions.edit_tool"),
        (with(&[("/tool_actions/write_tool/accepted", json!(-1))]), "tool_actions.write_tool"),
        (with(&[("/actor", json!({"type": "user_actor", "email_address": null}))]), "actor.email_address"),
        (with(&[("/actor", json!({"type": "api_actor", "api_key_name": ""}))]), "actor.api_key_name"),
        (with(&[("/terminal_type", json!({}))]), "terminal_type"),
        (with(&[("/is_remote", json!("perhaps"))]), "is_remote"),
        (with(&[("/model_breakdown/0/model", json!([]))]), "model_breakdown.*.model"),
        (without("", "customer_type"), "customer_type"),
    ];
    for (odd, field) in cases {
        let normalized = normalized(&[odd.clone(), record()]);
        assert_eq!(normalized.rows("claude_code_usage_stats").len(), 2, "{odd}");
        assert_eq!(normalized.rows("claude_code_model_usage").len(), 4, "{odd}");
        assert!(normalized.odd_fields().contains(&field.to_owned()), "{field}: {:?}", normalized.odd_fields());
        assert_eq!(normalized.batch.buckets[0].rejects, 0, "{odd}");
    }
    let forms = with(&[("/core_metrics/num_sessions", json!("5")), ("/is_remote", json!(0))]);
    let normalized = normalized(&[forms]);
    let row = &normalized.rows("claude_code_usage_stats")[0];
    assert_eq!((&row["num_sessions"], &row["is_remote"]), (&Cell::Integer(5), &Cell::Boolean(false)));
    assert_eq!(normalized.remarks(), []);
}

#[test]
fn identity_is_of_actor_plan_and_terminal_across_pages_and_of_no_count() {
    let ids = |pages: &[Value]| {
        let normalized = normalize(&one_day(pages.len()), &Recipe::default(), pages).unwrap();
        let ids = |table| normalized.rows(table).iter().map(|row| text(row, "row_id")).collect::<Vec<_>>();
        (ids("claude_code_usage_stats"), ids("claude_code_model_usage"))
    };
    let busier = with(&[
        ("/core_metrics/num_sessions", json!(6)),
        ("/model_breakdown/0/estimated_cost/amount", json!(9)),
        ("/tool_actions", json!({})),
    ]);
    assert_eq!(ids(&[page(&[record()])]), ids(&[page(&[busier])]));
    let mut one_model_twice = with(&[("/is_remote", Value::Null)]);
    one_model_twice["model_breakdown"][1]["model"] = json!("claude-opus-5");
    let others = [
        with(&[("/actor/email_address", json!("bob@example.com"))]),
        with(&[("/actor", json!({"type": "api_actor", "api_key_name": "Ann@Example.com"}))]),
        with(&[("/customer_type", json!("subscription"))]),
        with(&[("/subscription_type", json!("team"))]),
        with(&[("/terminal_type", json!("tmux"))]),
        with(&[("/is_remote", json!(true))]),
        one_model_twice,
    ];
    let (stats, models) = ids(&[page(&[record(), record()]), page(&[record()]), page(&others)]);
    let distinct = |ids: &[String]| ids.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!((stats.len(), distinct(&stats)), (10, 10));
    assert_eq!((models.len(), distinct(&models)), (20, 20));
}

#[test]
fn a_day_that_is_not_over_gives_neither_rows_nor_rejects() {
    let mut today = one_day(1);
    today.covered.clear();
    let normalized = normalize(&today, &Recipe::default(), &[page(&[record()])]).unwrap();
    assert!(normalized.tables.is_empty() && normalized.batch.buckets.is_empty());
}

#[test]
fn the_spelling_of_an_address_does_not_change_the_row_and_an_empty_one_names_nobody() {
    let of = |address: Value| {
        let normalized = normalized(&[with(&[("/actor/email_address", address)])]);
        ["row_id", "actor_email"].map(|column| normalized.column("claude_code_usage_stats", column).concat())
    };
    let (ann, nobody) = (of(json!("Ann@Example.com")), of(Value::Null));
    assert_eq!((ann[1].as_str(), nobody[1].as_str()), ("ann@example.com", "null"));
    assert_eq!(of(json!("  ann@example.com\u{a0}")), ann);
    assert_eq!(of(json!(" ")), nobody);
}
