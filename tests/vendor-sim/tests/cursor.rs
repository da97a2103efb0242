//! What Cursor's API refuses, and the form of what it answers.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{DAILY, Harness, daily_body, day, midnight_ms, paged, refused_with, told};
use reqwest::StatusCode;
use serde_json::{Value, json};
use vendor_sim::{CursorRow, Member, World, worlds};

async fn company() -> Harness {
    Harness::start(worlds::company(7, day("2025-11-20"), 61)).await
}

fn data(body: &Value) -> &Vec<Value> {
    body["data"].as_array().unwrap()
}

/// A record of the report, as the world's row says it should be.
fn expected(row: &CursorRow) -> Value {
    let usage = &row.usage;
    json!({
        "userId": row.user_id, "email": row.email, "day": row.day.to_string(), "date": midnight_ms(row.day),
        "isActive": usage.is_active,
        "totalLinesAdded": usage.total_lines_added, "totalLinesDeleted": usage.total_lines_deleted,
        "acceptedLinesAdded": usage.accepted_lines_added, "acceptedLinesDeleted": usage.accepted_lines_deleted,
        "totalApplies": usage.total_applies, "totalAccepts": usage.total_accepts,
        "totalRejects": usage.total_rejects, "totalTabsShown": usage.total_tabs_shown,
        "totalTabsAccepted": usage.total_tabs_accepted,
        "composerRequests": usage.composer_requests, "chatRequests": usage.chat_requests,
        "agentRequests": usage.agent_requests, "cmdkUsages": usage.cmdk_usages,
        "bugbotUsages": usage.bugbot_usages,
        "subscriptionIncludedReqs": usage.subscription_included_reqs,
        "usageBasedReqs": usage.usage_based_reqs, "apiKeyReqs": usage.api_key_reqs,
        "mostUsedModel": usage.most_used_model, "clientVersion": usage.client_version,
        "applyMostUsedExtension": usage.apply_most_used_extension,
        "tabMostUsedExtension": usage.tab_most_used_extension,
    })
}

#[tokio::test]
async fn only_basic_auth_with_the_key_as_user_and_no_password_is_let_in() {
    let harness = company().await;
    let bare = || harness.client.post(format!("{}{DAILY}", harness.simulator.url()));
    let key = harness.simulator.cursor_key();
    let body = daily_body("2025-11-01", "2025-11-02");
    for request in [
        bare(),
        bare().basic_auth("crsr_other", Some("")),
        bare().basic_auth(&key, Some("password")),
        bare().basic_auth("", Some(&key)),
        bare().bearer_auth(&key),
        bare().header("authorization", "Basic ???"),
    ] {
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(refused_with(response, StatusCode::UNAUTHORIZED).await["error"], "Unauthorized");
    }
    assert_eq!(harness.daily(&body).await.status, 200);
    harness.simulator.with_world(|world| world.options.cursor_key_lacks_scope = true);
    assert_eq!(harness.daily(&body).await.status, 403);
}

#[tokio::test]
async fn bad_bodies_are_refused() {
    let harness = company().await;
    let (start, end) = (midnight_ms(day("2025-10-01")), midnight_ms(day("2025-10-31")));
    let cases = [
        (json!([]), "JSON object"),
        (json!({"endDate": end}), "startDate is required"),
        (json!({"startDate": start}), "endDate is required"),
        (json!({"startDate": start.to_string(), "endDate": end}), "startDate must be a number"),
        (json!({"startDate": "2025-10-01", "endDate": end}), "startDate must be a number"),
        (json!({"startDate": end, "endDate": start}), "endDate must be after"),
        (json!({"startDate": start, "endDate": end + 1}), "cannot exceed 30 days"),
        (json!({"startDate": start, "endDate": end, "page": 0, "pageSize": 10}), "page must be"),
        (json!({"startDate": start, "endDate": end, "page": 1, "pageSize": 0}), "pageSize must be"),
        (json!({"startDate": start, "endDate": end, "page": 1, "pageSize": 1001}), "pageSize must be"),
        (json!({"startDate": start, "endDate": end, "page": "1", "pageSize": 10}), "page must be"),
    ];
    for (body, expected) in cases {
        let told = harness.daily(&body).await;
        assert_eq!(told.status, 400, "{body}");
        assert!(told.body["message"].as_str().unwrap().contains(expected), "{body}: {}", told.body);
    }
    let lost = told(harness.post("/teams/nothing", &json!({}))).await;
    assert_eq!((lost.status, &lost.body["error"]), (404, &"Not Found".into()));
}

#[tokio::test]
async fn thirty_full_days_are_allowed() {
    let harness = company().await;
    let told = harness.daily(&paged("2025-10-01", "2025-10-30", 1, 1)).await;
    assert_eq!(told.status, 200);
    assert_eq!(data(&told.body).len(), 30);
}

#[tokio::test]
async fn pages_by_user_hold_every_member_and_day_as_the_world_knows_them() {
    let harness = company().await;
    let mut rows = Vec::new();
    for page in 1..=3 {
        let told = harness.daily(&paged("2025-11-10", "2025-11-16", page, 10)).await;
        let expected = json!({
            "page": page, "pageSize": 10, "totalUsers": 25, "totalPages": 3,
            "hasNextPage": page < 3, "hasPreviousPage": page > 1,
        });
        assert_eq!(told.body["pagination"], expected);
        assert_eq!(data(&told.body).len(), if page < 3 { 70 } else { 35 });
        rows.extend(data(&told.body).clone());
    }
    let truth = harness.simulator.with_world(|world| world.cursor_rows_of(day("2025-11-10"), day("2025-11-16")));
    assert_eq!(rows, truth.iter().map(expected).collect::<Vec<_>>());
    let idle = rows.iter().find(|row| row["isActive"] == false).unwrap();
    assert!(idle["mostUsedModel"].is_null() && idle["agentRequests"] == 0);
    let beyond = harness.daily(&paged("2025-11-10", "2025-11-16", 4, 10)).await;
    assert_eq!((data(&beyond.body).len(), &beyond.body["pagination"]["hasNextPage"]), (0, &json!(false)));
}

#[tokio::test]
async fn without_paging_only_active_rows_are_told() {
    let harness = company().await;
    let told = harness.daily(&daily_body("2025-11-10", "2025-11-16")).await;
    assert!(told.body.get("pagination").is_none());
    let truth = harness.simulator.with_world(|world| world.cursor_rows_of(day("2025-11-10"), day("2025-11-16")));
    let active: Vec<Value> = truth.iter().filter(|row| row.usage.is_active).map(expected).collect();
    assert!(active.len() < truth.len());
    assert_eq!(data(&told.body), &active);
}

#[tokio::test]
async fn membership_decides_who_is_listed() {
    let mut world = World::empty(day("2025-11-25"));
    world.add_member(Member::new(2, "left@example.com", "Left"));
    world.add_member(Member::new(1, "here@example.com", "Here"));
    world.end_membership(2, day("2025-11-10"));
    let joined_on = day("2025-11-20");
    world.add_member(Member { joined_on, ..Member::new(3, "new@example.com", "New") });
    let harness = Harness::start(world).await;
    for (first, last, listed) in [
        ("2025-11-09", "2025-11-11", vec![1, 2]),
        ("2025-11-11", "2025-11-19", vec![1]),
        ("2025-11-19", "2025-11-20", vec![1, 3]),
        ("2025-11-01", "2025-11-24", vec![1, 2, 3]),
    ] {
        let told = harness.daily(&paged(first, last, 1, 10)).await;
        let mut ids: Vec<u64> = data(&told.body).iter().map(|row| row["userId"].as_u64().unwrap()).collect();
        ids.dedup();
        assert_eq!(ids, listed, "{first} to {last}");
    }
}

#[tokio::test]
async fn day_of_the_end_is_told_or_not_as_the_world_says() {
    let harness = company().await;
    let mut body = paged("2025-11-10", "2025-11-11", 1, 1);
    body["endDate"] = json!(midnight_ms(day("2025-11-12")));
    for (is_inclusive, days) in [(true, 3), (false, 2)] {
        harness.simulator.with_world(|world| world.options.cursor_end_is_inclusive = is_inclusive);
        assert_eq!(data(&harness.daily(&body).await.body).len(), days);
    }
}

#[tokio::test]
async fn days_after_the_newest_one_do_not_exist() {
    let harness = company().await;
    for (today_is_returned, days) in [(false, 2), (true, 3)] {
        harness.simulator.with_world(|world| world.options.today_is_returned = today_is_returned);
        let told = harness.daily(&paged("2025-11-19", "2025-11-29", 1, 1)).await;
        assert_eq!(data(&told.body).len(), days);
    }
}

#[tokio::test]
async fn rate_limit_answers_429_with_retry_after_a_minute() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.options.cursor_requests_per_minute = Some(20));
    let body = paged("2025-11-10", "2025-11-10", 1, 1);
    for _ in 0..20 {
        assert_eq!(harness.daily(&body).await.status, 200);
    }
    let response = harness.post(DAILY, &body).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "60");
    let told = refused_with(response, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(told, json!({"code": "error", "message": "Rate limit exceeded"}));
}

#[tokio::test]
async fn changed_usage_is_told_from_then_on() {
    let harness = company().await;
    let the_day = day("2025-11-12");
    let body = paged("2025-11-12", "2025-11-12", 1, 100);
    let active = harness
        .simulator
        .with_world(|world| world.cursor_rows(the_day).into_iter().find(|row| row.usage.is_active).unwrap());
    harness.simulator.with_world(|world| world.clear_cursor_usage(active.user_id, the_day));
    let told = harness.daily(&body).await;
    let row = data(&told.body).iter().find(|row| row["userId"] == active.user_id).unwrap().clone();
    assert_eq!((&row["isActive"], &row["totalLinesAdded"]), (&json!(false), &json!(0)));
    harness.simulator.with_world(|world| {
        world.set_cursor_usage(active.user_id, the_day, active.usage.clone());
        world.restate_cursor_day(the_day);
    });
    let told = harness.daily(&body).await;
    let row = data(&told.body).iter().find(|row| row["userId"] == active.user_id).unwrap().clone();
    assert_eq!(row["agentRequests"], active.usage.agent_requests + 3);
    harness.simulator.with_world(|world| world.remove_member(active.user_id));
    let told = harness.daily(&body).await;
    assert!(data(&told.body).iter().all(|row| row["userId"] != active.user_id));
}
