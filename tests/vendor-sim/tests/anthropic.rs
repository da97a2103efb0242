//! What Anthropic's API refuses, and the form of what it answers.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{COST, Harness, ME, cents, day, refused_with, results, told};
use reqwest::StatusCode;
use serde_json::Value;
use vendor_sim::{CostRow, World, worlds};

const START: (&str, &str) = ("starting_at", "2025-10-03T00:00:00Z");
const END: (&str, &str) = ("ending_at", "2025-10-18T00:00:00Z");

async fn october() -> Harness {
    Harness::start(worlds::october()).await
}

async fn refused(query: &[(&str, &str)]) -> String {
    let told = october().await.cost(query).await;
    assert_eq!(told.status, 400, "{query:?}");
    assert_eq!(told.body["type"], "error");
    assert_eq!(told.body["error"]["type"], "invalid_request_error");
    assert!(told.body["request_id"].as_str().unwrap().starts_with("req_"));
    told.body["error"]["message"].as_str().unwrap().to_owned()
}

fn starts(buckets: &[Value]) -> Vec<&str> {
    buckets.iter().map(|bucket| bucket["starting_at"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn key_and_version_are_checked_first() {
    let harness = october().await;
    let bare = |path| harness.client.get(format!("{}{path}", harness.simulator.url()));
    let version = ("anthropic-version", "2023-06-01");
    for request in [
        bare(COST).header(version.0, version.1),
        bare(ME).header(version.0, version.1).header("x-api-key", "sk-ant-admin01-other"),
    ] {
        let body = refused_with(request.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
        assert_eq!(body["error"]["type"], "authentication_error");
    }
    let key = harness.simulator.anthropic_key();
    for request in
        [bare(ME).header("x-api-key", &key), bare(ME).header("x-api-key", &key).header(version.0, "1999-01-01")]
    {
        let body = refused_with(request.send().await.unwrap(), StatusCode::BAD_REQUEST).await;
        assert!(body["error"]["message"].as_str().unwrap().starts_with("anthropic-version"));
    }
}

#[tokio::test]
async fn key_may_come_as_a_bearer_token() {
    let harness = october().await;
    let me = |key: &str| {
        let url = format!("{}{ME}", harness.simulator.url());
        harness.client.get(url).header("anthropic-version", "2023-06-01").bearer_auth(key)
    };
    assert_eq!(told(me(&harness.simulator.anthropic_key())).await.status, 200);
    assert_eq!(told(me("sk-ant-admin01-other")).await.status, 401);
}

#[tokio::test]
async fn key_without_scope_is_forbidden_until_it_has_it() {
    let harness = october().await;
    harness.simulator.with_world(|world| world.options.anthropic_key_lacks_scope = true);
    let told = harness.cost(&[START]).await;
    assert_eq!((told.status, &told.body["error"]["type"]), (403, &"permission_error".into()));
    harness.simulator.with_world(|world| world.options.anthropic_key_lacks_scope = false);
    assert_eq!(harness.cost(&[START]).await.status, 200);
}

#[tokio::test]
async fn me_names_the_organization() {
    let harness = october().await;
    let me = told(harness.get(ME, &[])).await;
    assert_eq!(me.status, 200);
    assert_eq!(me.body["type"], "organization");
    assert_eq!(me.body["id"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn unknown_path_and_method_are_not_found() {
    let harness = october().await;
    let lost = told(harness.get("/v1/organizations/nothing", &[])).await;
    assert_eq!((lost.status, &lost.body["error"]["type"]), (404, &"not_found_error".into()));
    let put = harness.client.put(format!("{}{COST}", harness.simulator.url()));
    let put = put.header("x-api-key", "sk-ant-admin01-sim").header("anthropic-version", "2023-06-01");
    assert_eq!(put.send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_last_days_may_be_missing_and_a_range_of_nothing_else_refused() {
    let harness = october().await;
    harness.simulator.with_world(|world| world.options.buckets_end_on = Some(day("2025-10-05")));
    assert_eq!(harness.buckets("2025-10-03", "2025-10-07", &[], "7").await.len(), 3);
    assert!(harness.buckets("2025-10-06", "2025-10-07", &[], "7").await.is_empty());
    harness.simulator.with_world(|world| world.options.buckets_refuse_what_is_not_there = true);
    let range = [("starting_at", "2025-10-06T00:00:00Z"), ("ending_at", "2025-10-08T00:00:00Z")];
    assert!(harness.refusal(COST, &range).await.contains("ending date must be after starting date"));
    assert_eq!(harness.buckets("2025-10-03", "2025-10-07", &[], "7").await.len(), 3);
}

#[tokio::test]
async fn bad_parameters_are_refused() {
    let cases: [(&[(&str, &str)], &str); 13] = [
        (&[], "starting_at: Field required"),
        (&[("starting_at", "2025-10-03")], "starting_at"),
        (&[("starting_at", "yesterday")], "starting_at"),
        (&[START, ("ending_at", "soon")], "ending_at"),
        (&[START, ("limit", "0")], "limit"),
        (&[START, ("limit", "32")], "limit"),
        (&[START, ("limit", "a week")], "limit"),
        (&[START, ("bucket_width", "1h")], "bucket_width"),
        (&[START, ("group_by[]", "model")], "group_by"),
        (&[START, ("group_by", "description")], "group_by: Extra inputs"),
        (&[START, ("workspace_ids[]", "wrkspc_01")], "workspace_ids[]: Extra inputs"),
        (&[START, START], "starting_at: Input should be a single value"),
        (&[START, ("page", "2")], "page: Invalid page token"),
    ];
    for (query, expected) in cases {
        let message = refused(query).await;
        assert!(message.contains(expected), "{query:?}: {message}");
    }
}

#[tokio::test]
async fn range_without_a_full_day_is_refused() {
    let message = "Invalid date range: ending date must be after starting date";
    for (start, end) in [
        ("2025-10-03T00:00:00Z", "2025-10-03T23:59:59Z"),
        ("2025-10-03T00:00:00Z", "2025-10-03T00:00:00Z"),
        ("2025-10-05T00:00:00Z", "2025-10-03T00:00:00Z"),
        ("2025-10-03T09:00:00+02:00", "2025-10-04T01:00:00+02:00"),
    ] {
        assert_eq!(refused(&[("starting_at", start), ("ending_at", end)]).await, message);
    }
    // Without an end the range goes up to now, and today is not finished.
    assert_eq!(refused(&[("starting_at", "2025-11-25T10:00:00Z")]).await, message);
}

#[tokio::test]
async fn bounds_snap_down_to_utc_days_and_the_end_is_exclusive() {
    let harness = october().await;
    let query = [("starting_at", "2025-10-03T22:30:00Z"), ("ending_at", "2025-10-06T01:00:00+02:00")];
    let told = harness.cost(&query).await;
    let buckets = told.body["data"].as_array().unwrap();
    assert_eq!(starts(buckets), ["2025-10-03T00:00:00Z", "2025-10-04T00:00:00Z"]);
    assert_eq!(buckets[1]["ending_at"], "2025-10-05T00:00:00Z");
    assert_eq!(told.body["has_more"], false);
}

#[tokio::test]
async fn page_holds_seven_days_unless_asked_otherwise() {
    let harness = october().await;
    for (limit, expected) in [(None, 7), (Some("1"), 1), (Some("31"), 31)] {
        let mut query = vec![("starting_at", "2025-09-01T00:00:00Z"), END];
        query.extend(limit.map(|limit| ("limit", limit)));
        let told = harness.cost(&query).await;
        assert_eq!(told.body["data"].as_array().unwrap().len(), expected);
        assert_eq!(told.body["has_more"], true);
    }
}

#[tokio::test]
async fn every_day_has_its_bucket_oldest_first_on_any_page_size() {
    let harness = october().await;
    let whole = harness.buckets("2025-09-20", "2025-11-05", &["description"], "31").await;
    let days: Vec<String> = day("2025-09-20").iter_days().take(47).map(|day| format!("{day}T00:00:00Z")).collect();
    assert_eq!(starts(&whole), days);
    assert_eq!(whole[0]["results"], Value::Array(vec![]));
    for limit in ["1", "7", "30"] {
        assert_eq!(harness.buckets("2025-09-20", "2025-11-05", &["description"], limit).await, whole);
    }
}

#[tokio::test]
async fn page_token_is_bound_to_its_query() {
    let harness = october().await;
    let first = harness.cost(&[START, END, ("group_by[]", "description")]).await;
    let token = first.body["next_page"].as_str().unwrap().to_owned();
    assert!(token.starts_with("page_"));
    let page = ("page", token.as_str());
    let changed: [&[(&str, &str)]; 5] = [
        &[START, END, page],
        &[START, END, ("group_by[]", "workspace_id"), page],
        &[START, END, ("group_by[]", "description"), ("limit", "8"), page],
        &[START, ("group_by[]", "description"), page],
        &[("starting_at", "2025-10-04T00:00:00Z"), END, ("group_by[]", "description"), page],
    ];
    for query in changed {
        let told = harness.cost(query).await;
        assert_eq!(told.status, 400, "{query:?}");
        assert!(told.body["error"]["message"].as_str().unwrap().contains("does not match"));
    }
    let second = harness.cost(&[END, page, ("group_by[]", "description"), START]).await;
    assert_eq!(starts(second.body["data"].as_array().unwrap())[0], "2025-10-10T00:00:00Z");
}

#[tokio::test]
async fn today_is_answered_only_if_the_world_says_so_and_tomorrow_never() {
    let harness = october().await;
    let query = [("starting_at", "2025-11-23T00:00:00Z"), ("ending_at", "2025-11-29T00:00:00Z")];
    for (today_is_returned, last) in [(false, "2025-11-24T00:00:00Z"), (true, "2025-11-25T00:00:00Z")] {
        harness.simulator.with_world(|world| world.options.today_is_returned = today_is_returned);
        let told = harness.cost(&query).await;
        assert_eq!(starts(told.body["data"].as_array().unwrap()).last(), Some(&last));
        assert_eq!(told.body["has_more"], false);
    }
    let future = [("starting_at", "2025-12-01T00:00:00Z"), ("ending_at", "2025-12-03T00:00:00Z")];
    assert_eq!(harness.cost(&future).await.body["data"], Value::Array(vec![]));
}

#[tokio::test]
async fn fields_are_null_unless_grouped_by_what_they_come_from() {
    let described =
        ["description", "cost_type", "model", "token_type", "context_window", "service_tier", "inference_geo"];
    let harness = october().await;
    for (grouping, by_workspace, by_description) in [
        (&[][..], false, false),
        (&["workspace_id"], true, false),
        (&["description"], false, true),
        (&["description", "workspace_id"], true, true),
    ] {
        let buckets = harness.buckets("2025-10-06", "2025-10-06", grouping, "7").await;
        let rows = results(&buckets);
        for field in described {
            assert_eq!(rows.iter().any(|row| !row[field].is_null()), by_description, "{field} by {grouping:?}");
        }
        assert_eq!(rows.iter().any(|row| !row["workspace_id"].is_null()), by_workspace);
        assert!(rows.iter().any(|row| row["workspace_id"].is_null()));
        assert!(rows.iter().all(|row| row["amount"].is_string() && row["currency"] == "USD"));
        assert_eq!(rows.len() == 1, grouping.is_empty());
    }
}

#[tokio::test]
async fn rows_without_tokens_have_no_model_even_when_described() {
    let harness = october().await;
    let buckets = harness.buckets("2025-10-06", "2025-10-06", &["description"], "7").await;
    let rows = results(&buckets);
    let search = rows.iter().find(|row| row["cost_type"] == "web_search").unwrap();
    for field in ["model", "token_type", "context_window", "service_tier"] {
        assert!(search[field].is_null(), "{field}");
    }
    assert_eq!(search["description"], "Web Search Usage");
}

#[tokio::test]
async fn twins_stay_apart_grouped_by_both_and_add_up_otherwise() {
    let the_day = day("2025-11-01");
    let mut world = World::empty(day("2025-11-25"));
    for amount in ["0.5", "0.5", "1.25"] {
        world.add_cost_row(the_day, CostRow::other("web_search", cents(amount)));
    }
    let harness = Harness::start(world).await;
    let amounts = async |grouping: &[&str]| {
        let buckets = harness.buckets("2025-11-01", "2025-11-01", grouping, "7").await;
        let rows = results(&buckets);
        rows.iter().map(|row| row["amount"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(amounts(&["workspace_id", "description"]).await, ["0.5", "0.5", "1.25"]);
    assert_eq!(amounts(&["description"]).await, ["2.25"]);
    assert_eq!(amounts(&[]).await, ["2.25"]);
}
