//! Cursor's usage events, spend and members.
#![allow(clippy::unwrap_used)]

mod harness;

use chrono::{DateTime, Utc};
use harness::{EVENTS, Harness, MEMBERS, SPEND, cents, daily_body, day, midnight_ms, told};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use vendor_sim::{CursorEvent, CursorUsage, EventKind, KindSpelling, Member, World, worlds};

const DAY_MS: i64 = 86_400_000;

async fn company() -> Harness {
    Harness::start(worlds::company(7, day("2026-10-31"), 61)).await
}

fn events(body: &Value) -> &Vec<Value> {
    body["usageEvents"].as_array().unwrap()
}

/// A JSON number with its own digits.
fn number(value: &Value) -> Decimal {
    cents(&value.to_string())
}

/// A body for days, both ends included, with more fields.
fn body(first: &str, last: &str, more: Value) -> Value {
    let mut body = daily_body(first, last);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// All events of days, page by page.
async fn all(harness: &Harness, first: &str, last: &str, page_size: u32) -> Vec<Value> {
    let mut found = Vec::new();
    for page in 1.. {
        let told = harness.ask(EVENTS, &body(first, last, json!({"page": page, "pageSize": page_size}))).await;
        found.extend(events(&told).clone());
        if told["pagination"]["hasNextPage"] == false {
            assert_eq!(told["totalUsageEventsCount"], found.len());
            break;
        }
    }
    found
}

#[tokio::test]
async fn what_is_before_the_feeds_memory_is_not_answered_and_its_period_says_so() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.options.cursor_events_begin_on = Some(day("2026-10-20")));
    let told = harness.ask(EVENTS, &body("2026-10-10", "2026-10-25", json!({"pageSize": 1000}))).await;
    assert_eq!(told["period"]["startDate"], midnight_ms(day("2026-10-20")));
    let remembered = harness.ask(EVENTS, &body("2026-10-20", "2026-10-25", json!({"pageSize": 1000}))).await;
    assert_eq!(events(&told), events(&remembered));
    assert!(!events(&told).is_empty());
}

#[tokio::test]
async fn a_feed_that_forgets_by_the_minute_begins_within_a_day_and_says_nothing_of_it() {
    let harness = company().await;
    let asked = body("2026-10-19", "2026-10-20", json!({"pageSize": 1000}));
    let whole = harness.ask(EVENTS, &asked).await;
    let noon = "2026-10-20T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
    harness.simulator.with_world(|world| world.options.cursor_events_begin_at = Some(noon));
    let told = harness.ask(EVENTS, &asked).await;
    let is_later =
        |event: &&Value| event["timestamp"].as_str().unwrap().parse::<i64>().unwrap() >= noon.timestamp_millis();
    let expected: Vec<Value> = events(&whole).iter().filter(is_later).cloned().collect();
    assert!(!expected.is_empty() && expected.len() < events(&whole).len());
    assert_eq!((events(&told), &told["totalUsageEventsCount"]), (&expected, &json!(expected.len())));
    assert_eq!(told["period"], whole["period"]);
}

fn event(timestamp_ms: i64, charged: &str) -> CursorEvent {
    CursorEvent {
        timestamp_ms,
        user_id: 1,
        user_email: "one@example.com".to_owned(),
        conversation_id: None,
        model: "gpt-5".to_owned(),
        kind: EventKind::UsageBased,
        max_mode: false,
        is_headless: false,
        requests_costs: None,
        token_usage: None,
        charged_cents: cents(charged),
        token_fee_cents: None,
    }
}

/// A world whose only events are these.
async fn holding(events: &[CursorEvent]) -> Harness {
    let mut world = World::empty(day("2026-10-31"));
    world.add_member(Member::new(1, "one@example.com", "One"));
    events.iter().for_each(|event| world.add_cursor_event(event.clone()));
    Harness::start(world).await
}

#[tokio::test]
async fn pages_of_any_size_tell_the_same_events_newest_first() {
    let harness = company().await;
    let truth = harness
        .simulator
        .with_world(|world| world.cursor_events_of(midnight_ms(day("2026-10-12")), midnight_ms(day("2026-10-16")) - 1));
    assert!(truth.len() > 1_000, "{}", truth.len());
    let whole = all(&harness, "2026-10-12", "2026-10-15", 1_000).await;
    let times: Vec<i64> = whole.iter().map(|event| event["timestamp"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(times, truth.iter().map(|event| event.timestamp_ms).collect::<Vec<_>>());
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    for page_size in [100, 333] {
        assert_eq!(all(&harness, "2026-10-12", "2026-10-15", page_size).await, whole);
    }
    let sum: Decimal = whole.iter().map(|event| number(&event["chargedCents"])).sum();
    assert_eq!(sum, truth.iter().map(|event| event.charged_cents).sum());
}

#[tokio::test]
async fn page_holds_a_hundred_unless_asked_otherwise_and_says_where_it_stands() {
    let harness = company().await;
    let first = harness.ask(EVENTS, &daily_body("2026-10-12", "2026-10-12")).await;
    assert_eq!(events(&first).len(), 100);
    let total = first["totalUsageEventsCount"].as_u64().unwrap();
    let expected = json!({"numPages": total.div_ceil(100), "currentPage": 1, "pageSize": 100,
        "hasNextPage": true, "hasPreviousPage": false});
    assert_eq!(first["pagination"], expected);
    assert_eq!(first["period"]["startDate"], midnight_ms(day("2026-10-12")));
    let beyond = harness.ask(EVENTS, &body("2026-10-12", "2026-10-12", json!({"page": 99}))).await;
    assert_eq!((events(&beyond).len(), &beyond["pagination"]["hasNextPage"]), (0, &json!(false)));
}

#[tokio::test]
async fn both_bounds_are_inclusive() {
    let noon = midnight_ms(day("2026-10-12")) + DAY_MS / 2;
    let harness = holding(&[event(noon, "1"), event(noon + 1, "2"), event(noon + 2, "3")]).await;
    for (start, end, charged) in [
        (noon, noon + 2, vec!["3", "2", "1"]),
        (noon, noon, vec!["1"]),
        (noon + 1, noon + 2, vec!["3", "2"]),
        (noon + 3, noon + 9, vec![]),
    ] {
        let told = harness.ask(EVENTS, &json!({"startDate": start, "endDate": end})).await;
        let seen: Vec<String> = events(&told).iter().map(|event| event["chargedCents"].to_string()).collect();
        assert_eq!(seen, charged);
    }
}

#[tokio::test]
async fn twins_of_one_millisecond_are_all_told() {
    let noon = midnight_ms(day("2026-10-12")) + DAY_MS / 2;
    let harness = holding(&[event(noon, "1.5"), event(noon, "1.5"), event(noon, "2.25")]).await;
    let told = harness.ask(EVENTS, &daily_body("2026-10-12", "2026-10-12")).await;
    assert_eq!(told["totalUsageEventsCount"], 3);
    let sum: Decimal = events(&told).iter().map(|event| number(&event["chargedCents"])).sum();
    assert_eq!(sum, cents("5.25"));
    let world = worlds::company(7, day("2026-10-31"), 61);
    let made_up = world.cursor_events(day("2026-10-13"));
    let twins = made_up.windows(2).filter(|pair| pair[0].timestamp_ms == pair[1].timestamp_ms);
    let (alike, different): (Vec<_>, Vec<_>) = twins.partition(|pair| pair[0] == pair[1]);
    assert!(!alike.is_empty() && !different.is_empty(), "{} {}", alike.len(), different.len());
}

#[tokio::test]
async fn bad_bodies_are_refused() {
    let harness = company().await;
    let (start, end) = (midnight_ms(day("2026-10-01")), midnight_ms(day("2026-10-31")));
    for (body, expected) in [
        (json!([]), "JSON object"),
        (json!({"startDate": "2026-10-01"}), "startDate must be a number"),
        (json!({"startDate": end, "endDate": start}), "endDate must be after"),
        (json!({"startDate": start, "endDate": end + 1}), "cannot exceed 30 days"),
        (json!({"pageSize": 1001}), "pageSize must be"),
        (json!({"page": 0}), "page must be"),
        (json!({"hostingType": "MOON"}), "hostingType must be"),
    ] {
        let told = told(harness.post(EVENTS, &body)).await;
        assert_eq!(told.status, 400, "{body}");
        assert!(told.body["message"].as_str().unwrap().contains(expected), "{body}: {}", told.body);
    }
    assert_eq!(harness.ask(EVENTS, &json!({})).await["period"]["endDate"], midnight_ms(day("2026-11-01")) - 1);
}

#[tokio::test]
async fn events_are_as_many_as_the_daily_report_counts() {
    let world = worlds::company(7, day("2026-10-31"), 61);
    for text in ["2026-10-12", "2026-10-24", "2026-10-28"] {
        let events = world.cursor_events(day(text));
        let count = |kind| events.iter().filter(|event| event.kind == kind).count() as u64;
        let rows = world.cursor_rows(day(text));
        let counted = |of: fn(&CursorUsage) -> u64| rows.iter().map(|row| of(&row.usage)).sum::<u64>();
        assert_eq!(count(EventKind::Included), counted(|usage| usage.subscription_included_reqs), "{text}");
        assert_eq!(count(EventKind::UsageBased), counted(|usage| usage.usage_based_reqs), "{text}");
    }
}

#[tokio::test]
async fn charge_is_the_model_after_discount_plus_the_fee_and_not_zero_for_included_use() {
    let harness = company().await;
    let events = all(&harness, "2026-10-26", "2026-10-28", 1_000).await;
    let (mut discounted, mut with_fee) = (0, 0);
    for event in &events {
        let charged = number(&event["chargedCents"]);
        let Some(tokens) = event["tokenUsage"].as_object() else {
            assert_eq!(event["isTokenBasedCall"], false);
            continue;
        };
        let off = tokens.get("discountPercentOff").map_or(Decimal::ZERO, number);
        let fee = event.get("cursorTokenFee").map_or(Decimal::ZERO, number);
        let paid = number(&tokens["totalCents"]) * (Decimal::ONE - off / Decimal::ONE_HUNDRED) + fee;
        assert!((charged - paid).abs() < cents("0.000001"), "{event}");
        assert_eq!(event["model"] == "default", fee.is_zero(), "{event}");
        discounted += u32::from(!off.is_zero());
        with_fee += u32::from(!fee.is_zero());
    }
    assert!(discounted > 0 && with_fee > 0);
    let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    for (kind, is_chargeable) in [("Usage-based", true), ("Included in Business", false)] {
        assert!(!of(kind).is_empty());
        for event in of(kind) {
            assert!(event["isChargeable"] == is_chargeable && number(&event["chargedCents"]) > Decimal::ZERO);
        }
    }
    let failed = of("Errored, Not Charged");
    assert!(!failed.is_empty());
    assert!(failed.iter().all(|event| event["chargedCents"] == 0 && event.get("requestsCosts").is_none()));
}

#[tokio::test]
async fn kinds_are_told_in_the_spelling_of_the_world() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.options.cursor_kinds = KindSpelling::Constants);
    let told = harness.ask(EVENTS, &daily_body("2026-10-28", "2026-10-28")).await;
    assert!(events(&told).iter().all(|event| event["kind"].as_str().unwrap().starts_with("USAGE_EVENT_KIND_")));
}

#[tokio::test]
async fn filters_tell_the_events_of_one_member() {
    let harness = company().await;
    let whole = all(&harness, "2026-10-12", "2026-10-12", 1_000).await;
    let of_grace: Vec<&Value> = whole.iter().filter(|event| event["userEmail"] == "grace@example.com").collect();
    assert!(!of_grace.is_empty());
    let grace = harness.simulator.with_world(|world| {
        world.members().iter().find(|member| member.name == "Grace").map(|member| member.user_id).unwrap()
    });
    for filter in [json!({"email": "Grace@Example.com"}), json!({"userId": grace})] {
        let mut asked = body("2026-10-12", "2026-10-12", json!({"pageSize": 1000}));
        asked.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let told = harness.ask(EVENTS, &asked).await;
        assert_eq!(events(&told).iter().collect::<Vec<_>>(), of_grace);
        assert_eq!(told["totalUsageEventsCount"], of_grace.len());
    }
    let none = harness.ask(EVENTS, &body("2026-10-12", "2026-10-12", json!({"cloudAgentId": "*"}))).await;
    assert_eq!(none["totalUsageEventsCount"], 0);
}

#[tokio::test]
async fn moving_feed_changes_the_total_between_pages() {
    for (fault, change) in [("event-joins", 1), ("event-leaves", -1)] {
        let harness = company().await;
        harness.simulator.inject(format!("cursor/usage-events:{fault}@page=2*1").parse().unwrap());
        let page =
            async |page: u32| harness.ask(EVENTS, &body("2026-10-12", "2026-10-12", json!({"page": page}))).await;
        let (first, second) = (page(1).await, page(2).await);
        let [before, after] = [&first, &second].map(|told| told["totalUsageEventsCount"].as_i64().unwrap());
        assert_eq!(after - before, change, "{fault}");
        let (end, beginning) = (events(&first).last(), events(&second).first());
        assert_eq!(end == beginning, fault == "event-joins", "{fault}");
    }
}

#[tokio::test]
async fn spend_is_the_sum_of_the_events_of_the_cycle() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.options.cursor_cycle_day = 20);
    let events = all(&harness, "2026-10-20", "2026-10-31", 1_000).await;
    let mut spend = Vec::new();
    for page in 1..=3 {
        let told = harness.ask(SPEND, &json!({"page": page, "pageSize": 10})).await;
        assert_eq!((&told["totalPages"], &told["totalMembers"]), (&json!(3), &json!(25)));
        assert_eq!(told["subscriptionCycleStart"], midnight_ms(day("2026-10-20")));
        spend.extend(told["teamMemberSpend"].as_array().unwrap().clone());
    }
    assert_eq!(spend.len(), 25);
    for member in &spend {
        let sum = |kinds: &[&str]| -> Decimal {
            let mine = events.iter().filter(|event| event["userEmail"] == member["email"]);
            mine.filter(|event| kinds.iter().any(|kind| event["kind"] == *kind))
                .map(|event| number(&event["chargedCents"]))
                .sum()
        };
        let near = |told: &Value, sum: Decimal| (number(told) - sum).abs() < cents("0.000001");
        assert!(near(&member["spendCents"], sum(&["Usage-based"])), "{member}");
        assert!(near(&member["overallSpendCents"], sum(&["Usage-based", "Included in Business"])), "{member}");
    }
    assert!(spend.iter().any(|member| number(&member["spendCents"]) > Decimal::ZERO));
}

#[tokio::test]
async fn spend_is_searched_and_sorted() {
    let harness = company().await;
    let found = harness.ask(SPEND, &json!({"searchTerm": "gra"})).await;
    assert_eq!(found["teamMemberSpend"][0]["email"], "grace@example.com");
    assert_eq!((&found["totalMembers"], &found["totalPages"]), (&json!(1), &json!(1)));
    let asked = json!({"sortBy": "amount", "sortDirection": "desc", "pageSize": 25});
    let sorted = harness.ask(SPEND, &asked).await;
    let amounts: Vec<Decimal> =
        sorted["teamMemberSpend"].as_array().unwrap().iter().map(|member| number(&member["spendCents"])).collect();
    assert!(amounts.is_sorted_by(|more, less| more >= less), "{amounts:?}");
    assert_eq!(told(harness.post(SPEND, &json!({"sortBy": "mood"}))).await.status, 400);
}

#[tokio::test]
async fn removed_members_stay_listed_under_their_team_id() {
    let harness = company().await;
    let url = format!("{}{MEMBERS}", harness.simulator.url());
    let request = harness.client.get(url).basic_auth(harness.simulator.cursor_key(), Some(""));
    let body = told(request).await.body;
    let members = body["teamMembers"].as_array().unwrap();
    assert_eq!(members.len(), 25);
    let removed: Vec<&Value> = members.iter().filter(|member| member["isRemoved"] == true).collect();
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0]["name"], "Ole");
    assert!(members.iter().all(|member| member["id"].as_str().unwrap().starts_with("user_")));
    let emails: Vec<&str> = members.iter().map(|member| member["email"].as_str().unwrap()).collect();
    assert!(emails.contains(&"ada@example.com") && emails.contains(&"Alan@example.com"), "{emails:?}");
    assert!(members.iter().any(|member| member["role"] == "owner"));
}

#[test]
fn events_follow_every_change_of_members_and_usage_after_they_were_read() {
    let mut world = worlds::company(7, day("2026-10-31"), 61);
    let the_day = day("2026-10-12");
    let count = |world: &World| world.cursor_events(the_day).len();
    let before = count(&world);
    let busy = world.cursor_rows(the_day).into_iter().find(|row| row.usage.is_active).unwrap();
    let mine = world.cursor_events(the_day).iter().filter(|event| event.user_id == busy.user_id).count();
    world.clear_cursor_usage(busy.user_id, the_day);
    assert_eq!(count(&world), before - mine);
    world.set_cursor_usage(busy.user_id, the_day, busy.usage.clone());
    assert_eq!(count(&world), before);
    world.end_membership(busy.user_id, day("2026-10-11"));
    assert_eq!(count(&world), before - mine);
    world.add_member(Member::new(busy.user_id, &busy.email, "Back"));
    assert_eq!(count(&world), before);
    world.remove_member(busy.user_id);
    assert_eq!(count(&world), before - mine);
    let gone = world.remove_cursor_event(the_day, 3).unwrap();
    assert_eq!(count(&world), before - mine - 1);
    world.add_cursor_event(gone);
    assert_eq!(count(&world), before - mine);
    assert_eq!(world.remove_cursor_event(the_day, 99_999), None);
}
