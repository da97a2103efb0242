//! Which answer decides a bucket.
#![allow(clippy::unwrap_used)]

use super::Fixture;
use super::world::{Answer, RowStore, acme, at, changes, costs, costs_of, coverage, coverage_of, day, held};
use crate::warehouse::{CoverageRow, Merged};
use everycent_schemas::rowfile::Cell;

pub async fn merging_the_same_batch_again_changes_no_row(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let answer = Answer::new("s1", 10, (0, 1), &[(0, "a", 1), (1, "b", 2)]);
    let first = store.merge(&*warehouse, std::slice::from_ref(&answer)).await.unwrap();
    assert_eq!(changes(&first), (2, 0));
    assert_eq!(first.batches, [Merged { won: vec![day(0), day(1)], lost: vec![], held: vec![] }]);
    let before = (costs(&*warehouse).await, coverage(&*warehouse).await);

    let again = store.merge(&*warehouse, &[answer.clone(), answer]).await.unwrap();
    assert_eq!(changes(&again), (0, 0));
    let won = Merged { won: vec![day(0), day(1)], lost: vec![], held: vec![] };
    assert_eq!(again.batches, [won.clone(), won]);
    assert_eq!((costs(&*warehouse).await, coverage(&*warehouse).await), before);
}

pub async fn a_later_answer_that_says_the_same_writes_no_row(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let rows = [(0, "a", 1), (1, "b", 2)];
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 1), &rows)]).await.unwrap();
    let report = store.merge(&*warehouse, &[Answer::new("s2", 20, (0, 1), &rows)]).await.unwrap();
    assert_eq!(changes(&report), (0, 0));
    assert_eq!(report.batches[0].won, [day(0), day(1)]);
    assert_eq!(acme(&*warehouse).await, held(&rows));
    assert!(coverage(&*warehouse).await.iter().all(|row| row.snapshot_id.as_ref().is_some_and(|id| *id == "s2")));
}

pub async fn an_older_answer_after_a_newer_one_changes_nothing(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    store.merge(&*warehouse, &[Answer::new("s2", 20, (0, 0), &[(0, "a", 2)])]).await.unwrap();
    // What the next answer is measured by may change: the older one is part of what was known.
    let loaded = |row: CoverageRow| CoverageRow { judgement: None, ..row };
    let before: Vec<_> = coverage(&*warehouse).await.into_iter().map(loaded).collect();
    let older = Answer::new("s1", 10, (0, 0), &[(0, "a", 1), (0, "z", 9)]);
    let report = store.merge(&*warehouse, &[older]).await.unwrap();
    assert_eq!(report.batches, [Merged { won: vec![], lost: vec![day(0)], held: vec![] }]);
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 2)]));
    let after: Vec<_> = coverage(&*warehouse).await.into_iter().map(loaded).collect();
    assert_eq!(after, before);
}

pub async fn a_replay_replaces_the_same_answer_and_loses_against_a_later_one(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let first = Answer::new("s1", 10, (0, 1), &[(0, "a", 1), (1, "b", 2)]);
    let later = Answer::new("s2", 20, (1, 1), &[(1, "b", 3)]);
    store.merge(&*warehouse, std::slice::from_ref(&first)).await.unwrap();
    store.merge(&*warehouse, &[later]).await.unwrap();

    let replay = Answer { normalized: 99, costs: vec![(0, "a", 11), (1, "b", 12)], ..first };
    let report = store.merge(&*warehouse, &[replay]).await.unwrap();
    assert_eq!(report.batches, [Merged { won: vec![day(0)], lost: vec![day(1)], held: vec![] }]);
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 11), (1, "b", 3)]));
    let versions: Vec<_> = coverage(&*warehouse).await.into_iter().map(|row| row.normalized_at.unwrap()).collect();
    assert_eq!(versions, [at(99), at(21)]);
}

pub async fn several_batches_in_one_merge_each_decide_their_days(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let earlier = Answer::new("s1", 10, (0, 2), &[(0, "a", 1), (1, "b", 1), (2, "c", 1)]);
    let later = Answer::new("s2", 20, (2, 3), &[(2, "c", 2), (3, "d", 2)]);
    let elsewhere = Answer { account: "other", ..Answer::new("s3", 5, (0, 0), &[(0, "a", 7)]) };
    let report = store.merge(&*warehouse, &[later, earlier, elsewhere]).await.unwrap();
    let decided = [
        Merged { won: vec![day(2), day(3)], lost: vec![], held: vec![] },
        Merged { won: vec![day(0), day(1)], lost: vec![day(2)], held: vec![] },
        Merged { won: vec![day(0)], lost: vec![], held: vec![] },
    ];
    assert_eq!(report.batches, decided);
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1), (1, "b", 1), (2, "c", 2), (3, "d", 2)]));
    assert_eq!(costs(&*warehouse).await.len(), 5);
}

pub async fn any_order_and_any_grouping_of_the_same_batches_ends_in_the_same_tables(fixture: &dyn Fixture) {
    let store = RowStore::default();
    let first = Answer::new("s1", 10, (0, 2), &[(0, "a", 1), (1, "b", 1), (2, "c", 1)]);
    let answers = [
        Answer { normalized: 90, costs: vec![(0, "a", 8), (2, "c", 8)], ..first.clone() },
        first,
        Answer::new("s2", 20, (1, 2), &[(1, "b", 2), (1, "e", 2)]),
        Answer { rejects: vec![(2, "r")], ..Answer::new("s3", 30, (2, 3), &[(3, "d", 3)]) },
    ];
    let expected = held(&[(0, "a", 8), (1, "b", 2), (1, "e", 2), (3, "d", 3)]);
    let (warehouse, orders) = (fixture.warehouse().await, groups_of_every_order(answers.len()));
    for step in 0..answers.len() {
        let next = |(account, groups): (usize, &Vec<Vec<usize>>)| {
            groups.get(step).into_iter().flatten().map(|index| answers[*index].of(account)).collect::<Vec<_>>()
        };
        let merged: Vec<Answer> = orders.iter().enumerate().flat_map(next).collect();
        store.merge(&*warehouse, &merged).await.unwrap();
    }
    let (costs, coverage) = (costs(&*warehouse).await, coverage(&*warehouse).await);
    let first_coverage = coverage_of(&coverage, answers[0].of(0).account);
    assert_eq!(first_coverage.len(), 4);
    for (number, groups) in orders.iter().enumerate() {
        let account = answers[0].of(number).account;
        assert_eq!(costs_of(&costs, account), expected, "{groups:?}");
        assert_eq!(coverage_of(&coverage, account), first_coverage, "{groups:?}");
    }
}

/// So many things in every order, each cut into groups in another way. Each is for an account of its own; the first
/// groups of all are merged at once, then the second ones.
pub(super) fn groups_of_every_order(count: usize) -> Vec<Vec<Vec<usize>>> {
    let grouped = |(number, order): (usize, Vec<usize>)| {
        let mut groups = vec![vec![]];
        for (place, item) in order.into_iter().enumerate() {
            // A bit for every place between two things.
            if place > 0 && number >> (place - 1) & 1 == 1 {
                groups.push(vec![]);
            }
            groups.last_mut().unwrap().push(item);
        }
        groups
    };
    orders(count).into_iter().enumerate().map(grouped).collect()
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![vec![]], |orders, next| {
        let extended = |order: Vec<usize>| {
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, next);
                longer
            })
        };
        orders.into_iter().flat_map(extended).collect()
    })
}

/// Hours after any merge here.
const FUTURE: i64 = 9_000_000_000;

pub async fn an_answer_of_the_future_loses_against_any_other_whoever_comes_first(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let future = Answer { normalized: 11, ..Answer::new("s9", FUTURE, (0, 1), &[(0, "a", 9), (1, "a", 9)]) };
    let real = Answer::new("s1", 10, (1, 1), &[(1, "a", 1)]);
    let first = future.of(1);
    store.merge(&*warehouse, &[first, real.of(2)]).await.unwrap();
    store.merge(&*warehouse, &[real.of(1), future.of(2)]).await.unwrap();
    for number in [1, 2] {
        let account = real.of(number).account;
        assert_eq!(costs_of(&costs(&*warehouse).await, account), held(&[(0, "a", 9), (1, "a", 1)]), "{account}");
    }
}

pub async fn rows_that_were_made_in_the_future_are_replaced_by_a_replay(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let made_ahead = Answer { normalized: FUTURE, ..Answer::new("s1", 10, (0, 0), &[(0, "a", 1)]) };
    let replayed = Answer { normalized: 20, ..Answer::new("s1", 10, (0, 0), &[(0, "a", 2)]) };
    store.merge(&*warehouse, &[made_ahead]).await.unwrap();
    store.merge(&*warehouse, &[replayed]).await.unwrap();
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 2)]));
}

pub async fn a_loader_whose_clock_is_behind_takes_what_was_fetched_just_now_for_no_future(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    // By the clock of the merges here, which stands still, the second answer is hours ahead.
    store.merge(&*warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    let report = store.merge(&*warehouse, &[Answer::new("s2", FUTURE, (0, 0), &[(0, "a", 2)])]).await.unwrap();
    assert_eq!(report.batches[0].won, [day(0)]);
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 2)]));
}

pub async fn of_equal_answers_about_an_old_day_the_first_and_the_last_keep_their_lines(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let hours_after = |hours: i64| day(1).start().micros() + hours * 3_600_000_000;
    let answers = ["s1", "s2", "s3", "s4"].into_iter().zip(1..);
    for (snapshot_id, hour) in answers {
        let answer = Answer::new(snapshot_id, hours_after(hour), (0, 0), &[(0, "a", 1)]);
        store.merge(&*warehouse, &[answer]).await.unwrap();
    }
    // It settles after 30 days, and is old after seven more.
    let before = costs(&*warehouse).await;
    store.merge(&*warehouse, &[Answer::new("t1", hours_after(37 * 24), (37, 37), &[])]).await.unwrap();
    let lines = "SELECT snapshot_id FROM [[table:answers]] WHERE activity_date = '2025-10-01' ORDER BY snapshot_id";
    let lines = warehouse.query(lines).await.unwrap().rows.into_iter().flatten();
    let left: Vec<Cell> = ["s1", "s3", "s4"].map(|id| Cell::Text(id.to_owned())).into();
    assert_eq!(lines.collect::<Vec<_>>(), left);
    assert_eq!(costs(&*warehouse).await, before);
}
