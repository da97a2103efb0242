//! Pages of usage events in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::vendors::cursor;
use std::collections::BTreeSet;

use everycent_domain::normalize::{NormalizeError, Normalizer};
use everycent_domain::recipe::Recipe;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::{Day, Usd};
use serde_json::{Value, json};
use support::{Normalized, manifest, normalize, text};

const TABLE: &str = "cursor_usage_events";
/// 26 June 2025, 23:07:05.854 UTC.
const EVENING_MS: i64 = 1_750_979_225_854;

fn normalized(pages: &[Value]) -> Result<Normalized, NormalizeError> {
    let manifest = manifest(cursor::usage_events::SOURCE, "2025-06-25", "2025-06-26", pages.len());
    normalize(&manifest, &Recipe::default(), pages)
}

fn of(events: Vec<Value>) -> Normalized {
    normalized(&[page(events)]).unwrap()
}

fn page(events: Vec<Value>) -> Value {
    json!({"totalUsageEventsCount": events.len(), "usageEvents": events})
}

fn event(more: Value) -> Value {
    let mut event = json!({"timestamp": EVENING_MS.to_string(), "userEmail": "ann@example.com", "model": "gpt-5",
        "kind": "Usage-based", "maxMode": false, "chargedCents": 8});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[track_caller]
fn assert_row(row: &support::RowMap, expected: &[(&str, &str)]) {
    for (column, expected) in expected {
        assert_eq!(text(row, column), *expected, "{column}");
    }
}

/// The events of the vendor's own documentation.
fn documented() -> Vec<Value> {
    let text = r#"[{"timestamp":"1750979225854","userEmail":"Developer@Company.example.com","conversationId":"8f2e",
        "model":"claude-4.5-sonnet","kind":"Usage-based","maxMode":true,"requestsCosts":5,"isTokenBasedCall":true,
        "isChargeable":true,"isHeadless":false,"tokenUsage":{"inputTokens":126,"outputTokens":450,
        "cacheWriteTokens":6112,"cacheReadTokens":11964,"totalCents":20.18232},"chargedCents":21.36232,
        "cursorTokenFee":1.18},
        {"timestamp":"1750978339901","userEmail":"admin@company.example.com","model":"claude-4-sonnet-thinking",
        "kind":"Included in Business","maxMode":true,"requestsCosts":1.4,"isTokenBasedCall":false,
        "isChargeable":false,"isHeadless":false,"chargedCents":8}]"#;
    serde_json::from_str::<Vec<Value>>(text).unwrap()
}

#[test]
fn an_event_keeps_what_the_vendor_tells_and_cents_become_dollars() {
    let normalized = of(documented());
    let rows = normalized.rows(TABLE);
    assert_row(
        &rows[0],
        &[
            ("account_id", "acme"),
            ("email", "developer@company.example.com"),
            ("conversation_id", "8f2e"),
            ("model", "claude-4.5-sonnet"),
            ("kind", "Usage-based"),
            ("billing", "on_demand"),
            ("requests_costs", "5"),
            ("token_cost_cents", "20.18232"),
            ("token_cost_usd", "0.201823200"),
            ("discount_percent_off", "null"),
            ("charged_cents", "21.36232"),
            ("charged_usd", "0.213623200"),
            ("cursor_token_fee_cents", "1.18"),
            ("cursor_token_fee_usd", "0.011800000"),
            ("service_account_id", "null"),
            ("cloud_agent_id", "null"),
            ("automation_id", "null"),
            ("platform", "cursor"),
            ("platform_basis", "vendor"),
        ],
    );
    assert_eq!(rows[0]["occurred_at"], Cell::Integer(EVENING_MS * 1000));
    assert_eq!(rows[0]["activity_date"], Cell::Integer(20_265));
    let integers = ["request_micro_units", "input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"];
    let found = integers.map(|column| rows[0][column].clone());
    assert_eq!(found, [5_000_000, 126, 450, 6_112, 11_964].map(Cell::Integer));
    assert_row(
        &rows[1],
        &[
            ("billing", "included"),
            ("charged_usd", "0.080000000"),
            ("token_cost_usd", "null"),
            ("cursor_token_fee_usd", "null"),
            ("input_tokens", "null"),
            ("conversation_id", "null"),
            ("requests_costs", "1.4"),
        ],
    );
    assert_eq!(rows[1]["request_micro_units"], Cell::Integer(1_400_000));
    assert_eq!(normalized.rows("rejected_records").len(), 0);
}

#[test]
fn service_accounts_agents_and_automations_are_named() {
    let event = event(json!({"serviceAccountId": "sa_1", "serviceAccountName": "Build", "cloudAgentId": "bc-1",
        "automationId": "auto-1", "isHeadless": true, "isChargeable": null, "tokenUsage": {"totalCents": 10,
        "discountPercentOff": 20}, "someDayAField": [1]}));
    let normalized = of(vec![event]);
    assert_row(
        &normalized.rows(TABLE)[0],
        &[
            ("service_account_id", "sa_1"),
            ("service_account_name", "Build"),
            ("cloud_agent_id", "bc-1"),
            ("automation_id", "auto-1"),
            ("discount_percent_off", "20"),
            ("token_cost_usd", "0.100000000"),
            ("input_tokens", "null"),
            ("is_chargeable", "null"),
        ],
    );
}

#[test]
fn a_number_keeps_its_own_digits_and_its_binary_noise_is_no_money() {
    let cases = [
        ("21.36232", "0.213623200", 21_362_320),
        ("0.1", "0.001000000", 100_000),
        ("30.000000000000004", "0.300000000", 30_000_000),
        ("0.30000000000000004", "0.003000000", 300_000),
        ("9007199254740.992", "null", 0),
        ("5e-7", "0.000000005", 0),
        ("1.5e-6", "0.000000015", 2),
        ("-8.5", "-0.085000000", -8_500_000),
        ("100000000.0000001", "1000000.000000001", 100_000_000_000_000),
    ];
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let events =
        cases.iter().map(|(cents, ..)| event(json!({"chargedCents": number(cents), "requestsCosts": number(cents)})));
    let normalized = of(events.collect());
    let expected: Vec<_> = cases.iter().filter(|(_, usd, _)| *usd != "null").collect();
    assert_eq!(normalized.rows(TABLE).len(), expected.len());
    for (row, (cents, usd, units)) in normalized.rows(TABLE).iter().zip(expected) {
        assert_row(row, &[("charged_cents", cents), ("charged_usd", usd), ("requests_costs", cents)]);
        assert_eq!(row["request_micro_units"], Cell::Integer(*units), "{cents}");
    }
    let reasons = normalized.column("rejected_records", "reason");
    assert_eq!(reasons, ["chargedCents: `9007199254740.992` is more money than one row can hold"]);
}

#[test]
fn kinds_are_kept_in_the_vendors_words_and_told_in_ours() {
    let cases = [
        ("Usage-based", "on_demand"),
        ("USAGE_EVENT_KIND_USAGE_BASED", "on_demand"),
        ("Included in Business", "included"),
        ("USAGE_EVENT_KIND_FREE_CREDIT", "included"),
        ("Errored, Not Charged", "not_charged"),
        ("USAGE_EVENT_KIND_ABORTED_NOT_CHARGED", "not_charged"),
        ("Paid in Dreams", "unknown"),
    ];
    let normalized = of(cases.iter().map(|(kind, _)| event(json!({"kind": kind}))).collect());
    let found: Vec<_> = normalized.rows(TABLE).iter().map(|row| (text(row, "kind"), text(row, "billing"))).collect();
    assert_eq!(found, cases.map(|(kind, billing)| (kind.to_owned(), billing.to_owned())));
}

#[test]
fn twins_of_one_millisecond_are_all_kept_across_a_page_border_too() {
    let twins = |count: usize, cents: i64| vec![event(json!({"chargedCents": cents})); count];
    let ids = |cents: i64| {
        let normalized = normalized(&[page(twins(2, cents)), page(twins(3, cents))]).unwrap();
        assert_eq!(normalized.batch.buckets[1].rows, 5);
        normalized.column(TABLE, "row_id")
    };
    let found = ids(8);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(found, ids(9), "an id says nothing of an amount");
}

#[test]
fn a_feed_that_is_not_in_the_order_of_time_loses_no_event() {
    let at = |offset: i64| event(json!({"timestamp": (EVENING_MS + offset).to_string()}));
    let feed = [0, -5, 0, 0, -5, 3, 0, -5, -5].map(at);
    let normalized = normalized(&[page(feed[..4].to_vec()), page(feed[4..].to_vec())]).unwrap();
    assert_eq!(normalized.column(TABLE, "row_id").iter().collect::<BTreeSet<_>>().len(), feed.len());
}

#[test]
fn every_dimension_is_part_of_the_identity() {
    let mut events = vec![event(json!({}))];
    for other in [
        json!({"timestamp": (EVENING_MS - 1).to_string()}),
        json!({"serviceAccountId": "x"}),
        json!({"model": "x"}),
        json!({"kind": "x"}),
        json!({"maxMode": true}),
        json!({"maxMode": null}),
        json!({"conversationId": "x"}),
        json!({"cloudAgentId": "x"}),
        json!({"automationId": "x"}),
    ] {
        events.push(event(other));
    }
    let count = events.len();
    // Each alone, so that no ordinal tells them apart.
    let ids: BTreeSet<String> = events.into_iter().flat_map(|event| of(vec![event]).column(TABLE, "row_id")).collect();
    assert_eq!(ids.len(), count);
}

#[test]
fn the_person_is_no_part_of_the_identity_and_all_else_that_is_reported_is_part_of_what_is_alike() {
    let ids = |more: Value| {
        let normalized = of(vec![event(more)]);
        ["row_id", "event_id", "twin_id"].map(|column| normalized.column(TABLE, column).concat())
    };
    let ann = ids(json!({}));
    for person in [json!("bob@example.com"), Value::Null, json!("")] {
        assert_eq!(ids(json!({"userEmail": person})), ann);
    }
    for amount in [json!({"chargedCents": 9}), json!({"requestsCosts": 1}), json!({"isHeadless": true})] {
        let other = ids(amount);
        assert_eq!(other[..2], ann[..2]);
        assert_ne!(other[2], ann[2]);
    }
    assert_ne!(ids(json!({"model": "x"}))[1..], ann[1..]);
}

#[test]
fn whom_events_name_is_remembered_beside_them_in_no_sum_and_in_no_order() {
    let named = |person: Value| event(json!({"userEmail": person}));
    let events = ["ann@example.com", "bob@example.com", "Ann@example.com"].map(Value::from);
    let events: Vec<Value> = events.into_iter().chain([Value::Null]).map(named).collect();
    let mut turned = events.clone();
    turned.rotate_left(2);
    let remembered = |events: Vec<Value>| {
        let normalized = of(events);
        let bucket = &normalized.batch.buckets[1];
        assert_eq!((bucket.rows, bucket.filled, normalized.rows(TABLE).len()), (4, Some(3), 4));
        let columns =
            ["event_id", "twin_id", "email", "ordinal"].map(|name| normalized.column("cursor_event_people", name));
        (0..3).map(|row| columns.clone().map(|column| column[row].clone())).collect::<BTreeSet<_>>()
    };
    let people = remembered(events);
    assert_eq!(people, remembered(turned));
    let emails: Vec<[&str; 2]> = people.iter().map(|row| [row[2].as_str(), row[3].as_str()]).collect();
    let (ann, bob) = ("ann@example.com", "bob@example.com");
    assert_eq!(emails, [[ann, "Integer(1)"], [ann, "Integer(2)"], [bob, "Integer(1)"]]);
}

#[test]
fn the_spelling_of_an_address_does_not_change_the_identity() {
    let spellings = ["ann@example.com", "Ann@Example.COM", " ann@example.com", "ann@example.com\n"].map(Value::from);
    let nobody = [Value::Null, json!(""), json!(" \t")];
    for (spellings, person) in [(&spellings[..], "ann@example.com"), (&nobody[..], "null")] {
        let found: BTreeSet<[String; 2]> = spellings
            .iter()
            .map(|email| of(vec![event(json!({"userEmail": email}))]))
            .map(|normalized| ["row_id", "email"].map(|column| normalized.column(TABLE, column).concat()))
            .collect();
        assert_eq!(found.iter().map(|[_, email]| email.as_str()).collect::<Vec<_>>(), [person]);
    }
}

#[test]
fn an_event_belongs_to_its_utc_day_to_the_millisecond() {
    let midnight = 1_750_896_000_000_i64;
    let at = |timestamp: Value| event(json!({"timestamp": timestamp}));
    let normalized = of(vec![at(json!(midnight.to_string())), at(json!(midnight - 1))]);
    let days: Vec<Cell> = normalized.rows(TABLE).iter().map(|row| row["activity_date"].clone()).collect();
    assert_eq!(days, [Cell::Integer(20_265), Cell::Integer(20_264)]);
}

#[test]
fn a_record_that_does_not_read_is_rejected_and_its_neighbours_load() {
    let day_before = (EVENING_MS - 86_400_000).to_string();
    let events = vec![
        event(json!({"chargedCents": "abc"})),
        event(json!({"timestamp": "soon"})),
        json!("no event"),
        event(json!({})),
        event(json!({"timestamp": day_before, "cursorTokenFee": "many", "chargedCents": null})),
        event(json!({"timestamp": "1750700000000"})),
        event(json!({"requestsCosts": true, "chargedCents": null})),
    ];
    let normalized = of(events);
    assert_eq!(normalized.rows(TABLE).len(), 1);
    let rejects = normalized.rows("rejected_records");
    let positions: Vec<String> = rejects.iter().map(|row| text(row, "position")).collect();
    assert_eq!(positions, [0, 1, 2, 4, 5, 6].map(|index| format!("/usageEvents/{index}")));
    for (reject, words) in rejects.iter().zip([
        "chargedCents: `abc` is not a decimal number",
        "timestamp: ",
        "invalid type",
        "cursorTokenFee: `many`",
        "2025-06-23 was not asked for",
        "requestsCosts: it is not a decimal number",
    ]) {
        let reason = text(reject, "reason");
        assert!(reason.contains(words), "{reason}");
    }
    let buckets: Vec<_> = normalized.batch.buckets.iter().map(|bucket| (bucket.rows, bucket.rejects)).collect();
    assert_eq!(buckets, [(0, 4), (1, 2)], "what tells no day that was asked for counts for the first");
}

#[test]
fn an_odd_field_beside_the_charge_is_left_empty_and_remarked() {
    let cases = [
        (json!({"model": {}}), "model", "model"),
        (json!({"maxMode": "perhaps"}), "maxMode", "max_mode"),
        (json!({"isHeadless": 7}), "isHeadless", "is_headless"),
        (json!({"userEmail": ["ann"]}), "userEmail", "email"),
        (json!({"conversationId": []}), "conversationId", "conversation_id"),
        (json!({"requestsCosts": "many"}), "requestsCosts", "request_micro_units"),
        (json!({"cursorTokenFee": true}), "cursorTokenFee", "cursor_token_fee_usd"),
        (json!({"tokenUsage": {"totalCents": "abc"}}), "tokenUsage.totalCents", "token_cost_usd"),
        (json!({"tokenUsage": {"discountPercentOff": 300}}), "tokenUsage.discountPercentOff", "discount_percent_off"),
        (json!({"tokenUsage": "none"}), "tokenUsage", "input_tokens"),
    ];
    for (odd, field, column) in cases {
        let normalized = of(vec![event(odd.clone()), event(json!({}))]);
        assert_eq!(normalized.column(TABLE, "charged_usd"), ["0.080000000", "0.080000000"], "{odd}");
        assert_eq!(normalized.column(TABLE, column)[0], "null", "{odd}");
        assert_eq!(normalized.odd_fields(), [field], "{odd}");
        assert_eq!(normalized.rows("rejected_records").len(), 0, "{odd}");
    }
    let normalized = of(vec![event(json!({"maxMode": 1, "isHeadless": "false", "tokenUsage": {"inputTokens": "12"}}))]);
    let row = &normalized.rows(TABLE)[0];
    assert_row(
        row,
        &[("max_mode", "Boolean(true)"), ("is_headless", "Boolean(false)"), ("input_tokens", "Integer(12)")],
    );
    assert_eq!(normalized.remarks(), []);
}

#[test]
fn a_kind_that_is_not_known_is_remarked_with_what_it_costs() {
    let normalized = of(vec![
        event(json!({"kind": "Dreamt"})),
        event(json!({"kind": "Dreamt", "chargedCents": null})),
        event(json!({"kind": null})),
        event(json!({"kind": "Included"})),
    ]);
    assert_eq!(normalized.column(TABLE, "billing"), ["unknown", "unknown", "unknown", "included"]);
    let reasons: Vec<String> =
        normalized.remarks().into_iter().map(|(field, reason)| format!("{field}: {reason}")).collect();
    assert_eq!(
        reasons,
        [
            "kind: `Dreamt` is no kind that is known; it reports no charge and costs nothing",
            "kind: `Dreamt` is no kind that is known; its charge counts as use of an unknown kind",
            "kind: it is missing; its charge counts as use of an unknown kind",
        ]
    );
}

#[test]
fn records_that_are_alike_in_what_is_odd_are_one_remark_with_their_number() {
    let normalized = of(vec![event(json!({"model": 1.5})); 7]);
    assert_eq!(normalized.column("remarks", "records"), ["Integer(7)"]);
    assert_eq!(normalized.column("remarks", "position"), ["/usageEvents/0"]);
    let buckets: Vec<i64> = normalized.batch.buckets.iter().map(|bucket| bucket.remarks).collect();
    assert_eq!((buckets.iter().sum::<i64>(), normalized.batch.buckets[1].rejects), (7, 0));
}

#[test]
fn a_page_without_events_is_no_snapshot() {
    for body in [json!({}), json!({"usageEvents": 7}), json!([])] {
        let error = normalized(std::slice::from_ref(&body)).err().unwrap();
        assert!(matches!(error, NormalizeError::NotWhole { .. }), "{error}");
    }
}

#[test]
fn an_event_has_the_plan_of_its_day() {
    let of_day = |day: &str, recipe: &Recipe| {
        let at = day.parse::<Day>().unwrap().start().micros() / 1000;
        let manifest = manifest(cursor::usage_events::SOURCE, day, day, 1);
        normalize(&manifest, recipe, &[page(vec![event(json!({"timestamp": at.to_string()}))])])
    };
    let columns = ["plan", "billing_cycle_start", "included_requests", "request_usd"];
    let plan = |day: &str| {
        let normalized = of_day(day, &Recipe::default()).unwrap();
        columns.map(|column| normalized.rows(TABLE)[0][column].clone())
    };
    let september = Cell::Integer("2025-09-01".parse::<Day>().unwrap().epoch_days().into());
    let request =
        [Cell::Text("request".into()), september.clone(), Cell::Integer(500), Cell::Money(Usd::from_nanos(40_000_000))];
    assert_eq!(plan("2025-09-14"), request);
    assert_eq!(plan("2025-09-15"), [Cell::Text("token".into()), september, Cell::Null, Cell::Null]);
    let error = of_day("2022-12-31", &Recipe::default()).err().unwrap();
    assert!(matches!(error, NormalizeError::Unpriced(_)) && error.to_string().contains("2022-12-31"), "{error}");
}

#[test]
fn events_of_a_day_without_a_price_wait_alone_and_only_if_the_day_is_wanted() {
    let manifest = manifest(cursor::usage_events::SOURCE, "2022-12-31", "2023-01-01", 1);
    let at = |day: &str| json!({"timestamp": (day.parse::<Day>().unwrap().start().micros() / 1000).to_string()});
    let body = page(vec![event(at("2022-12-31")), event(at("2023-01-01"))]).to_string();
    let recipe = Recipe::default();
    let normalizer = || Normalizer::new(&manifest, &recipe, manifest.fetched_at).unwrap();
    let priced: Day = "2023-01-01".parse().unwrap();
    for (mut normalizer, unpriced) in [(normalizer(), 1), (normalizer().only(priced, priced), 0)] {
        normalizer.page(body.as_bytes()).unwrap();
        assert_eq!(normalizer.unpriced().len(), unpriced);
        let (_, batch) = normalizer.finish().unwrap();
        let buckets: Vec<_> = batch.buckets.iter().map(|bucket| (bucket.activity_date, bucket.rows)).collect();
        assert_eq!(buckets, [(priced, 1)]);
    }
}
