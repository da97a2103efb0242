//! What becomes of rows in the buckets that were won, and of everything else.
#![allow(clippy::unwrap_used)]

use everycent_schemas::Usd;
use everycent_schemas::rowfile::Cell;

use everycent_domain::reconcile::{Check, Figure, Verdict};

use super::Fixture;
use super::world::{Answer, RowStore, acme, at, changes, costs, coverage, day, held};

pub async fn a_row_that_says_something_else_is_updated_with_where_it_came_from(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1), (0, "b", 2)])]).await.unwrap();
    let later = Answer::new("s2", 20, (0, 0), &[(0, "a", 1), (0, "b", 3)]);
    let report = store.merge(&*warehouse, &[later]).await.unwrap();
    assert_eq!(changes(&report), (1, 0));
    let rows = warehouse.query("SELECT row_id, snapshot_id FROM [[table:claude_costs]] ORDER BY 1").await.unwrap().rows;
    let text = |value: &str| Cell::Text(value.into());
    assert_eq!(rows, [vec![text("a"), text("s1")], vec![text("b"), text("s2")]]);
}

pub async fn a_row_that_vanished_is_deleted_and_its_neighbours_are_not(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let rows = [(0, "a", 1), (1, "a", 1), (1, "b", 2), (2, "a", 1)];
    let other = Answer { account: "other", ..Answer::new("s2", 10, (0, 2), &rows) };
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 2), &rows), other]).await.unwrap();

    let report = store.merge(&*warehouse, &[Answer::new("s3", 20, (1, 1), &[(1, "c", 3), (1, "b", 2)])]).await.unwrap();
    assert_eq!(changes(&report), (1, 1));
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1), (1, "b", 2), (1, "c", 3), (2, "a", 1)]));
    assert_eq!(costs(&*warehouse).await.iter().filter(|(account, ..)| account == "other").count(), 4);
}

pub async fn a_bucket_that_became_empty_loses_its_rows(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let full = Answer { rejects: vec![(0, "r")], ..Answer::new("s1", 10, (0, 1), &[(0, "a", 1), (1, "b", 2)]) };
    store.merge(&*warehouse, &[full]).await.unwrap();
    let report = store.merge(&*warehouse, &[Answer::new("s2", 20, (0, 0), &[])]).await.unwrap();
    assert_eq!(changes(&report), (0, 2));
    assert_eq!(acme(&*warehouse).await, held(&[(1, "b", 2)]));
    let emptied = &coverage(&*warehouse).await[0];
    assert_eq!((emptied.rows, emptied.rejects, emptied.amount_usd), (Some(0), Some(0), Some(Usd::ZERO)));
}

pub async fn rejects_of_one_source_leave_those_of_another_alone(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let costs = Answer { rejects: vec![(0, "r")], ..Answer::new("s1", 10, (0, 0), &[]) };
    let totals = Answer { source: "anthropic/cost_totals", ..Answer { snapshot_id: "s2", ..costs.clone() } };
    store.merge(&*warehouse, &[costs, totals]).await.unwrap();
    store.merge(&*warehouse, &[Answer::new("s3", 20, (0, 0), &[])]).await.unwrap();
    let left = warehouse.query("SELECT source, row_id FROM [[table:rejected_records]]").await.unwrap().rows;
    assert_eq!(left, [[Cell::Text("anthropic/cost_totals".into()), Cell::Text("r".into())]]);
}

pub async fn amounts_come_back_to_the_last_digit(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let rows = [(0, "a", 37_338_000), (0, "b", -1), (0, "c", 9_000_000_000_000_000_001)];
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 0), &rows)]).await.unwrap();
    assert_eq!(acme(&*warehouse).await, held(&rows));
    let sum = warehouse.query("SELECT [[usd:SUM(amount_usd)]] AS cost_usd FROM [[table:claude_costs]]").await.unwrap();
    assert_eq!(sum.columns, ["cost_usd"]);
    assert_eq!(sum.rows, [[Cell::Money(Usd::from_nanos(9_000_000_000_037_338_000))]]);
    assert_eq!(coverage(&*warehouse).await[0].amount_usd, Some(Usd::from_nanos(9_000_000_000_037_338_000)));
}

/// Products of more than 15 digits, of which binary floats lose the last: the last unit of a whole has the rest of it.
pub async fn a_part_of_an_amount_is_exact_whatever_it_is_a_part_of(fixture: &dyn Fixture) {
    let warehouse = fixture.warehouse().await;
    for (amount, units, whole, part) in [
        (98_765_432_109_876_i64, 12_345_678_901_234_i64, 23_456_789_012_345_i64, 51_981_808_368_077_i64),
        (9_876_543_210_987, 9_999_999_999_999, 9_999_999_999_999, 9_876_543_210_987),
        (1_124_859_550, 8_731_207_661_003, 8_731_207_661_003, 1_124_859_550),
        (-7_000_000_000_001, 1, 2, -3_500_000_000_000),
    ] {
        let number = |value: i64| format!("CAST({value} AS [[type:integer]])");
        let numbers = format!("SELECT {} AS a, {} AS u, {} AS w", number(amount), number(units), number(whole));
        let query = format!("SELECT [[part_of:a, u, w]] AS part FROM ({numbers}) AS numbers");
        assert_eq!(warehouse.query(&query).await.unwrap().rows, [[Cell::Integer(part)]], "{query}");
    }
}

pub async fn a_verdict_takes_the_place_of_the_earlier_one(fixture: &dyn Fixture) {
    let warehouse = fixture.warehouse().await;
    let verdict = |found: i64| Verdict {
        check: Check::NoReject,
        source: "anthropic/cost_report".into(),
        account_id: "acme".into(),
        activity_date: day(0),
        from_date: day(0),
        expected: Figure::Count(0),
        found: Figure::Count(found),
        passed: found == 0,
        explanation: "it's so".into(),
    };
    warehouse.store_verdicts(&[verdict(2)], at(1)).await.unwrap();
    warehouse.store_verdicts(&[verdict(0)], at(2)).await.unwrap();
    let rows = warehouse.query("SELECT found, verdict FROM [[table:reconciliation]]").await.unwrap().rows;
    assert_eq!(rows, [[Cell::Text("0".into()), Cell::Text("pass".into())]]);
}
