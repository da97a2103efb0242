//! What failed windows do to coverage.
#![allow(clippy::unwrap_used)]

use everycent_schemas::events::FetchFailed;

use super::Fixture;
use super::world::{Answer, COSTS, RowStore, acme, at, coverage, day, held};
use crate::warehouse::{CoverageRow, Warehouse};

fn failure(failed: i64, days: (u32, u32), reason: &str) -> FetchFailed {
    FetchFailed {
        source: COSTS.into(),
        account_id: "acme".into(),
        from_date: day(days.0),
        to_date: day(days.1),
        reason: reason.into(),
        failed_at: at(failed),
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

pub async fn failures_and_answers_in_any_order_end_the_same(fixture: &dyn Fixture) {
    let store = RowStore::default();
    let answer = Answer::new("s1", 20, (0, 0), &[(0, "a", 1)]);
    for (failed, state) in [(10, "settled"), (20, "settled"), (30, "failed")] {
        let failures = [failure(failed, (0, 0), "b"), failure(failed, (0, 0), "a"), failure(5, (0, 0), "older")];
        let mut ends = Vec::new();
        for answer_after in 0..=failures.len() {
            for backwards in [false, true] {
                let warehouse = fixture.warehouse().await;
                let mut order = failures.clone();
                if backwards {
                    order.reverse();
                }
                warehouse.record_failures(&order[..answer_after]).await.unwrap();
                store.merge(&*warehouse, std::slice::from_ref(&answer)).await.unwrap();
                for failure in &order[answer_after..] {
                    warehouse.record_failures(std::slice::from_ref(failure)).await.unwrap();
                }
                ends.push(coverage(&*warehouse).await);
            }
        }
        assert_eq!(ends[0][0].state.to_string(), state, "failed at {failed}");
        assert_eq!((ends[0][0].failed_at, ends[0][0].failure.as_deref()), (Some(at(failed)), Some("b")));
        assert!(ends.iter().all(|end| *end == ends[0]), "failed at {failed}: {ends:?}");
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
