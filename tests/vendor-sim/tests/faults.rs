//! Each fault does what its name says, where and as often as asked, and nothing else.
#![allow(clippy::unwrap_used)]

mod harness;

use std::time::{Duration, Instant};

use harness::{COST, DAILY, Harness, ME, cents, day, paged, results, sum, told};
use serde_json::{Value, json};
use vendor_sim::{Endpoint, Fault, FaultKind, When, worlds};

const QUERY: [(&str, &str); 2] = [("starting_at", "2025-10-03T00:00:00Z"), ("ending_at", "2025-10-18T00:00:00Z")];
const GROUPED: [(&str, &str); 4] = [QUERY[0], QUERY[1], ("group_by[]", "workspace_id"), ("group_by[]", "description")];

async fn october(fault: &str) -> Harness {
    let harness = Harness::start(worlds::october()).await;
    harness.simulator.inject(fault.parse().unwrap());
    harness
}

async fn company(fault: &str) -> Harness {
    let harness = Harness::start(worlds::company(7, day("2025-11-20"), 30)).await;
    harness.simulator.inject(fault.parse().unwrap());
    harness
}

fn page(number: u32) -> Value {
    paged("2025-11-10", "2025-11-11", number, 10)
}

fn user_ids(body: &Value) -> Vec<u64> {
    let mut ids: Vec<u64> =
        body["data"].as_array().unwrap().iter().map(|row| row["userId"].as_u64().unwrap()).collect();
    ids.dedup();
    ids
}

/// The answer to the query's second page.
async fn second_page(harness: &Harness, query: &[(&str, &str)]) -> Value {
    let first = harness.cost(query).await;
    let mut query = query.to_vec();
    query.push(("page", first.body["next_page"].as_str().unwrap()));
    harness.cost(&query).await.body
}

fn starts(body: &Value) -> Vec<&str> {
    body["data"].as_array().unwrap().iter().map(|bucket| bucket["starting_at"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn statuses_have_the_body_of_their_vendor() {
    for (status, error_type) in
        [(401, "authentication_error"), (500, "api_error"), (504, "timeout_error"), (529, "overloaded_error")]
    {
        let harness = october(&format!("anthropic/cost_report:{status}*1")).await;
        let told = harness.cost(&QUERY).await;
        assert_eq!((told.status, &told.body["error"]["type"]), (status, &error_type.into()));
        assert_eq!(harness.cost(&QUERY).await.status, 200);
    }
    let harness = company("any:500").await;
    let told = harness.daily(&page(1)).await;
    assert_eq!((told.status, &told.body["error"]), (500, &"Internal Server Error".into()));
}

#[tokio::test]
async fn too_many_requests_comes_with_and_without_retry_after() {
    for (fault, expected) in [("any:429", None), ("any:429=7", Some("7"))] {
        let harness = october(fault).await;
        let response = harness.get(COST, &QUERY).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 429);
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, expected);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["type"], "rate_limit_error");
    }
}

#[tokio::test]
async fn fault_hits_its_endpoint_its_moment_and_its_text_only() {
    let statuses = async |fault: &str| {
        let harness = october(fault).await;
        let mut seen = Vec::new();
        for query in [&QUERY[..], &GROUPED, &QUERY, &GROUPED] {
            seen.push(harness.cost(query).await.status);
        }
        seen.push(told(harness.get(ME, &[])).await.status);
        seen
    };
    assert_eq!(statuses("anthropic/me:500").await, [200, 200, 200, 200, 500]);
    assert_eq!(statuses("anthropic/cost_report:500").await, [500, 500, 500, 500, 200]);
    assert_eq!(statuses("anthropic/cost_report:500*2").await, [500, 500, 200, 200, 200]);
    assert_eq!(statuses("any:500@nth=3").await, [200, 200, 500, 200, 200]);
    assert_eq!(statuses("any?group_by[]=description:500@nth=2").await, [200, 200, 200, 500, 200]);
    assert_eq!(statuses("anthropic/cost_report?!group_by:500").await, [500, 200, 500, 200, 200]);
    assert_eq!(statuses("any:500@page=1*1").await, [500, 200, 200, 200, 200]);
    assert_eq!(statuses("any:500@page=2").await, [200, 200, 200, 200, 200]);
    assert_eq!(statuses("any:500@day=2025-10-09").await, [500, 500, 500, 500, 200]);
    assert_eq!(statuses("any:500@day=2025-10-10").await, [200, 200, 200, 200, 200]);
}

#[tokio::test]
async fn page_and_day_name_the_request_that_holds_them() {
    for fault in ["any:500@page=2", "any:500@day=2025-10-10"] {
        let harness = october(fault).await;
        assert_eq!(second_page(&harness, &QUERY).await["type"], "error");
    }
    let harness = company("cursor/daily-usage-data:500@page=2*1").await;
    let mut seen = Vec::new();
    for number in [1, 2, 2, 3] {
        seen.push(harness.daily(&page(number)).await.status);
    }
    assert_eq!(seen, [200, 500, 200, 200]);
}

#[tokio::test]
async fn cleared_faults_are_gone_and_requests_are_recorded() {
    let harness = october("any:529").await;
    harness.cost(&GROUPED).await;
    harness.simulator.clear_faults();
    harness.cost(&GROUPED).await;
    told(harness.get("/v1/nothing", &[])).await;
    let records = harness.simulator.requests();
    let statuses: Vec<u16> = records.iter().map(|record| record.status).collect();
    assert_eq!(statuses, [529, 200, 404]);
    assert_eq!(records[0].endpoint, Some(Endpoint::AnthropicCostReport));
    assert_eq!(records[0].faults, ["any:529"]);
    assert_eq!(records[0].query[3], ("group_by[]".to_owned(), "description".to_owned()));
    assert_eq!((records[1].page, records[1].faults.len()), (Some(1), 0));
    assert_eq!((records[2].endpoint, records[2].path.as_str()), (None, "/v1/nothing"));
}

#[tokio::test]
async fn cut_body_ends_early_though_its_length_is_told() {
    for fault in ["any:cut*1", "any:cut=0*1", "any:cut=10*1"] {
        let harness = october(fault).await;
        let response = harness.get(COST, &QUERY).send().await.unwrap();
        let whole_length = response.content_length().unwrap();
        assert!(response.bytes().await.is_err(), "{fault}");
        let healed = harness.get(COST, &QUERY).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(healed.len() as u64, whole_length);
    }
}

#[tokio::test]
async fn slow_body_drips_and_is_whole_in_the_end() {
    let harness = october("any:slow=10*1").await;
    let started = Instant::now();
    let slow = harness.cost(&QUERY).await;
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert_eq!(slow, harness.cost(&QUERY).await);
}

#[tokio::test]
async fn repeated_page_has_the_records_of_the_first_in_the_place_of_another() {
    let harness = october("any:repeated-page@page=2*1").await;
    let repeated = second_page(&harness, &QUERY).await;
    let healed = second_page(&harness, &QUERY).await;
    assert_eq!(starts(&repeated)[0], "2025-10-03T00:00:00Z");
    assert_eq!(starts(&healed)[0], "2025-10-10T00:00:00Z");
    assert_eq!(repeated["next_page"], healed["next_page"]);

    let harness = company("any:repeated-page@page=2").await;
    let (first, second) = (harness.daily(&page(1)).await, harness.daily(&page(2)).await);
    assert_eq!(first.body["data"], second.body["data"]);
    assert_eq!(second.body["pagination"]["page"], 2);
}

#[tokio::test]
async fn member_who_comes_or_goes_between_pages_shifts_the_rows() {
    for (fault, total, lost, doubled) in [
        ("any:member-joins@page=2*1", 24, 0, 1),
        ("any:member-leaves@page=2*1", 22, 1, 0),
        ("any:member-swap@page=2*1", 23, 1, 0),
    ] {
        let harness = Harness::start(worlds::company(7, day("2025-11-04"), 30)).await;
        harness.simulator.with_world(|world| {
            let last_two: Vec<u64> = world.members()[23..].iter().map(|member| member.user_id).collect();
            last_two.into_iter().for_each(|user_id| drop(world.remove_member(user_id)));
        });
        let ask = async |number| harness.daily(&paged("2025-11-03", "2025-11-04", number, 10)).await.body;
        let before: Vec<u64> =
            harness.simulator.with_world(|world| world.members().iter().map(|member| member.user_id).collect());
        harness.simulator.inject(fault.parse().unwrap());
        let mut seen = user_ids(&ask(1).await);
        let second = ask(2).await;
        assert_eq!(second["pagination"]["totalUsers"], total, "{fault}");
        seen.extend(user_ids(&second));
        seen.extend(user_ids(&ask(3).await));
        let missing = before.iter().filter(|user_id| !seen.contains(user_id)).count();
        let distinct: std::collections::BTreeSet<&u64> = seen.iter().collect();
        assert_eq!((missing, seen.len() - distinct.len()), (lost, doubled), "{fault}");
    }
}

#[tokio::test]
async fn day_is_restated_between_two_pages() {
    let harness = october("any:restate=2025-10-10@page=2*1").await;
    let before = harness.simulator.with_world(|world| world.cost_cents(day("2025-10-10"), day("2025-10-10")));
    let body = second_page(&harness, &QUERY).await;
    let after = harness.simulator.with_world(|world| world.cost_cents(day("2025-10-10"), day("2025-10-10")));
    assert!(before < after);
    assert_eq!(sum(&results(&body["data"].as_array().unwrap()[..1])), after);
}

#[tokio::test]
async fn unknown_fields_are_everywhere_and_change_nothing_else() {
    let strip = |value: &Value| {
        let text = value.to_string().replace(r#""future_field":{"nested":[1,"two",null]},"#, "");
        assert!(!text.contains("future_field"), "a field that is not first: {text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let harness = october("any:unknown-fields*1").await;
    let odd = harness.cost(&GROUPED).await.body;
    let bucket = &odd["data"][0];
    for level in [&odd, bucket, &bucket["results"][0]] {
        assert!(level["future_field"]["nested"].is_array());
    }
    assert_eq!(strip(&odd), harness.cost(&GROUPED).await.body);
}

#[tokio::test]
async fn unknown_values_take_the_place_of_documented_ones() {
    let harness = october("any:unknown-values@day=2025-10-05").await;
    let body = harness.cost(&GROUPED).await.body;
    let row = results(&body["data"].as_array().unwrap()[2..3])[0].clone();
    assert_eq!((&row["cost_type"], &row["service_tier"]), (&"dream_time".into(), &"priority_on_demand".into()));
    assert!(!body["data"][0].to_string().contains("dream_time"));
    let harness = company("any:unknown-values").await;
    let body = harness.daily(&page(1)).await.body;
    assert!(body.to_string().contains("model-of-tomorrow"));
}

#[tokio::test]
async fn one_record_does_not_parse_and_its_neighbours_do() {
    for (fault, spoilt) in [("amount-text", json!("abc")), ("amount-number", json!(12))] {
        let harness = october(&format!("any:{fault}@day=2025-10-05")).await;
        let body = harness.cost(&GROUPED).await.body;
        let rows = results(&body["data"].as_array().unwrap()[2..3]).into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(rows[0]["amount"], spoilt);
        let others = results(body["data"].as_array().unwrap());
        let bad = others.iter().filter(|row| row["amount"].as_str().is_none_or(|text| text == "abc"));
        assert_eq!(bad.count(), 1);
        assert!(sum(&rows[1..].iter().collect::<Vec<_>>()) > cents("0"));
    }
    let harness = company("any:count-text").await;
    let body = harness.daily(&page(1)).await.body;
    let rows = body["data"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["agentRequests"] == "many").count(), 1);
}

#[tokio::test]
async fn date_is_missing_from_one_bucket_or_record() {
    let harness = october("any:date-missing@day=2025-10-05").await;
    let body = harness.cost(&GROUPED).await.body;
    let has_date = |entry: &Value| !entry["starting_at"].is_null();
    let dated: Vec<bool> = body["data"].as_array().unwrap().iter().map(has_date).collect();
    assert_eq!(dated, [true, true, false, true, true, true, true]);
    let harness = company("any:date-missing").await;
    let body = harness.daily(&page(1)).await.body;
    let rows = body["data"].as_array().unwrap();
    assert!(rows[0].get("date").is_none() && rows[0].get("day").is_none());
    assert!(rows[1..].iter().all(|row| row["date"].is_number()));
}

#[tokio::test]
async fn bucket_is_missing() {
    let harness = october("any:missing-bucket@day=2025-10-05*1").await;
    let missing = harness.cost(&QUERY).await.body;
    assert_eq!(starts(&missing).len(), 6);
    assert!(!starts(&missing).contains(&"2025-10-05T00:00:00Z"));
    assert_eq!(starts(&harness.cost(&QUERY).await.body).len(), 7);
    let harness = company("any:missing-bucket@day=2025-11-11").await;
    let body = harness.daily(&page(1)).await.body;
    assert!(body["data"].as_array().unwrap().iter().all(|row| row["day"] == "2025-11-10"));
}

#[tokio::test]
async fn next_page_leads_to_itself() {
    let harness = october("any:next-page-loop").await;
    let mut token = harness.cost(&QUERY).await.body["next_page"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        let mut query = QUERY.to_vec();
        query.push(("page", &token));
        let told = harness.cost(&query).await;
        assert_eq!((told.status, &told.body["has_more"]), (200, &json!(true)));
        assert_eq!(starts(&told.body)[0], "2025-10-03T00:00:00Z");
        token = told.body["next_page"].as_str().unwrap().to_owned();
    }
    let harness = company("any:next-page-loop").await;
    for number in [1, 3, 99] {
        let body = harness.daily(&page(number)).await.body;
        assert_eq!(body["pagination"]["hasNextPage"], true);
    }
}

#[tokio::test]
async fn body_is_html_or_something_else_or_huge() {
    let harness = october("any:not-json*1").await;
    let response = harness.get(COST, &QUERY).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(response.text().await.unwrap().starts_with("<!doctype html>"));
    harness.simulator.inject("any:wrong-content*1".parse().unwrap());
    let told = harness.cost(&QUERY).await;
    assert_eq!((told.status, told.body.get("data")), (200, None));
    harness.simulator.inject("any:huge=5000000*1".parse().unwrap());
    let response = harness.get(COST, &QUERY).send().await.unwrap();
    assert_eq!(response.content_length(), None);
    assert_eq!(response.bytes().await.unwrap().len(), 5_000_000);
}

#[tokio::test]
async fn several_faults_hit_one_request() {
    let harness = october("any:unknown-fields").await;
    harness.simulator.inject("any:amount-text".parse().unwrap());
    let body = harness.cost(&GROUPED).await.body;
    assert!(body["future_field"].is_object());
    assert_eq!(body["data"][0]["results"][0]["amount"], "abc");
}

#[tokio::test]
#[should_panic(expected = "means nothing at its endpoint")]
async fn fault_that_means_nothing_is_not_accepted() {
    let harness = Harness::start(worlds::october()).await;
    let fault = Fault::on(Endpoint::CursorDailyUsageData, FaultKind::AmountText).when(When::Nth(1));
    harness.simulator.inject(fault);
}

#[tokio::test]
async fn stopped_simulator_answers_no_more() {
    let harness = Harness::start(worlds::october()).await;
    assert_eq!(harness.cost(&QUERY).await.status, 200);
    let Harness { simulator, client } = harness;
    let url = format!("{}{DAILY}", simulator.url());
    simulator.stop().await;
    assert!(client.post(&url).send().await.is_err());
}

#[tokio::test]
async fn dropped_simulator_soon_answers_no_more() {
    let harness = Harness::start(worlds::october()).await;
    assert_eq!(harness.cost(&QUERY).await.status, 200);
    let Harness { simulator, client } = harness;
    let url = format!("{}{DAILY}", simulator.url());
    drop(simulator);
    let refused = async { while client.post(&url).send().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(5), refused).await.unwrap();
}
