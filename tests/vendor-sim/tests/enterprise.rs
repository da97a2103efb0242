//! The organization on claude.ai: its key opens the analytics and nothing else, and only it knows what people do there.
#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::BTreeSet;

use harness::analytics::{END, FIVE, START, asking};
use harness::{
    ANALYTICS, ANALYTICS_BETA, ANALYTICS_USAGE, API_KEYS, CLAUDE_CODE, COST, Harness, ME, Told, USAGE, USERS,
};
use harness::{WORKSPACES, cents, day, told};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use vendor_sim::worlds::Behaviour;
use vendor_sim::{World, worlds};

const PEOPLE: &str = "/v1/organizations/analytics/users";

fn world(behaviours: &[Behaviour]) -> World {
    worlds::company(7, day("2026-10-31"), 31).behaving(behaviours)
}

async fn start(behaviours: &[Behaviour]) -> Harness {
    Harness::start(world(behaviours)).await
}

async fn ask(harness: &Harness, path: &str, query: &[(&str, &str)]) -> Told {
    let url = format!("{}{path}", harness.simulator.url());
    let request = harness.client.get(url).query(query).header("anthropic-version", "2023-06-01");
    let key = harness.simulator.enterprise_key().unwrap();
    told(request.header("anthropic-beta", ANALYTICS_BETA).header("x-api-key", key)).await
}

async fn rows(harness: &Harness, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
    let (mut rows, mut page) = (Vec::new(), None::<String>);
    loop {
        let query: Vec<_> = query.iter().copied().chain(page.as_deref().map(|token| ("page", token))).collect();
        let Told { status, body } = ask(harness, path, &query).await;
        assert_eq!(status, 200, "{body}");
        rows.extend(body["data"].as_array().unwrap().clone());
        match body["next_page"].as_str() {
            Some(token) => page = Some(token.to_owned()),
            None => return rows,
        }
    }
}

#[tokio::test]
async fn its_key_opens_the_analytics_and_the_keys_of_both_open_different_organizations() {
    let harness = start(&[Behaviour::Enterprise]).await;
    for path in [ME, COST, USAGE, CLAUDE_CODE, WORKSPACES, API_KEYS, USERS] {
        let Told { status, body } = ask(&harness, path, &[]).await;
        let words = body["error"]["message"].as_str().unwrap();
        assert_eq!((status, &body["error"]["type"]), (403, &json!("permission_error")), "{path}");
        assert!(words.contains("Held: read:analytics") && words.contains("org:admin"), "{path}: {words}");
    }
    let console = told(harness.get(PEOPLE, &[("date", "2026-10-05")])).await;
    assert_eq!(console.status, 403, "{}", console.body);
    let id = |rows: &[Value]| rows[0]["group"]["organization_id"].clone();
    let query = asking(&["organization_id"], &[]);
    let own = rows(&harness, ANALYTICS, &query).await;
    assert_ne!(id(&own), id(&harness.records(ANALYTICS, &query).await));
    assert!(id(&own).is_string());
}

#[tokio::test]
async fn each_row_is_a_person_a_product_and_a_model_without_key_or_workspace() {
    let harness = start(&[Behaviour::Enterprise]).await;
    let told = rows(&harness, ANALYTICS, &asking(&FIVE, &[("limit", "1000")])).await;
    let mut places = BTreeSet::new();
    for row in &told {
        let group = &row["group"];
        assert!(group["workspace_id"].is_null() && group["api_key_id"].is_null(), "{row}");
        assert_eq!(group["actor"]["type"], "user_actor");
        let place = [&row["starting_at"], &group["actor"]["user_id"], &group["product"], &group["model"]];
        assert!(places.insert(place.map(Value::to_string)), "{row}");
    }
    let products: BTreeSet<&str> = told.iter().map(|row| row["group"]["product"].as_str().unwrap()).collect();
    assert!(["chat", "claude_code", "cowork"].iter().all(|product| products.contains(product)), "{products:?}");
    let sum: Decimal = told.iter().map(|row| cents(row["cost"]["amount"].as_str().unwrap())).sum();
    let world = world(&[Behaviour::Enterprise]);
    let days = day("2026-10-01").iter_days().take(31);
    assert_eq!(sum, days.flat_map(|day| world.enterprise_shares(day)).map(|share| share.amount_cents).sum());
    assert!(sum > cents("10000"), "{sum}");
}

#[tokio::test]
async fn the_console_is_the_same_with_and_without_it() {
    let [with, without] = [start(&[Behaviour::Enterprise]).await, start(&[]).await];
    for path in [ANALYTICS, ANALYTICS_USAGE] {
        let query = asking(&FIVE, &[("limit", "1000")]);
        assert_eq!(with.records(path, &query).await, without.records(path, &query).await, "{path}");
    }
}

#[tokio::test]
async fn usage_and_cost_are_of_the_same_people_and_who_left_has_no_name() {
    let harness = start(&[Behaviour::Enterprise]).await;
    let people = |rows: Vec<Value>| -> BTreeSet<String> {
        rows.iter().map(|row| row["group"]["actor"]["user_id"].as_str().unwrap().to_owned()).collect()
    };
    let query = asking(&["actor"], &[("limit", "1000")]);
    let found = people(rows(&harness, ANALYTICS, &query).await);
    assert_eq!(people(rows(&harness, ANALYTICS_USAGE, &query).await), found);
    assert!(found.len() > 20);
    harness.simulator.with_world(|world| world.enterprise.as_mut().unwrap().remove_user("user_02SeatAda"));
    let filtered = asking(&["actor"], &[("actor_ids[]", "user_02SeatAda")]);
    let gone = rows(&harness, ANALYTICS, &filtered).await;
    assert_eq!(gone[0]["group"]["actor"]["email_address"], Value::Null);
    assert_eq!(gone[0]["group"]["actor"]["deleted"], true);
}

#[tokio::test]
async fn days_that_end_after_the_last_refresh_are_told_in_part() {
    let [whole, stale] =
        [start(&[Behaviour::Enterprise]).await, start(&[Behaviour::Enterprise, Behaviour::StaleEnterprise]).await];
    let query = asking(&FIVE, &[("limit", "1000")]);
    let body = ask(&stale, ANALYTICS, &query).await.body;
    assert_eq!(body["data_refreshed_at"], "2026-10-30T12:00:00Z");
    let console = stale.read(ANALYTICS, &[START, END]).await;
    assert_eq!(console["data_refreshed_at"], "2026-11-01T00:00:00Z");
    let (whole, stale) = (rows(&whole, ANALYTICS, &query).await, rows(&stale, ANALYTICS, &query).await);
    let of = |rows: &[Value], day: &str| -> Decimal {
        let start = format!("{day}T00:00:00Z");
        let of_day = rows.iter().filter(|row| row["starting_at"] == start.as_str());
        of_day.map(|row| cents(row["cost"]["amount"].as_str().unwrap())).sum()
    };
    assert_eq!(of(&stale, "2026-10-29"), of(&whole, "2026-10-29"));
    assert!(of(&stale, "2026-10-30") < of(&whole, "2026-10-30") && of(&stale, "2026-10-30") > Decimal::ZERO);
}

#[tokio::test]
async fn what_people_did_is_told_by_day_up_to_the_latest_one_that_is_ready() {
    let harness = start(&[Behaviour::Enterprise]).await;
    let people = rows(&harness, PEOPLE, &[("date", "2026-10-07"), ("limit", "7")]).await;
    let expected = harness.simulator.with_world(|world| world.seat_uses(day("2026-10-07")));
    assert!(people.len() > 10);
    assert_eq!(people.len(), expected.len());
    for (told, known) in people.iter().zip(&expected) {
        assert_eq!(told["user"]["id"], known.user_id.as_str());
        assert!(told["user"]["email_address"].as_str().unwrap().ends_with("@example.com"));
        let (chat, code) = (&told["chat_metrics"], &told["claude_code_metrics"]["core_metrics"]);
        assert_eq!(
            (&chat["message_count"], &chat["distinct_conversation_count"]),
            (&json!(known.messages), &json!(known.conversations))
        );
        assert_eq!(
            (&code["distinct_session_count"], &code["commit_count"]),
            (&json!(known.code_sessions), &json!(known.commits))
        );
        assert_eq!(code["lines_of_code"]["added_count"], known.lines_added);
    }
    let refusal = |told: Told| (told.status, told.body["error"]["message"].as_str().unwrap().to_owned());
    harness.simulator.with_world(|world| {
        world.enterprise.as_mut().unwrap().people_known_until = Some(day("2026-10-29"));
    });
    let (status, words) = refusal(ask(&harness, PEOPLE, &[("date", "2026-10-30")]).await);
    assert!(status == 400 && words.contains("latest available date is 2026-10-29"), "{words}");
    assert_eq!(ask(&harness, PEOPLE, &[("date", "2026-10-29")]).await.status, 200);
    for (date, part) in [("2025-12-31", "2026-01-01"), ("soon", "YYYY-MM-DD")] {
        let (status, words) = refusal(ask(&harness, PEOPLE, &[("date", date)]).await);
        assert!(status == 400 && words.contains(part), "{words}");
    }
    assert_eq!(refusal(ask(&harness, PEOPLE, &[]).await).1, "date: Field required");
}
