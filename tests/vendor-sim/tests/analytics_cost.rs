//! Cost by analytics: what it refuses, its pages, and that it is the cost of the cost report.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::analytics::{END, FIVE, START, asking, company, named_dimensions, refused_queries};
use harness::{ANALYTICS, Harness, cents, day, results, sum, told};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use vendor_sim::worlds;

fn amount(row: &Value) -> Decimal {
    cents(row["cost"]["amount"].as_str().unwrap())
}

fn total(rows: &[Value]) -> Decimal {
    rows.iter().map(amount).sum()
}

#[tokio::test]
async fn beta_header_is_required() {
    let harness = company().await;
    let bare = || {
        let url = format!("{}{ANALYTICS}", harness.simulator.url());
        let request = harness.client.get(url).query(&[START]).header("anthropic-version", "2023-06-01");
        request.header("x-api-key", harness.simulator.anthropic_key())
    };
    let refused = told(bare()).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("anthropic-beta"));
    let listed = bare().header("anthropic-beta", "other-1,analytics-usage-cost-2026-08-24");
    assert_eq!(told(listed).await.status, 200);
}

#[tokio::test]
async fn bad_parameters_are_refused() {
    let harness = company().await;
    for (query, expected) in refused_queries() {
        let message = harness.refusal(ANALYTICS, &query).await;
        assert!(message.contains(expected), "{query:?}: {message}");
    }
    harness.read(ANALYTICS, &asking(&FIVE, &[("group_by[]", "cost_type"), ("group_by[]", "token_type")])).await;
    let late = Harness::start(worlds::company(7, day("2027-02-28"), 30)).await;
    let old = [("starting_at", "2026-02-28T00:00:00Z"), ("ending_at", "2026-03-02T00:00:00Z")];
    assert!(late.refusal(ANALYTICS, &old).await.contains("last 365 days"));
    late.read(ANALYTICS, &[("starting_at", "2026-03-01T00:00:00Z"), old[1]]).await;
}

#[tokio::test]
async fn every_day_costs_what_the_cost_report_says() {
    let harness = company().await;
    let fanned = ["product", "actor", "api_key_id", "workspace_id", "model", "cost_type", "token_type"];
    let costs = harness.buckets("2026-10-01", "2026-10-31", &[], "31").await;
    for grouping in [&FIVE[..], &fanned, &[]] {
        let rows = harness.records(ANALYTICS, &asking(grouping, &[("limit", "1000")])).await;
        for bucket in &costs {
            let of_day: Vec<Value> =
                rows.iter().filter(|row| row["starting_at"] == bucket["starting_at"]).cloned().collect();
            assert_eq!(total(&of_day), sum(&results(std::slice::from_ref(bucket))), "{}", bucket["starting_at"]);
            assert!(of_day.iter().all(|row| row["ending_at"] == bucket["ending_at"]));
        }
    }
    let whole = harness.read(ANALYTICS, &[START, END]).await;
    assert_eq!(whole["data"].as_array().unwrap().len(), 1);
    assert_eq!(amount(&whole["data"][0]), sum(&results(&costs)));
}

#[tokio::test]
async fn pages_of_any_size_tell_the_same_rows() {
    let harness = company().await;
    let ordered = [("order_by", "time"), ("order", "asc")];
    let query = |limit| {
        let mut query = asking(&["product", "workspace_id"], &ordered);
        query.push(("limit", limit));
        query
    };
    let whole = harness.records(ANALYTICS, &query("1000")).await;
    for limit in ["37", "100"] {
        assert_eq!(harness.records(ANALYTICS, &query(limit)).await, whole, "{limit}");
    }
    let first = harness.read(ANALYTICS, &asking(&["product", "workspace_id"], &ordered)).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 20);
    assert_eq!(first["data_refreshed_at"], "2026-11-01T00:00:00Z");
    let page = ("page", first["next_page"].as_str().unwrap());
    let changed = asking(&["product"], &[ordered[0], ordered[1], page]);
    assert!(harness.refusal(ANALYTICS, &changed).await.contains("does not match"));
}

#[tokio::test]
async fn rows_that_fan_out_do_not_count_towards_the_limit() {
    let harness = company().await;
    let plain = harness.read(ANALYTICS, &asking(&["model"], &[("limit", "5")])).await;
    let more = [("group_by[]", "token_type"), ("limit", "5")];
    let fanned = harness.read(ANALYTICS, &asking(&["model"], &more)).await;
    let rows = |body: &Value| body["data"].as_array().unwrap().clone();
    assert_eq!(rows(&plain).len(), 5);
    assert!(rows(&fanned).len() > 10, "{}", rows(&fanned).len());
    assert_eq!(total(&rows(&plain)), total(&rows(&fanned)));
    assert!(rows(&plain).iter().all(|row| row["cost"]["requests"].is_u64()));
    assert!(rows(&fanned).iter().all(|row| row["cost"]["requests"].is_null()));
}

#[tokio::test]
async fn order_is_by_amount_down_unless_asked_otherwise() {
    let harness = company().await;
    let rows = async |more: &[(&str, &str)]| {
        let mut query = asking(&["model"], more);
        query.push(("limit", "1000"));
        harness.read(ANALYTICS, &query).await["data"].as_array().unwrap().clone()
    };
    assert!(rows(&[]).await.is_sorted_by(|more, less| amount(more) >= amount(less)));
    assert!(rows(&[("order", "asc")]).await.is_sorted_by(|less, more| amount(less) <= amount(more)));
    let start = |row: &Value| row["starting_at"].as_str().unwrap().to_owned();
    let by_time = rows(&[("order_by", "time"), ("order", "asc")]).await;
    assert!(by_time.is_sorted_by(|early, late| start(early) <= start(late)));
    assert!(rows(&[("order_by", "time")]).await.is_sorted_by(|late, early| start(late) >= start(early)));
}

#[tokio::test]
async fn default_workspace_has_its_real_id_and_everything_else_is_null_unless_grouped() {
    let harness = company().await;
    let costs = harness.buckets("2026-10-01", "2026-10-31", &["workspace_id"], "31").await;
    let in_default: Vec<&Value> = results(&costs).into_iter().filter(|row| row["workspace_id"].is_null()).collect();
    let rows = harness.records(ANALYTICS, &[START, END, ("group_by[]", "workspace_id")]).await;
    let default = harness.simulator.with_world(|world| world.options.default_workspace_id.clone());
    let found: Vec<&Value> = rows.iter().filter(|row| row["group"]["workspace_id"] == default).collect();
    assert_eq!(found.iter().map(|row| amount(row)).sum::<Decimal>(), sum(&in_default));
    assert!(rows.iter().all(|row| named_dimensions(row) == 1));
    assert_eq!(rows[0]["group"].as_object().unwrap().len(), 22);
}

#[tokio::test]
async fn product_and_actor_follow_the_key() {
    let harness = company().await;
    let rows = harness.records(ANALYTICS, &asking(&FIVE, &[("limit", "1000")])).await;
    let of = |product: &str| rows.iter().filter(|row| row["group"]["product"] == product).collect::<Vec<_>>();
    let products = ["claude_code", "claude_console", "messages_api", "message_batches_api", "managed_agents_api"];
    for product in products {
        assert!(!of(product).is_empty(), "{product}");
    }
    assert_eq!(products.iter().map(|product| of(product).len()).sum::<usize>(), rows.len());
    assert!(of("claude_console").iter().all(|row| row["group"]["api_key_id"].is_null()));
    let ada = of("claude_code").into_iter().find(|row| row["group"]["api_key_id"] == "apikey_01ClaudeCodeAda").unwrap();
    let expected = json!({"type": "user_actor", "user_id": "user_01Ada", "name": "Ada",
        "email_address": "ada@example.com", "deleted": false});
    assert_eq!(ada["group"]["actor"], expected);
    let batch = of("message_batches_api")[0];
    assert_eq!(batch["group"]["actor"], json!({"type": "api_actor", "api_key_id": batch["group"]["api_key_id"]}));
    assert!(rows.iter().any(|row| row["group"]["actor"].is_null()));
    harness.simulator.with_world(|world| world.remove_user("user_01Ada"));
    let filtered = asking(&["actor"], &[("actor_ids[]", "user_01Ada"), ("api_key_ids[]", "apikey_01ClaudeCodeAda")]);
    let gone = harness.read(ANALYTICS, &filtered).await;
    let expected = json!({"type": "user_actor", "user_id": "user_01Ada", "name": null,
        "email_address": null, "deleted": true});
    assert_eq!(gone["data"][0]["group"]["actor"], expected);
}

#[tokio::test]
async fn filters_keep_what_they_name_and_an_empty_one_what_has_no_key() {
    let harness = company().await;
    let everything = harness.records(ANALYTICS, &asking(&FIVE, &[("limit", "1000")])).await;
    for (parameter, field, value) in [
        ("products[]", "product", "claude_code"),
        ("workspace_ids[]", "workspace_id", "wrkspc_01Research"),
        ("models[]", "model", "claude-opus-4-6"),
        ("api_key_ids[]", "api_key_id", ""),
    ] {
        let wanted = if value.is_empty() { Value::Null } else { json!(value) };
        let expected: Vec<Value> = everything.iter().filter(|row| row["group"][field] == wanted).cloned().collect();
        assert!(!expected.is_empty());
        let told = harness.records(ANALYTICS, &asking(&FIVE, &[("limit", "1000"), (parameter, value)])).await;
        assert_eq!(told, expected, "{parameter}");
    }
}

#[tokio::test]
async fn list_amount_is_above_the_amount_as_the_world_says() {
    let harness = company().await;
    for (percent, factor) in [(0, "1"), (25, "1.25")] {
        harness.simulator.with_world(|world| world.options.analytics_list_markup_percent = percent);
        let row = harness.read(ANALYTICS, &[START, END]).await["data"][0].clone();
        assert_eq!(cents(row["cost"]["list_amount"].as_str().unwrap()), amount(&row) * cents(factor));
    }
}

#[tokio::test]
async fn cursor_expires_on_request_for_later_pages_only() {
    let harness = company().await;
    harness.simulator.inject("anthropic/analytics_cost:expired-cursor*1".parse().unwrap());
    let query = asking(&FIVE, &[]);
    let first = harness.read(ANALYTICS, &query).await;
    let mut next = query.clone();
    next.push(("page", first["next_page"].as_str().unwrap()));
    let gone = told(harness.get(ANALYTICS, &next)).await;
    assert_eq!((gone.status, &gone.body["type"]), (410, &json!("error")));
    harness.read(ANALYTICS, &query).await;
    harness.read(ANALYTICS, &next).await;
}

#[tokio::test]
async fn missing_scope_is_that_of_one_endpoint() {
    let harness = company().await;
    harness.simulator.inject("anthropic/analytics_cost:missing-scope".parse().unwrap());
    let refused = told(harness.get(ANALYTICS, &[START, END])).await;
    assert_eq!((refused.status, &refused.body["error"]["type"]), (403, &json!("permission_error")));
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("read:analytics"));
    assert_eq!(harness.cost(&[START, END]).await.status, 200);
}

#[tokio::test]
async fn a_day_after_the_last_refresh_is_told_in_part() {
    let harness = company().await;
    let query = asking(&["model"], &[("limit", "1000")]);
    let whole = harness.read(ANALYTICS, &query).await;
    harness.simulator.with_world(|world| world.options.analytics_refreshed_on = Some(day("2026-10-31")));
    let partly = harness.read(ANALYTICS, &query).await;
    assert_eq!(partly["data_refreshed_at"], "2026-10-31T00:00:00Z");
    let of = |body: &Value, is_last: bool| {
        let rows = body["data"].as_array().unwrap().iter();
        rows.filter(|row| (row["starting_at"] == "2026-10-31T00:00:00Z") == is_last).map(amount).sum::<Decimal>()
    };
    assert_eq!(of(&partly, false), of(&whole, false));
    assert!(Decimal::ZERO < of(&partly, true) && of(&partly, true) < of(&whole, true));
}

#[tokio::test]
async fn nobody_may_have_several_rows_and_an_address_its_older_name() {
    let harness = company().await;
    let query = asking(&FIVE, &[("limit", "1000")]);
    let before = harness.records(ANALYTICS, &query).await;
    harness.simulator.with_world(|world| {
        world.options.analytics_nobody_rows = 3;
        world.options.analytics_email_is_older = true;
    });
    let after = harness.records(ANALYTICS, &query).await;
    let nobody = |rows: &[Value]| rows.iter().filter(|row| row["group"]["actor"].is_null()).count();
    assert!(nobody(&before) > 0);
    assert_eq!((nobody(&after), total(&after)), (3 * nobody(&before), total(&before)));
    let user = after.iter().find(|row| row["group"]["actor"]["type"] == "user_actor").unwrap();
    let actor = user["group"]["actor"].as_object().unwrap();
    assert!(actor["email"].is_string() && !actor.contains_key("email_address"));
}
