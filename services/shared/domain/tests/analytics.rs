//! Pages of cost by analytics in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::attribution::{Platform, Rule, Rules};
use everycent_domain::normalize::NormalizeError;
use everycent_domain::recipe::Recipe;
use everycent_domain::vendors::anthropic;
use serde_json::{Value, json};
use support::{Normalized, day, manifest, normalize, text};

const TABLE: &str = "claude_analytics_costs";

fn row(date: &str, product: &str, actor: Value, amount: Value) -> Value {
    json!({
        "starting_at": format!("{date}T00:00:00Z"), "ending_at": "later",
        "group": {"product": product, "actor": actor, "api_key_id": "apikey_1", "workspace_id": "wrkspc_default",
            "model": "claude-sonnet-4-5", "cost_type": "tokens", "token_type": "output_tokens", "speed": null},
        "cost": {"amount": amount, "list_amount": "200.5", "currency": "USD", "requests": null},
    })
}

fn page(rows: Vec<Value>) -> Value {
    json!({"data": rows, "has_more": false, "next_page": null, "data_refreshed_at": null})
}

/// Of 3 and 4 October.
fn normalized(recipe: &Recipe, pages: &[Value]) -> Result<Normalized, NormalizeError> {
    normalize(&manifest(anthropic::analytics_cost::SOURCE, "2026-10-03", "2026-10-04", pages.len()), recipe, pages)
}

fn of(rows: Vec<Value>) -> Normalized {
    normalized(&Recipe::default(), &[page(rows)]).unwrap()
}

#[test]
fn what_people_do_in_claude_ai_is_in_no_workspace_and_a_rule_on_the_default_one_leaves_it() {
    let rule = Rule { workspace_id: Some("default".into()), ..Rule::new("default", Platform::ClaudeApi) };
    let recipe = Recipe { rules: Rules::new(vec![rule]), ..Recipe::default() };
    let of_product = |product: &str| {
        let mut row = row("2026-10-03", product, Value::Null, json!("100"));
        row["group"]["workspace_id"] = Value::Null;
        row
    };
    let rows = ["chat", "cowork", "messages_api"].map(of_product).to_vec();
    let normalized = normalized(&recipe, &[page(rows)]).unwrap();
    let platforms: std::collections::BTreeMap<String, String> =
        normalized.rows(TABLE).iter().map(|row| (text(row, "product"), text(row, "platform"))).collect();
    let expected = [("chat", "claude.ai"), ("cowork", "claude.ai"), ("messages_api", "claude_api")];
    assert_eq!(platforms, expected.map(|(product, platform)| (product.to_owned(), platform.to_owned())).into());
}

#[test]
fn cents_become_dollars_before_and_after_discounts() {
    let normalized = of(vec![row("2026-10-03", "claude_code", Value::Null, json!("123.45"))]);
    let row = &normalized.rows(TABLE)[0];
    for (column, expected) in [
        ("organization_id", "acme"),
        ("amount_cents", "123.45"),
        ("amount_usd", "1.234500000"),
        ("list_amount_cents", "200.5"),
        ("list_amount_usd", "2.005000000"),
        ("currency", "USD"),
        ("requests", "null"),
        ("product", "claude_code"),
        ("api_key_id", "apikey_1"),
        ("workspace_id", "wrkspc_default"),
        ("model", "claude-sonnet-4-5"),
        ("cost_type", "tokens"),
        ("token_type", "output_tokens"),
    ] {
        assert_eq!(text(row, column), expected, "{column}");
    }
}

#[test]
fn every_shape_of_an_actor_has_a_type_and_an_id() {
    let null = "null";
    let cases = [
        (
            json!({"type": "user_actor", "user_id": "user_1", "name": "Ada", "email_address": "Ada@Example.com", "deleted": false}),
            ["user_actor", "user_1", "ada@example.com", "Ada"],
        ),
        (
            json!({"type": "user_actor", "user_id": "user_2", "email_address": " ", "email": " Ken@example.com"}),
            ["user_actor", "user_2", "ken@example.com", null],
        ),
        (
            json!({"type": "user_actor", "user_id": "user_3", "name": null, "email_address": null, "deleted": true}),
            ["user_actor", "user_3", null, null],
        ),
        (
            json!({"type": "service_account_actor", "service_account_id": "svac_1"}),
            ["service_account_actor", "svac_1", null, null],
        ),
        (
            json!({"type": "federated_actor", "provider": "aws", "subject": "role/ci"}),
            ["federated_actor", "role/ci", null, null],
        ),
        (json!({"type": "api_actor", "api_key_id": "apikey_1"}), ["api_actor", "apikey_1", null, null]),
        (json!({"type": "dream_actor", "dream_id": "d"}), ["dream_actor", null, null, null]),
        (Value::Null, [null; 4]),
    ];
    let rows = cases.iter().map(|(actor, _)| row("2026-10-03", "chat", actor.clone(), json!("1"))).collect();
    let normalized = of(rows);
    assert_eq!(normalized.rows(TABLE).len(), cases.len());
    for (found, (actor, expected)) in normalized.rows(TABLE).iter().zip(&cases) {
        let columns = ["actor_type", "actor_id", "actor_email", "actor_name"].map(|column| text(found, column));
        assert_eq!(columns, *expected, "{actor}");
    }
    let ids: std::collections::BTreeSet<String> = normalized.column(TABLE, "row_id").into_iter().collect();
    assert_eq!(ids.len(), cases.len());
}

#[test]
fn a_row_keeps_its_id_when_a_person_is_renamed_or_the_amount_restated() {
    let id = |actor: Value, amount: &str| {
        let normalized = of(vec![row("2026-10-03", "chat", actor, json!(amount))]);
        normalized.column(TABLE, "row_id").remove(0)
    };
    let known = id(json!({"type": "user_actor", "user_id": "user_1", "name": "Ada", "email": "a@example.com"}), "1");
    assert_eq!(id(json!({"type": "user_actor", "user_id": "user_1", "email_address": null}), "2"), known);
    assert_ne!(id(json!({"type": "user_actor", "user_id": "user_2"}), "1"), known);
    let federated = |provider: &str| json!({"type": "federated_actor", "provider": provider, "subject": "ci"});
    assert_ne!(id(federated("aws"), "1"), id(federated("gcp"), "1"));
}

#[test]
fn several_rows_of_nobody_are_all_kept() {
    let nobody = |date, cents: &str| row(date, "chat", Value::Null, json!(cents));
    let first = page(vec![nobody("2026-10-03", "1"), nobody("2026-10-03", "1")]);
    let second = page(vec![nobody("2026-10-03", "2"), nobody("2026-10-04", "3")]);
    let normalized = normalized(&Recipe::default(), &[first, second]).unwrap();
    let ids = normalized.column(TABLE, "row_id");
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (4, 3), "the first of each day share their dimensions, and so their id");
    assert_eq!(ids[0], ids[3]);
    let cents: Vec<i128> =
        normalized.batch.buckets.iter().map(|bucket| bucket.amount_usd.unwrap().nanos() / 10_000_000).collect();
    // With a list amount of 200.5 cents for each row.
    assert_eq!(cents, [605, 203]);
}

#[test]
fn the_product_says_the_platform_unless_a_rule_does() {
    let rule = Rule {
        api_key_id: Some("apikey_1".into()),
        cost_type: Some("web_search".into()),
        ..Rule::new("searches", Platform::ClaudeAi)
    };
    let recipe = Recipe { rules: Rules::new(vec![rule]), ..Recipe::default() };
    let mut search = row("2026-10-03", "messages_api", Value::Null, json!("1"));
    search["group"]["cost_type"] = json!("web_search");
    let rows = vec![
        row("2026-10-03", "messages_api", Value::Null, json!("1")),
        row("2026-10-03", "claude_dreams", Value::Null, json!("1")),
        search,
    ];
    let normalized = normalized(&recipe, &[page(rows)]).unwrap();
    let decided: Vec<_> = normalized
        .rows(TABLE)
        .iter()
        .map(|row| ["platform", "platform_basis", "platform_rank"].map(|column| text(row, column)).join(" "))
        .collect();
    assert_eq!(decided, ["claude_api product null", "unattributed null null", "claude.ai searches Integer(1)"]);
}

#[test]
fn a_record_that_does_not_read_is_rejected_on_its_day_and_its_neighbours_load() {
    let good = || row("2026-10-04", "chat", Value::Null, json!("1"));
    let mut euro = good();
    euro["cost"]["currency"] = json!("EUR");
    let mut dateless = good();
    dateless.as_object_mut().unwrap().remove("starting_at");
    let of_amount = |amount: Value| row("2026-10-04", "chat", Value::Null, amount);
    let rows = vec![
        of_amount(json!("abc")),
        of_amount(json!({"usd": 1})),
        of_amount(json!("1e40")),
        euro,
        dateless,
        json!("no object"),
        good(),
    ];
    let normalized = of(rows);
    assert_eq!(normalized.rows(TABLE).len(), 1);
    let positions: Vec<String> = (0..6).map(|index| format!("/data/{index}")).collect();
    assert_eq!(normalized.column("rejected_records", "position"), positions);
    let reasons = normalized.column("rejected_records", "reason");
    for (reason, part) in reasons.iter().zip([
        "`abc` is not a decimal number",
        "is not a decimal number",
        "more money than one row can hold",
        "EUR",
        "starting_at",
        "invalid type",
    ]) {
        assert!(reason.contains(part), "{reason}");
    }
    let counts: Vec<_> = normalized.batch.buckets.iter().map(|bucket| (bucket.rows, bucket.rejects)).collect();
    assert_eq!(counts, [(0, 2), (1, 4)], "one without a day counts for the first");
}

#[test]
fn an_odd_field_beside_the_amount_is_left_empty_and_remarked() {
    let with = |pointer: &str, value: Value| {
        let actor = json!({"type": "user_actor", "user_id": "user_1", "name": "Ada", "email_address": "a@example.com"});
        let mut row = row("2026-10-04", "chat", actor, json!("100"));
        *row.pointer_mut(pointer).unwrap() = value;
        row
    };
    let cases = [
        ("/group/actor/name", json!(7), "group.actor.name", "actor_name"),
        ("/group/actor/user_id", json!({"id": 7}), "group.actor.user_id", "actor_id"),
        ("/group/actor/email_address", json!(["a"]), "group.actor.email_address", "actor_email"),
        ("/group/actor/type", json!(false), "group.actor.type", "actor_type"),
        ("/group/actor", json!("somebody"), "group.actor", "actor_type"),
        ("/group/product", json!([]), "group.product", "product"),
        ("/group/model", json!({}), "group.model", "model"),
        ("/group/token_type", json!(true), "group.token_type", "token_type"),
        ("/cost/requests", json!("many"), "cost.requests", "requests"),
        ("/cost/requests", json!(-1), "cost.requests", "requests"),
        ("/cost/list_amount", Value::Null, "cost.list_amount", "list_amount_usd"),
        ("/cost/list_amount", json!("n/a"), "cost.list_amount", "list_amount_usd"),
    ];
    for (pointer, value, field, column) in cases {
        let normalized = of(vec![with(pointer, value.clone()), row("2026-10-04", "chat", Value::Null, json!("1"))]);
        assert_eq!(normalized.column(TABLE, "amount_usd"), ["1.000000000", "0.010000000"], "{pointer} {value}");
        assert_eq!(normalized.column(TABLE, column)[0], "null", "{pointer} {value}");
        assert_eq!(normalized.odd_fields(), [field], "{pointer} {value}");
        let bucket = &normalized.batch.buckets[1];
        assert_eq!((bucket.rejects, bucket.remarks), (0, 1), "{pointer} {value}");
    }
}

#[test]
fn an_id_that_is_a_number_is_an_id_and_a_count_may_be_written_in_any_form() {
    let actor = json!({"type": "federated_actor", "provider": {"type": "gcp", "project_number": 77}, "subject": null});
    let mut rows = vec![row("2026-10-04", "chat", json!({"type": "user_actor", "user_id": 12}), json!("1"))];
    rows.push(row("2026-10-04", "chat", actor, json!("1")));
    rows[0]["cost"]["requests"] = json!("3");
    rows[1]["cost"]["requests"] = json!(3.0);
    let normalized = of(rows);
    assert_eq!(normalized.column(TABLE, "actor_id"), ["12", "null"]);
    assert_eq!(normalized.column(TABLE, "requests"), ["Integer(3)", "Integer(3)"]);
    assert_eq!((normalized.remarks(), normalized.rows("rejected_records").len()), (vec![], 0));
}

#[test]
fn whose_the_money_is_must_read() {
    for (field, value) in [("workspace_id", json!(true)), ("api_key_id", json!({}))] {
        let mut odd = row("2026-10-04", "chat", Value::Null, json!("1"));
        odd["group"][field] = value;
        let normalized = of(vec![odd]);
        assert_eq!((normalized.rows(TABLE).len(), normalized.rows("remarks").len()), (0, 0));
        let reason = normalized.column("rejected_records", "reason").remove(0);
        assert!(reason.starts_with(&format!("{field}: it can't be left empty")), "{reason}");
    }
}

#[test]
fn a_day_that_is_told_in_part_gives_no_rows() {
    let mut manifest = manifest(anthropic::analytics_cost::SOURCE, "2026-10-03", "2026-10-04", 1);
    manifest.covered = vec![day("2026-10-03")];
    let rows = ["2026-10-03", "2026-10-04"].map(|date| row(date, "chat", Value::Null, json!("1"))).to_vec();
    let normalized = normalize(&manifest, &Recipe::default(), &[page(rows)]).unwrap();
    assert_eq!(normalized.rows(TABLE).len(), 1);
    assert_eq!((normalized.batch.buckets.len(), normalized.rows("rejected_records").len()), (1, 0));
}

#[test]
fn a_day_without_rows_is_a_bucket_all_the_same() {
    let normalized = of(vec![row("2026-10-04", "chat", Value::Null, json!("1"))]);
    let buckets: Vec<_> =
        normalized.batch.buckets.iter().map(|bucket| (bucket.activity_date.to_string(), bucket.rows)).collect();
    assert_eq!(buckets, [("2026-10-03".to_owned(), 0), ("2026-10-04".to_owned(), 1)]);
}

#[test]
fn a_row_whose_day_goes_back_or_was_not_asked_for_is_a_reject_and_its_neighbours_are_rows() {
    for odd in ["2026-10-03", "2026-10-05", "soon"] {
        let dates = ["2026-10-04", odd, "2026-10-04"];
        let rows = dates.into_iter().map(|date| row(date, "chat", Value::Null, json!("1"))).collect();
        let normalized = of(rows);
        let rejects = normalized.column("rejected_records", "reason");
        assert!(rejects.len() == 1 && rejects[0].starts_with("starting_at: "), "{odd}: {rejects:?}");
        assert_eq!(normalized.rows("claude_analytics_costs").len(), 2, "{odd}");
    }
}
