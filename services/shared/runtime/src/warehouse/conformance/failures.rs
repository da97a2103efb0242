//! What failed windows do to coverage.
#![allow(clippy::unwrap_used)]

use everycent_schemas::events::FetchFailed;

use super::Fixture;
use super::world::{Answer, COSTS, RowStore, acme, at, coverage, coverage_of, day, held};
use crate::warehouse::{CoverageRow, Warehouse};

fn failure(failed: i64, days: (u32, u32), reason: &str) -> FetchFailed {
    FetchFailed {
        source: COSTS.into(),
        account_id: "acme".into(),
        from_date: day(days.0),
        to_date: day(days.1),
        reason: reason.into(),
        failed_at: at(failed),
        unavailable: false,
    }
}

async fn states(warehouse: &dyn Warehouse) -> Vec<String> {
    coverage(warehouse).await.into_iter().map(|row| row.state.to_string()).collect()
}

pub async fn a_failure_marks_its_days_until_a_later_fetch_succeeds(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 1), &[])]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["settled", "open"]);
    warehouse.record_failures(&[failure(20, (1, 2), "no answer")]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["settled", "failed", "failed"]);
    let never_loaded: CoverageRow = coverage(&*warehouse).await.remove(2);
    assert_eq!((never_loaded.fetched_at, never_loaded.rows), (None, None));
    assert_eq!((never_loaded.failed_at, never_loaded.failure.as_deref()), (Some(at(20)), Some("no answer")));

    store.merge(&*warehouse, &[Answer::new("s2", 30, (0, 2), &[])]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["settled", "open", "open"]);
}

pub async fn a_refusal_is_no_failure_unless_the_day_was_answered_in_any_order(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let refused = |at, days| FetchFailed { unavailable: true, ..failure(at, days, "not for this key") };
    warehouse.record_failures(&[refused(20, (0, 2))]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["unavailable"; 3]);
    // Answered before, told later; and answered since.
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 0), &[]), Answer::new("s2", 30, (1, 1), &[])]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["failed", "open", "unavailable"]);
    warehouse.record_failures(&[refused(40, (1, 1)), failure(40, (2, 2), "no answer")]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["failed"; 3]);
}

pub async fn failures_and_answers_in_any_order_end_the_same(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let cases: Vec<Case> = [10, 20, 30].into_iter().flat_map(Case::all).collect();
    let answers: Vec<Answer> = cases.iter().map(|case| case.answer.clone()).collect();
    let before: Vec<FetchFailed> = cases.iter().flat_map(|case| case.before.clone()).collect();
    warehouse.record_failures(&before).await.unwrap();
    store.merge(&*warehouse, &answers).await.unwrap();
    for step in 0..FAILURES {
        let after: Vec<FetchFailed> = cases.iter().filter_map(|case| case.after.get(step).cloned()).collect();
        warehouse.record_failures(&after).await.unwrap();
    }
    let coverage = coverage(&*warehouse).await;
    for (failed, state) in [(10, "settled"), (20, "settled"), (30, "failed")] {
        let cases = cases.iter().filter(|case| case.failed == failed);
        let ends: Vec<_> = cases.map(|case| coverage_of(&coverage, case.answer.account)).collect();
        assert_eq!(ends.len(), 2 * (FAILURES + 1));
        assert_eq!(ends[0][0].state.to_string(), state, "failed at {failed}");
        assert_eq!((ends[0][0].failed_at, ends[0][0].failure.as_deref()), (Some(at(failed)), Some("b")));
        assert!(ends.iter().all(|end| *end == ends[0]), "failed at {failed}: {ends:?}");
    }
}

const FAILURES: usize = 3;

/// An account with an answer among its failures.
struct Case {
    failed: i64,
    before: Vec<FetchFailed>,
    answer: Answer,
    after: Vec<FetchFailed>,
}

impl Case {
    /// Every place of the answer among these failures and among them in reverse.
    fn all(failed: i64) -> Vec<Self> {
        let answer = Answer::new("s1", 20, (0, 0), &[(0, "a", 1)]);
        let failures: [FetchFailed; FAILURES] =
            [failure(failed, (0, 0), "b"), failure(failed, (0, 0), "a"), failure(5, (0, 0), "older")];
        let case = |place: usize| {
            let answer = answer.of(usize::try_from(failed).unwrap() + place);
            let mut order =
                failures.clone().map(|failure| FetchFailed { account_id: answer.account.into(), ..failure });
            if place > FAILURES {
                order.reverse();
            }
            let (before, after) = order.split_at(place % (FAILURES + 1));
            Self { failed, before: before.to_vec(), answer, after: after.to_vec() }
        };
        (0..2 * (FAILURES + 1)).map(case).collect()
    }
}

pub async fn a_failure_takes_no_row_away(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    let before = coverage(&*warehouse).await.remove(0);
    assert_eq!(before.recipe.as_deref(), Some("r"), "as its batch says");
    warehouse.record_failures(&[failure(20, (0, 0), "no answer")]).await.unwrap();
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1)]));
    let after = coverage(&*warehouse).await.remove(0);
    let unharmed = CoverageRow { state: before.state, failed_at: None, failure: None, ..after };
    assert_eq!(unharmed, before);
}

pub async fn a_failure_of_the_future_marks_no_day_that_an_answer_came_for_and_later_ones_count_again(
    fixture: &dyn Fixture,
) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    warehouse.record_failures(&[failure(9_000_000_000, (1, 1), "no answer")]).await.unwrap();
    store.merge(&*warehouse, &[Answer::new("s1", 10, (1, 1), &[])]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["open"]);
    warehouse.record_failures(&[failure(20, (1, 1), "again none")]).await.unwrap();
    assert_eq!(states(&*warehouse).await, ["failed"]);
}
