//! What row files must be, and that a merge is all or nothing.
#![allow(clippy::unwrap_used)]

use super::Fixture;
use super::world::{Answer, RowStore, acme, at, changes, costs, coverage, day, held};
use crate::failure::{Retryability, Retryable};
use crate::warehouse::{Warehouse, WarehouseError};
use everycent_domain::merge_plan::MergeInput;

/// Asserts that the merge is refused over the object, and that nothing of it is seen.
#[track_caller]
fn assert_bad(outcome: Result<crate::warehouse::MergeReport, WarehouseError>, bad_object: &str) {
    match outcome {
        Err(WarehouseError::BadRows { object, .. }) => assert_eq!(object, bad_object),
        other => panic!("{other:?}"),
    }
}

async fn is_empty(warehouse: &dyn Warehouse) -> bool {
    costs(warehouse).await.is_empty() && coverage(warehouse).await.is_empty()
}

pub async fn an_error_in_the_second_file_leaves_nothing_of_the_first(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let good = store.batch(&Answer::new("s1", 10, (0, 0), &[(0, "a", 1)]));
    let bad = store.batch(&Answer::new("s2", 10, (1, 1), &[(1, "b", 2)]));
    store.remove(&bad.files[0].object);
    assert_bad(
        warehouse.merge(&store, MergeInput::of(&[good.clone(), bad.clone()]), at(1)).await,
        &bad.files[0].object,
    );
    assert!(is_empty(&*warehouse).await);
    warehouse.merge(&store, MergeInput::of(&[good]), at(1)).await.unwrap();
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1)]));
}

pub async fn a_key_that_comes_twice_is_refused_in_new_and_in_known_buckets(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let twice = store.batch(&Answer::new("s1", 10, (0, 0), &[(0, "a", 1), (0, "a", 1)]));
    assert_bad(
        warehouse.merge(&store, MergeInput::of(std::slice::from_ref(&twice)), at(1)).await,
        &twice.files[0].object,
    );
    assert!(is_empty(&*warehouse).await);

    store.merge(&*warehouse, &[Answer::new("s2", 5, (0, 0), &[(0, "a", 7)])]).await.unwrap();
    assert_bad(
        warehouse.merge(&store, MergeInput::of(std::slice::from_ref(&twice)), at(1)).await,
        &twice.files[0].object,
    );
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 7)]));
}

pub async fn rows_of_lost_days_are_not_taken_from_a_file(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    store.merge(&*warehouse, &[Answer::new("s2", 20, (1, 1), &[(1, "b", 2)])]).await.unwrap();
    let wider = Answer::new("s1", 10, (0, 2), &[(0, "a", 1), (1, "b", 1), (1, "x", 1), (2, "c", 1)]);
    let report = store.merge(&*warehouse, &[wider]).await.unwrap();
    assert_eq!(report.batches[0].lost, [day(1)]);
    assert_eq!(changes(&report), (2, 0));
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1), (1, "b", 2), (2, "c", 1)]));
}

pub async fn a_file_that_is_not_what_its_event_says_is_refused(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let said = store.batch(&Answer::new("s1", 10, (0, 0), &[(0, "a", 1), (0, "b", 2)]));
    let object = said.files[0].object.clone();
    let whole = store.body(&object);

    let mut more_rows = said.clone();
    more_rows.files[0].rows = 3;
    assert_bad(warehouse.merge(&store, MergeInput::of(&[more_rows]), at(1)).await, &object);
    let mut less_bytes = said.clone();
    less_bytes.files[0].bytes -= 1;
    assert_bad(warehouse.merge(&store, MergeInput::of(&[less_bytes]), at(1)).await, &object);
    let mut other_table = said.clone();
    other_table.files[0].table = "cursor_usage_stats".into();
    assert_bad(warehouse.merge(&store, MergeInput::of(&[other_table]), at(1)).await, &object);
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    store.put(&object, damaged);
    assert_bad(warehouse.merge(&store, MergeInput::of(std::slice::from_ref(&said)), at(1)).await, &object);
    assert!(is_empty(&*warehouse).await);

    store.put(&object, whole);
    warehouse.merge(&store, MergeInput::of(&[said]), at(1)).await.unwrap();
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1), (0, "b", 2)]));
}

pub async fn a_row_of_another_account_or_day_is_refused(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let said = store.batch(&Answer::new("s1", 10, (0, 1), &[(0, "a", 1), (1, "b", 2)]));
    let mut other_account = said.clone();
    other_account.account_id = "other".into();
    assert_bad(warehouse.merge(&store, MergeInput::of(&[other_account]), at(1)).await, &said.files[0].object);
    let mut fewer_days = said.clone();
    fewer_days.buckets.pop();
    assert_bad(warehouse.merge(&store, MergeInput::of(&[fewer_days]), at(1)).await, &said.files[0].object);
    assert!(is_empty(&*warehouse).await);
}

pub async fn a_day_whose_sum_no_warehouse_holds_is_refused_by_name_and_the_others_merge(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let good = store.batch(&Answer::new("s1", 10, (0, 0), &[(0, "a", 1)]));
    let huge = 9_000_000_000_000_000_000;
    let bad = store.batch(&Answer::new("s2", 10, (1, 1), &[(1, "b", huge), (1, "c", huge)]));
    let error = warehouse.merge(&store, MergeInput::of(&[good.clone(), bad.clone()]), at(1)).await.unwrap_err();
    assert_eq!(error.retryability(), Retryability::Impossible, "{error}");
    for word in ["anthropic/cost_report", "`acme`", "2025-10-02", "out of range"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(is_empty(&*warehouse).await);
    warehouse.merge(&store, MergeInput::of(&[good]), at(1)).await.unwrap();
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1)]));
}

pub async fn a_sum_that_leaves_the_range_names_the_table_that_it_is_made_over(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let rejects: Vec<(u32, &'static str)> = vec![(0, "x"), (0, "y")];
    store.merge(&*warehouse, &[Answer { rejects, ..Answer::new("s1", 10, (0, 0), &[]) }]).await.unwrap();
    let sum = "SELECT SUM(page + 9223372036854775000) AS pages FROM [[table:rejected_records]]";
    match warehouse.query(sum).await {
        Err(error @ WarehouseError::OutOfRange { .. }) => {
            assert!(error.to_string().contains("a sum over rejected_records is out of range"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
