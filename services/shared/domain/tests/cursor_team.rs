//! Pages of Cursor's spend and members in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::vendors::cursor;
use std::collections::BTreeSet;

use everycent_domain::normalize::NormalizeError;
use everycent_domain::recipe::Recipe;
use everycent_domain::source::Source;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::{Day, Timestamp};
use serde_json::{Value, json};
use support::{Normalized, RowMap, manifest, normalize, text};

const SPEND: &str = "cursor_spend";
const MEMBERS: &str = "dim_cursor_members";
const TODAY: &str = "2026-11-22";
/// 3 November 2026, midnight.
const CYCLE_MS: i64 = 1_793_664_000_000;

fn normalized(source: Source, page: &Value) -> Result<Normalized, NormalizeError> {
    normalize(&manifest(source, TODAY, TODAY, 1), &Recipe::default(), std::slice::from_ref(page))
}

fn of_spend(people: Vec<Value>) -> Normalized {
    let page = json!({"teamMemberSpend": people, "subscriptionCycleStart": CYCLE_MS, "totalMembers": people.len(),
        "totalPages": 1});
    normalized(cursor::spend::SOURCE, &page).unwrap()
}

fn of_members(page: Value) -> Normalized {
    normalized(cursor::members::SOURCE, &page).unwrap()
}

fn person(more: Value) -> Value {
    let mut person = json!({"userId": "user_PDSP", "email": "Alex@Example.com", "name": "Alex", "role": "member",
        "spendCents": 1});
    person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    person
}

#[track_caller]
fn assert_row(row: &RowMap, expected: &[(&str, &str)]) {
    for (column, expected) in expected {
        assert_eq!(text(row, column), *expected, "{column}");
    }
}

#[test]
fn a_reading_of_spend_keeps_cents_as_cents_and_dollars_as_dollars() {
    let sample = person(json!({"spendCents": 2450.125487, "overallSpendCents": 2500.5, "fastPremiumRequests": 1250,
        "hardLimitOverrideDollars": 100, "monthlyLimitDollars": 199.99, "effectivePerUserLimitDollars": null}));
    let normalized = of_spend(vec![sample]);
    let row = &normalized.rows(SPEND)[0];
    assert_row(
        row,
        &[
            ("account_id", "acme"),
            ("user_id", "user_PDSP"),
            ("email", "alex@example.com"),
            ("name", "Alex"),
            ("role", "member"),
            ("spend_cents", "2450.125487"),
            ("spend_usd", "24.501254870"),
            ("overall_spend_cents", "2500.5"),
            ("overall_spend_usd", "25.005000000"),
            ("hard_limit_override_usd", "100.000000000"),
            ("monthly_limit_usd", "199.990000000"),
            ("effective_per_user_limit_usd", "null"),
        ],
    );
    assert_eq!(row["fast_premium_requests"], Cell::Integer(1250));
    assert_eq!(row["cycle_started_at"], Cell::Integer(CYCLE_MS * 1000));
    assert_eq!(row["billing_cycle_start"], Cell::Integer(20_760));
    assert_eq!(row["activity_date"], Cell::Integer(20_779));
    assert_eq!(normalized.batch.buckets[0].rows, 1);
}

#[test]
fn an_older_answer_with_numeric_ids_and_fewer_fields_reads_too() {
    let normalized = of_spend(vec![person(json!({"userId": 12345})), person(json!({"userId": null}))]);
    let rows = normalized.rows(SPEND);
    assert_row(&rows[0], &[("user_id", "12345"), ("overall_spend_usd", "null"), ("monthly_limit_usd", "null")]);
    assert_row(&rows[1], &[("user_id", "null"), ("spend_usd", "0.010000000")]);
}

#[test]
fn every_reading_has_rows_of_its_own() {
    let page = json!({"teamMemberSpend": [person(json!({}))], "subscriptionCycleStart": CYCLE_MS});
    let mut ids = BTreeSet::new();
    for second in 0..3 {
        let mut reading = manifest(cursor::spend::SOURCE, TODAY, TODAY, 1);
        reading.fetched_at = Timestamp::from_micros(reading.fetched_at.micros() + second);
        let normalized = normalize(&reading, &Recipe::default(), std::slice::from_ref(&page)).unwrap();
        ids.extend(normalized.column(SPEND, "row_id"));
    }
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_person_who_comes_twice_counts_once_and_one_who_contradicts_it_is_rejected() {
    let normalized = of_spend(vec![
        person(json!({})),
        person(json!({"email": "alex@example.com"})),
        person(json!({"spendCents": 2})),
    ]);
    assert_eq!(normalized.rows(SPEND).len(), 1);
    assert_eq!(normalized.column("rejected_records", "position"), ["/teamMemberSpend/2"]);
}

#[test]
fn spend_that_does_not_read_is_rejected_and_its_neighbours_load() {
    let bad =
        [json!({"spendCents": "abc"}), json!({"overallSpendCents": true}), json!({"email": null, "userId": null})];
    let mut people: Vec<Value> = bad.into_iter().map(person).collect();
    people.push(person(json!({"userId": "user_other"})));
    let normalized = of_spend(people);
    assert_eq!(normalized.column(SPEND, "user_id"), ["user_other"]);
    let reasons = normalized.column("rejected_records", "reason");
    let words = ["spendCents: `abc`", "overallSpendCents: ", "it has neither `userId` nor `email`"];
    assert_eq!(reasons.len(), words.len());
    for (reason, words) in reasons.iter().zip(words) {
        assert!(reason.starts_with(words), "{reason}");
    }
}

#[test]
fn spend_that_is_not_reported_is_not_known_and_an_odd_field_beside_it_is_left_empty() {
    let cases = [
        (json!({"spendCents": null}), "spendCents", "spend_usd"),
        (json!({"email": null}), "", "email"),
        (json!({"email": " "}), "", "email"),
        (json!({"email": 7}), "email", "email"),
        (json!({"fastPremiumRequests": "many"}), "fastPremiumRequests", "null"),
        (json!({"monthlyLimitDollars": []}), "monthlyLimitDollars", "monthly_limit_usd"),
        (json!({"includedSpendCents": "n/a"}), "includedSpendCents", "included_spend_usd"),
        (json!({"removedAt": "soon"}), "removedAt", "removed_at"),
        (json!({"billingTier": {}}), "billingTier", "billing_tier"),
        (json!({"name": []}), "name", "name"),
    ];
    for (odd, field, column) in cases {
        let normalized = of_spend(vec![person(odd.clone())]);
        assert_eq!((normalized.rows(SPEND).len(), normalized.rows("rejected_records").len()), (1, 0), "{odd}");
        assert_eq!(normalized.odd_fields(), Vec::from_iter((!field.is_empty()).then_some(field)), "{odd}");
        if column != "null" {
            assert_eq!(normalized.column(SPEND, column), ["null"], "{odd}");
        }
    }
    let mut missing = person(json!({}));
    missing.as_object_mut().unwrap().remove("spendCents");
    assert_eq!(of_spend(vec![missing]).column(SPEND, "spend_cents"), ["null"]);
}

#[test]
fn what_was_spent_in_all_is_reported_or_the_sum_of_its_two_parts() {
    let cases = [
        (json!({"spendCents": 2, "includedSpendCents": 3}), "0.050000000"),
        (json!({"spendCents": 2, "includedSpendCents": 3, "overallSpendCents": 9}), "0.090000000"),
        (json!({"spendCents": 2}), "null"),
        (json!({"spendCents": null, "includedSpendCents": 3}), "null"),
        (json!({"spendCents": null, "overallSpendCents": "9"}), "0.090000000"),
    ];
    for (figures, overall) in cases {
        let mut person = person(figures.clone());
        if figures.get("overallSpendCents").is_none() {
            person.as_object_mut().unwrap().remove("overallSpendCents");
        }
        assert_eq!(of_spend(vec![person]).column(SPEND, "overall_spend_usd"), [overall], "{figures}");
    }
    let left = person(json!({"removedAt": "2026-10-10T00:00:00Z", "billingTier": "premium"}));
    let normalized = of_spend(vec![left]);
    assert_eq!(normalized.column(SPEND, "billing_tier"), ["premium"]);
    assert_ne!(normalized.column(SPEND, "removed_at"), ["null"]);
}

#[test]
fn a_reading_that_does_not_say_its_cycle_is_no_snapshot() {
    let page = json!({"teamMemberSpend": [person(json!({}))]});
    assert!(matches!(normalized(cursor::spend::SOURCE, &page).err().unwrap(), NormalizeError::NotWhole { .. }));
}

#[test]
fn members_of_every_form_of_the_answer_are_kept() {
    let people = json!([
        {"id": "user_1", "email": "Ann@Example.com", "name": "Ann", "role": "owner", "isRemoved": false},
        {"id": "user_2", "email": "bob@example.com", "name": "Bob", "role": "dreamer", "isRemoved": true},
        {"id": 77, "email": "cy@example.com", "name": "Cy", "role": "member"},
        {"email": "Dee@example.com", "name": null, "role": "free-owner"},
    ]);
    for page in [json!({"teamMembers": people}), people.clone()] {
        let normalized = of_members(page);
        let found: Vec<Vec<String>> =
            ["member_id", "email", "name", "role"].map(|column| normalized.column(MEMBERS, column)).to_vec();
        assert_eq!(
            found,
            [
                ["user_1", "user_2", "77", "dee@example.com"],
                ["ann@example.com", "bob@example.com", "cy@example.com", "dee@example.com"],
                ["Ann", "Bob", "Cy", "null"],
                ["owner", "dreamer", "member", "free-owner"],
            ]
        );
        let rows = normalized.rows(MEMBERS);
        let removed: Vec<Cell> = rows.iter().map(|row| row["is_removed"].clone()).collect();
        assert_eq!(removed, [Cell::Boolean(false), Cell::Boolean(true), Cell::Null, Cell::Null]);
        assert!(rows.iter().all(|row| row["last_seen_at"] == row["fetched_at"]));
    }
}

#[test]
fn a_member_who_does_not_read_is_rejected_where_it_stands() {
    let people = json!([{"email": "ann@example.com"}, {"email": 7}, {"email": "ANN@example.com"},
        {"email": "ann@example.com", "role": "owner"}]);
    for (page, prefix) in [(json!({"teamMembers": people}), "/teamMembers"), (people.clone(), "")] {
        let normalized = of_members(page);
        assert_eq!(normalized.rows(MEMBERS).len(), 1);
        let positions = normalized.column("rejected_records", "position");
        // The third is the first, spelled in another way.
        assert_eq!(positions, [1, 3].map(|index| format!("{prefix}/{index}")));
    }
}

const READINGS: &str = "cursor_seat_readings";

/// What was read of each person's seat: payment, tier, membership and the day of the removal, nulls as `-`.
fn seats(normalized: &Normalized) -> Vec<[String; 5]> {
    let cell = |row: &RowMap, column: &str| match &row[column] {
        Cell::Null => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Integer(days) => Day::from_epoch_days(i32::try_from(*days).unwrap()).unwrap().to_string(),
        other => panic!("{column} is {other:?}"),
    };
    let columns = ["email", "payment", "tier", "membership", "removed_on"];
    normalized.rows(READINGS).iter().map(|row| columns.map(|column| cell(row, column))).collect()
}

#[test]
fn what_both_lists_say_of_a_seat_is_kept_by_the_day_of_the_reading() {
    let members = of_members(json!({"teamMembers": [
        {"id": "user_1", "email": "Ann@example.com", "role": "member", "isRemoved": false, "billingTier": "premium"},
        {"id": "user_2", "email": "bob@example.com", "role": "member", "isRemoved": true, "removedAt": 1_794_301_200_000_i64},
        {"id": "user_3", "email": "root@example.com", "role": "free-owner"},
        {"id": "user_4", "email": "cy@example.com"},
    ]}));
    let expected = [
        ["ann@example.com", "paid", "premium", "member", "-"],
        // 10 November 2026, 09:00.
        ["bob@example.com", "paid", "-", "removed", "2026-11-10"],
        ["root@example.com", "unpaid", "-", "-", "-"],
        ["cy@example.com", "-", "-", "-", "-"],
    ];
    assert_eq!(seats(&members), expected.map(|row| row.map(str::to_owned)));
    let spend = of_spend(vec![
        person(json!({"billingTier": "standard", "removedAt": "2026-11-10T23:59:59Z"})),
        person(json!({"userId": "user_2", "email": "bo@example.com", "removedAt": null, "billingTier": null})),
    ]);
    let expected =
        [["alex@example.com", "paid", "standard", "removed", "2026-11-10"], ["bo@example.com", "paid", "-", "-", "-"]];
    assert_eq!(seats(&spend), expected.map(|row| row.map(str::to_owned)));
    let row = &spend.rows(READINGS)[0];
    assert_row(row, &[("source", "cursor/spend"), ("account_id", "acme"), ("member_id", "user_PDSP")]);
    // It stands beside the rows of the list, and counts as none.
    assert_eq!((members.batch.buckets[0].rows, spend.batch.buckets[0].rows), (4, 2));
}

#[test]
fn odd_fields_of_a_seat_are_remarked_and_cost_no_row() {
    for (field, odd) in [
        ("billingTier", json!({"name": "premium"})),
        ("billingTier", json!(["premium"])),
        ("removedAt", json!("soon")),
        ("removedAt", json!({"seconds": 1})),
        ("removedAt", json!(0)),
        ("includedSpendCents", json!("much")),
    ] {
        let spend = of_spend(vec![person(json!({field: odd.clone()}))]);
        assert_eq!((spend.rows(SPEND).len(), spend.rows("rejected_records").len()), (1, 0), "{field} {odd}");
        assert_eq!(spend.rows("remarks").len(), 1, "{field} {odd}");
        assert_eq!(seats(&spend)[0][1..], ["paid", "-", "-", "-"].map(str::to_owned), "{field} {odd}");
    }
    let members = of_members(json!({"teamMembers": [
        {"id": "user_1", "email": "ann@example.com", "billingTier": ["premium"], "removedAt": "soon"},
    ]}));
    let rejects = members.column("rejected_records", "reason");
    assert_eq!(rejects, Vec::<String>::new());
    assert_eq!((members.rows(MEMBERS).len(), members.rows("remarks").len()), (1, 2));
}

#[test]
fn a_kind_of_seat_that_is_not_known_is_remarked_and_one_that_is_not_reported_is_not() {
    let unknown = of_spend(vec![person(json!({"billingTier": "gold"}))]);
    let remark = text(&unknown.rows("remarks")[0], "reason");
    assert_eq!(remark, "`gold` is no known kind of seat; taken for Standard");
    for reported in [json!({}), json!({"billingTier": null}), json!({"billingTier": ""})] {
        assert_eq!(of_spend(vec![person(reported.clone())]).rows("remarks").len(), 0, "{reported}");
    }
}

#[test]
fn one_id_with_two_addresses_has_one_seat() {
    let spend = of_spend(vec![person(json!({})), person(json!({"email": "other@example.com"}))]);
    assert_eq!((spend.rows(SPEND).len(), seats(&spend).len()), (2, 1));
}
