//! Usage by analytics: what it shares with the cost by analytics, and that its tokens are those of
//! the messages report.
#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::BTreeMap;

use harness::analytics::{BY_DAY, END, FIVE, START, asking, company, named_dimensions, refused_queries, rows};
use harness::{ANALYTICS, ANALYTICS_USAGE, Harness, USAGE, counts, day, told};
use serde_json::{Value, json};
use vendor_sim::{Actor, Federation, IdentityProvider, World, worlds};

type Sums = BTreeMap<String, [u64; 6]>;

fn add(sums: &mut Sums, group: Value, more: [u64; 6]) {
    let sum = sums.entry(group.to_string()).or_default();
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// The counts of each day and combination of the dimensions.
fn sums_of(rows: &[Value], dimensions: &[&str]) -> Sums {
    let mut sums = Sums::new();
    rows.iter().for_each(|row| add(&mut sums, labels(row, dimensions), counts(&row["usage"])));
    sums
}

/// The day of a row and its values of the dimensions.
fn labels(row: &Value, dimensions: &[&str]) -> Value {
    let values = dimensions.iter().map(|name| row["group"][name].clone());
    [row["starting_at"].clone()].into_iter().chain(values).collect()
}

fn total(rows: &[Value], figure: &str) -> u64 {
    rows.iter().map(|row| row["usage"][figure].as_u64().unwrap()).sum()
}

/// All rows of October by day in the order of the endpoint.
async fn october(harness: &Harness, path: &str, group_by: &[&str], more: &[(&str, &str)]) -> Vec<Value> {
    let mut query = asking(group_by, more);
    query.push(("limit", "1000"));
    harness.records(path, &query).await
}

#[tokio::test]
async fn what_the_cost_refuses_is_refused_here_too() {
    let harness = company().await;
    for (query, expected) in refused_queries() {
        let message = harness.refusal(ANALYTICS_USAGE, &query).await;
        assert!(message.contains(expected), "{query:?}: {message}");
    }
    let url = format!("{}{ANALYTICS_USAGE}", harness.simulator.url());
    let bare = harness.client.get(url).query(&[START]).header("anthropic-version", "2023-06-01");
    let refused = told(bare.header("x-api-key", harness.simulator.anthropic_key())).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("anthropic-beta"));
}

#[tokio::test]
async fn what_only_a_cost_has_is_refused() {
    let harness = company().await;
    for (parameter, value) in
        [("group_by[]", "cost_type"), ("group_by[]", "token_type"), ("order_by", "amount"), ("order_by", "list_amount")]
    {
        let message = harness.refusal(ANALYTICS_USAGE, &[START, (parameter, value)]).await;
        assert!(message.starts_with(parameter.trim_end_matches("[]")), "{value}: {message}");
        harness.read(ANALYTICS, &[START, (parameter, value)]).await;
    }
    let six = asking(&["product", "actor", "api_key_id", "workspace_id", "model", "speed"], &[]);
    let message = harness.refusal(ANALYTICS_USAGE, &six).await;
    assert_eq!(message, "Cannot specify more than 5 group_by[] dimensions.");
}

#[tokio::test]
async fn each_day_key_workspace_and_model_has_the_tokens_of_the_messages_report() {
    let harness = company().await;
    let default = harness.simulator.with_world(|world| world.options.default_workspace_id.clone());
    let dimensions = ["api_key_id", "workspace_id", "model", "service_tier", "inference_geo"];
    let mut expected = Sums::new();
    for bucket in harness.buckets_of(USAGE, "2026-10-01", "2026-10-31", &dimensions, "31").await {
        for row in bucket["results"].as_array().unwrap() {
            let workspace = row["workspace_id"].as_str().unwrap_or(&default);
            let group = json!([
                bucket["starting_at"],
                row["api_key_id"],
                workspace,
                row["model"],
                row["service_tier"],
                row["inference_geo"]
            ]);
            add(&mut expected, group, counts(row));
        }
    }
    let used = october(&harness, ANALYTICS_USAGE, &dimensions, &[]).await;
    let found = sums_of(&used, &dimensions);
    assert!(found.len() > 1_000, "{}", found.len());
    assert_eq!(found, expected);
}

#[tokio::test]
async fn rows_are_those_of_the_world() {
    let harness = company().await;
    let mut expected = Sums::new();
    harness.simulator.with_world(|world| {
        for the_day in day("2026-10-01").iter_days().take(31) {
            for used in world.analytics_usage(the_day) {
                let group = json!([
                    format!("{the_day}T00:00:00Z"),
                    used.product,
                    used.key.api_key_id,
                    used.key.model,
                    used.speed,
                    used.key.context_window
                ]);
                let c = used.counts;
                let counts =
                    [c.uncached_input, c.output, c.cache_read, c.cache_write_5m, c.cache_write_1h, c.web_searches];
                add(&mut expected, group, counts);
            }
        }
    });
    let dimensions = ["product", "api_key_id", "model", "speed", "context_window"];
    let used = october(&harness, ANALYTICS_USAGE, &dimensions, &[]).await;
    let found = sums_of(&used, &dimensions);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn actors_products_and_requests_are_those_of_the_cost() {
    let harness = company().await;
    let requests = |rows: &[Value], field: &str| -> BTreeMap<String, u64> {
        let requests = |row: &Value| row[field]["requests"].as_u64().unwrap();
        let some = rows.iter().filter(|row| requests(row) > 0);
        some.map(|row| (labels(row, &FIVE).to_string(), requests(row))).collect()
    };
    let costs = october(&harness, ANALYTICS, &FIVE, &[]).await;
    let used = october(&harness, ANALYTICS_USAGE, &FIVE, &[]).await;
    let expected = requests(&costs, "cost");
    assert!(expected.len() > 1_000, "{}", expected.len());
    assert_eq!(requests(&used, "usage"), expected);
    for product in ["claude_code", "claude_console", "messages_api", "message_batches_api"] {
        assert!(used.iter().any(|row| row["group"]["product"] == product), "{product}");
    }
}

#[tokio::test]
async fn a_row_has_every_dimension_and_only_those_asked_for_are_not_null() {
    let harness = company().await;
    let whole = rows(&harness.read(ANALYTICS_USAGE, &[START, END]).await);
    assert_eq!((whole.len(), named_dimensions(&whole[0])), (1, 0));
    let usage = &whole[0]["usage"];
    assert_eq!(usage.as_object().unwrap().len(), 7);
    let tokens: u64 = counts(usage)[..5].iter().sum();
    assert!(tokens > 0 && usage["requests"].as_u64().unwrap() > 0);
    assert_eq!(usage["total_tokens"], tokens);
    let by_workspace = rows(&harness.read(ANALYTICS_USAGE, &[START, END, ("group_by[]", "workspace_id")]).await);
    assert!(by_workspace.iter().all(|row| named_dimensions(row) == 1));
    assert_eq!(total(&by_workspace, "total_tokens"), tokens);
    let group = by_workspace[0]["group"].as_object().unwrap();
    assert!(group.len() == 20 && !group.contains_key("cost_type") && !group.contains_key("token_type"));
    let default = harness.simulator.with_world(|world| world.options.default_workspace_id.clone());
    assert_eq!(by_workspace.iter().filter(|row| row["group"]["workspace_id"] == default).count(), 1);
}

#[tokio::test]
async fn pages_of_any_size_hold_the_same_rows() {
    let harness = company().await;
    let query =
        |limit| asking(&["product", "workspace_id"], &[("order_by", "time"), ("order", "asc"), ("limit", limit)]);
    let whole = harness.records(ANALYTICS_USAGE, &query("1000")).await;
    for limit in ["37", "100"] {
        assert_eq!(harness.records(ANALYTICS_USAGE, &query(limit)).await, whole, "{limit}");
    }
    let first = harness.read(ANALYTICS_USAGE, &query("37")).await;
    assert_eq!((rows(&first).len(), &first["data_refreshed_at"]), (37, &json!("2026-11-01T00:00:00Z")));
}

#[tokio::test]
async fn page_token_is_bound_to_the_query_and_to_the_endpoint() {
    let harness = company().await;
    let first = harness.read(ANALYTICS_USAGE, &asking(&["product"], &[])).await;
    let page = ("page", first["next_page"].as_str().unwrap());
    harness.read(ANALYTICS_USAGE, &asking(&["product"], &[page])).await;
    for (path, group_by) in [(ANALYTICS_USAGE, "model"), (ANALYTICS, "product")] {
        assert!(harness.refusal(path, &asking(&[group_by], &[page])).await.contains("does not match"), "{path}");
    }
}

#[tokio::test]
async fn order_is_by_all_tokens_down_unless_asked_otherwise() {
    let harness = company().await;
    let asked = async |more: &[(&str, &str)]| october(&harness, ANALYTICS_USAGE, &["model"], more).await;
    let figure = |row: &Value, name: &str| row["usage"][name].as_u64().unwrap();
    assert!(asked(&[]).await.is_sorted_by_key(|row| std::cmp::Reverse(figure(row, "total_tokens"))));
    for ranking in ["total_tokens", "output_tokens", "uncached_input_tokens", "requests"] {
        let down = asked(&[("order_by", ranking)]).await;
        assert!(down.is_sorted_by_key(|row| std::cmp::Reverse(figure(row, ranking))), "{ranking}");
        let up = asked(&[("order_by", ranking), ("order", "asc")]).await;
        assert!(up.is_sorted_by_key(|row| figure(row, ranking)), "{ranking}");
    }
    let by_time = asked(&[("order_by", "time"), ("order", "asc")]).await;
    let place =
        |row: &Value| (row["starting_at"].as_str().unwrap().to_owned(), std::cmp::Reverse(figure(row, "total_tokens")));
    assert!(by_time.is_sorted_by_key(place));
}

#[tokio::test]
async fn filters_keep_what_they_name() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.options.fast_models = vec!["claude-opus-4-6".to_owned()]);
    let dimensions = ["product", "api_key_id", "model", "inference_geo", "speed"];
    let everything = october(&harness, ANALYTICS_USAGE, &dimensions, &[]).await;
    for (parameter, field, value) in [
        ("products[]", "product", "claude_code"),
        ("api_key_ids[]", "api_key_id", ""),
        ("models[]", "model", "claude-opus-4-6"),
        ("inference_geos[]", "inference_geo", "global"),
        ("speeds[]", "speed", "fast"),
    ] {
        let wanted = if value.is_empty() { Value::Null } else { json!(value) };
        let expected: Vec<Value> = everything.iter().filter(|row| row["group"][field] == wanted).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < everything.len(), "{parameter}");
        assert_eq!(
            october(&harness, ANALYTICS_USAGE, &dimensions, &[(parameter, value)]).await,
            expected,
            "{parameter}"
        );
    }
    let is_fast = |row: &Value| row["group"]["speed"] == "fast";
    assert!(everything.iter().all(|row| is_fast(row) == (row["group"]["model"] == "claude-opus-4-6")));
}

#[tokio::test]
async fn a_day_after_the_last_refresh_is_incomplete() {
    let harness = company().await;
    let tokens = |body: &Value, is_last: bool| {
        let is_meant = |row: &Value| (row["starting_at"] == "2026-10-31T00:00:00Z") == is_last;
        total(&rows(body).into_iter().filter(is_meant).collect::<Vec<_>>(), "total_tokens")
    };
    let query = asking(&["model"], &[("limit", "1000")]);
    let whole = harness.read(ANALYTICS_USAGE, &query).await;
    harness.simulator.with_world(|world| world.options.analytics_refreshed_on = Some(day("2026-10-31")));
    let partly = harness.read(ANALYTICS_USAGE, &query).await;
    assert_eq!(partly["data_refreshed_at"], "2026-10-31T00:00:00Z");
    assert_eq!(tokens(&partly, false), tokens(&whole, false));
    assert!(0 < tokens(&partly, true) && tokens(&partly, true) < tokens(&whole, true));

    harness.simulator.with_world(|world| world.options.analytics_never_refreshed = true);
    for path in [ANALYTICS, ANALYTICS_USAGE] {
        assert!(harness.read(path, &query).await["data_refreshed_at"].is_null(), "{path}");
    }
    let never = harness.read(ANALYTICS_USAGE, &query).await;
    assert!(0 < tokens(&never, false) && tokens(&never, false) < tokens(&whole, false));
}

#[tokio::test]
async fn unattributed_use_may_have_several_rows_that_sum_to_the_same() {
    let harness = company().await;
    harness.simulator.with_world(|world| {
        let people: Vec<String> = world.users().iter().map(|user| user.id.clone()).collect();
        people.iter().for_each(|id| drop(world.remove_user(id)));
    });
    let before = october(&harness, ANALYTICS_USAGE, &FIVE, &[]).await;
    harness.simulator.with_world(|world| world.options.analytics_nobody_rows = 3);
    let after = october(&harness, ANALYTICS_USAGE, &FIVE, &[]).await;
    let unattributed = |rows: &[Value]| rows.iter().filter(|row| row["group"]["actor"].is_null()).count();
    assert!(unattributed(&before) > 0);
    assert_eq!(unattributed(&after), 3 * unattributed(&before));
    assert_eq!(total(&after, "requests"), total(&before, "requests"));
    assert_eq!(sums_of(&after, &FIVE), sums_of(&before, &FIVE));
}

#[tokio::test]
async fn federated_actor_stands_for_its_key_with_a_provider_that_is_an_object() {
    let harness = company().await;
    let oidc = IdentityProvider::Oidc { issuer: "https://token.example.com".to_owned() };
    let azure = IdentityProvider::Azure { subscription_id: "sub-1".to_owned() };
    harness.simulator.with_world(|world: &mut World| {
        let subject = Some("repo:example/evals".to_owned());
        world.federate("apikey_01Program00", Federation { provider: oidc, subject });
        world.federate("apikey_01Program02", Federation { provider: azure, subject: None });
    });
    for (key, provider, subject) in [
        (
            "apikey_01Program00",
            json!({"type": "oidc", "issuer": "https://token.example.com"}),
            json!("repo:example/evals"),
        ),
        ("apikey_01Program02", json!({"type": "azure", "subscription_id": "sub-1"}), Value::Null),
    ] {
        let expected = json!({"type": "federated_actor", "provider": provider, "subject": subject});
        let (of_key, federated) = (("api_key_ids[]", key), ("actor_types[]", "federated_actor"));
        for path in [ANALYTICS, ANALYTICS_USAGE] {
            let rows = october(&harness, path, &["actor"], &[of_key, federated]).await;
            assert!(!rows.is_empty(), "{path} {key}");
            assert!(rows.iter().all(|row| row["group"]["actor"] == expected), "{path} {key}");
            let by_id = october(&harness, path, &[], &[("actor_ids[]", key)]).await;
            assert_eq!(by_id, [] as [Value; 0], "an identity from outside has no id: {path} {key}");
        }
    }
}

#[tokio::test]
async fn an_address_may_have_its_older_name() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.options.analytics_email_is_older = true);
    let rows = october(&harness, ANALYTICS_USAGE, &["actor"], &[("actor_types[]", "user_actor")]).await;
    let actor = rows[0]["group"]["actor"].as_object().unwrap();
    assert!(actor["email"].is_string() && !actor.contains_key("email_address"));
}

#[tokio::test]
async fn both_endpoints_share_a_limit_of_requests() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.options.analytics_requests_per_minute = Some(3));
    let mut statuses = Vec::new();
    for path in [ANALYTICS, ANALYTICS_USAGE, ANALYTICS, ANALYTICS_USAGE, ANALYTICS] {
        statuses.push(told(harness.get(path, &[START, END])).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let refused = harness.get(ANALYTICS_USAGE, &[START, END, BY_DAY]).send().await.unwrap();
    assert!(refused.headers().get("retry-after").is_none());
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["type"], "rate_limit_error");
    assert_eq!(harness.cost(&[START, END]).await.status, 200);
}

#[tokio::test]
async fn cursor_expires_on_request_for_later_pages_only() {
    let harness = company().await;
    harness.simulator.inject("anthropic/analytics_usage:expired-cursor*1".parse().unwrap());
    let first = harness.read(ANALYTICS_USAGE, &asking(&FIVE, &[])).await;
    let next = asking(&FIVE, &[("page", first["next_page"].as_str().unwrap())]);
    assert_eq!(told(harness.get(ANALYTICS_USAGE, &next)).await.status, 410);
    harness.read(ANALYTICS_USAGE, &next).await;
}

#[tokio::test]
async fn missing_scope_is_that_of_one_endpoint() {
    let harness = company().await;
    harness.simulator.inject("anthropic/analytics_usage:missing-scope".parse().unwrap());
    assert_eq!(told(harness.get(ANALYTICS_USAGE, &[START, END])).await.status, 403);
    assert_eq!(told(harness.get(ANALYTICS, &[START, END])).await.status, 200);
}

#[tokio::test]
async fn restated_day_has_other_tokens() {
    let harness = company().await;
    let tokens = async || {
        let rows = rows(&harness.read(ANALYTICS_USAGE, &[START, END, BY_DAY, ("limit", "31")]).await);
        let is_fifth = |row: &&Value| row["starting_at"] == "2026-10-05T00:00:00Z";
        let fifth = rows.iter().find(is_fifth).unwrap()["usage"]["total_tokens"].as_u64().unwrap();
        (fifth, total(&rows, "total_tokens") - fifth)
    };
    let before = tokens().await;
    harness.simulator.with_world(|world| world.restate_day(day("2026-10-05")));
    let after = tokens().await;
    assert!(after.0 > before.0);
    assert_eq!(after.1, before.1);
}

#[test]
fn each_share_of_a_cost_is_in_the_use_of_its_actor_product_and_key() {
    type Use = BTreeMap<(Option<Actor>, String, Option<String>), [u64; 3]>;
    let add = |sums: &mut Use, key, more: [u64; 3]| {
        if more != [0; 3] {
            let sum = sums.entry(key).or_default();
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    };
    let first = day("2026-09-01");
    for world in (0..20).map(|seed| worlds::random(seed, first, 30)) {
        for the_day in first.iter_days().take(30) {
            let (mut expected, mut found) = (Use::new(), Use::new());
            for share in world.cost_shares(the_day) {
                let figures = [share.tokens, share.web_searches, share.requests()];
                add(&mut expected, (share.actor, share.product, share.api_key_id), figures);
            }
            for used in world.analytics_usage(the_day) {
                let figures = [used.counts.total_tokens(), used.counts.web_searches, used.requests];
                add(&mut found, (used.actor, used.product, used.key.api_key_id), figures);
            }
            assert_eq!(found, expected, "{the_day}");
        }
    }
}
