//! Tables that keep what vanished: the latest answer that tells a row decides it, whatever day it is about.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use everycent_domain::merge_plan::MergeInput;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::rows::{ApiKeyOwner, EarlierApiKeyOwner, Row};
use everycent_schemas::tables;

use super::Fixture;
use super::versions::groups_of_every_order;
use everycent_schemas::Day;

use super::world::{Answer, RowStore, acme, at, coverage, day};
use crate::warehouse::{Merged, Warehouse};

const OWNERS: &str = "upload/api_key_owners";

/// A reading of the directory: key and owner, told on a day.
#[derive(Clone)]
struct Reading {
    answer: Answer,
    owners: Vec<(&'static str, &'static str)>,
}

impl Reading {
    fn new(snapshot_id: &'static str, fetched: i64, day: u32, owners: &[(&'static str, &'static str)]) -> Self {
        let answer = Answer { source: OWNERS, ..Answer::new(snapshot_id, fetched, (day, day), &[]) };
        Self { answer, owners: owners.to_vec() }
    }

    fn batch(&self, store: &RowStore) -> BatchNormalized {
        let answer = &self.answer;
        let row = |(api_key_id, owner_email): &(&'static str, &'static str)| ApiKeyOwner {
            organization_id: answer.account,
            api_key_id,
            owner_email,
            team: None,
            note: None,
            valid_from: None,
            last_seen_at: at(answer.fetched),
            snapshot_id: answer.snapshot_id,
            fetched_at: at(answer.fetched),
            ingestion_timestamp: at(answer.normalized),
        };
        let rows: Vec<ApiKeyOwner<'_>> = self.owners.iter().map(row).collect();
        let mut batch = store.batch(answer);
        batch.files.extend(store.file(answer, &rows));
        batch
    }

    /// The same of another account.
    fn of(&self, number: usize) -> Self {
        Self { answer: self.answer.of(number), owners: self.owners.clone() }
    }
}

/// Key, owner, and when it was last told.
type OwnerRow = (String, String, String);

/// Those of `acme`, in order of key.
async fn owners(warehouse: &dyn Warehouse) -> Vec<OwnerRow> {
    all_owners(warehouse).await.remove("acme").unwrap_or_default()
}

/// By account.
async fn all_owners(warehouse: &dyn Warehouse) -> BTreeMap<String, Vec<OwnerRow>> {
    let template = "SELECT organization_id, api_key_id, owner_email, last_seen_at
                    FROM [[table:dim_api_key_owners]] ORDER BY 1, 2";
    let mut owners: BTreeMap<String, Vec<OwnerRow>> = BTreeMap::new();
    for cells in warehouse.query(template).await.unwrap().rows {
        match <[Cell; 4]>::try_from(cells).unwrap() {
            [Cell::Text(account), Cell::Text(key), Cell::Text(owner), Cell::Text(seen)] => {
                owners.entry(account).or_default().push((key, owner, seen));
            }
            other => panic!("{other:?}"),
        }
    }
    owners
}

fn held(rows: &[(&str, &str, i64)]) -> Vec<OwnerRow> {
    let row = |(key, owner, seen): &(&str, &str, i64)| (key.to_string(), owner.to_string(), at(*seen).to_string());
    rows.iter().map(row).collect()
}

pub async fn what_a_directory_no_longer_tells_stays_with_the_time_it_was_last_told(fixture: &dyn Fixture) {
    assert_eq!(tables::find(ApiKeyOwner::TABLE).unwrap().absence, tables::Absence::Keep);
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let first = Reading::new("s1", 10, 0, &[("k1", "ann"), ("k2", "bob")]).batch(&store);
    let second = Reading::new("s2", 20, 1, &[("k2", "cy"), ("k3", "cy")]).batch(&store);
    warehouse.merge(&store, MergeInput::of(&[first]), at(1)).await.unwrap();
    let report = warehouse.merge(&store, MergeInput::of(&[second]), at(2)).await.unwrap();
    assert_eq!((report.tables[0].written, report.tables[0].deleted), (2, 0));
    assert_eq!(owners(&*warehouse).await, held(&[("k1", "ann", 10), ("k2", "cy", 20), ("k3", "cy", 20)]));
    assert_eq!(coverage(&*warehouse).await.len(), 2);
}

/// An owner whom another one has followed.
fn earlier_owner<'a>(answer: &Answer, days: (Option<u32>, u32), owner_email: &'a str) -> EarlierApiKeyOwner<'a> {
    EarlierApiKeyOwner {
        organization_id: answer.account,
        api_key_id: "k1",
        valid_until: day(days.1),
        valid_from: days.0.map(day),
        owner_email,
        team: None,
        note: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

pub async fn a_key_that_was_handed_over_has_a_row_for_each_owner_of_the_latest_upload(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let readings = [Reading::new("s1", 10, 0, &[("k1", "ann")]), Reading::new("s2", 20, 1, &[("k1", "cy")])];
    let earlier: [&[_]; 2] = [&[((None, 3), "old")], &[((None, 4), "ann"), ((Some(4), 7), "bob")]];
    for (reading, earlier) in readings.iter().zip(earlier) {
        let mut batch = reading.batch(&store);
        let rows: Vec<_> = earlier.iter().map(|(days, owner)| earlier_owner(&reading.answer, *days, owner)).collect();
        batch.files.extend(store.file(&reading.answer, &rows));
        warehouse.merge(&store, MergeInput::of(&[batch]), at(1)).await.unwrap();
    }
    let template = "SELECT owner_email, valid_from, valid_until FROM [[table:api_key_owner_periods]] ORDER BY 1";
    let shown = |cells: &Vec<Cell>| -> Vec<String> {
        let text = |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { "-".to_owned() };
        cells.iter().map(text).collect()
    };
    let rows: Vec<Vec<String>> = warehouse.query(template).await.unwrap().rows.iter().map(shown).collect();
    let (fourth, seventh) = (day(4).to_string(), day(7).to_string());
    assert_eq!(rows, [["ann", "-", &fourth], ["bob", &fourth, &seventh], ["cy", "-", "-"]]);
    let kept = warehouse.query("SELECT COUNT(*) AS n FROM [[table:dim_api_key_earlier_owners]]").await.unwrap().rows;
    assert_eq!(kept, [[Cell::Integer(3)]], "what an earlier upload said stays");
}

pub async fn a_replay_of_a_directory_that_says_the_same_changes_no_row(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let first = Reading::new("s1", 10, 0, &[("k1", "ann"), ("k2", "bob")]);
    let again = Reading { answer: Answer { normalized: 90, ..first.answer.clone() }, ..first.clone() };
    let other = Reading { owners: vec![("k1", "ann"), ("k2", "rob")], ..again.clone() };
    warehouse.merge(&store, MergeInput::of(&[first.batch(&store)]), at(1)).await.unwrap();
    let report = warehouse.merge(&store, MergeInput::of(&[again.batch(&store)]), at(2)).await.unwrap();
    assert_eq!(super::world::changes(&report), (0, 0));
    let later = Reading { answer: Answer { normalized: 99, ..other.answer.clone() }, ..other };
    let report = warehouse.merge(&store, MergeInput::of(&[later.batch(&store)]), at(3)).await.unwrap();
    assert_eq!(super::world::changes(&report), (1, 0));
    assert_eq!(owners(&*warehouse).await, held(&[("k1", "ann", 10), ("k2", "rob", 10)]));
}

pub async fn readings_of_a_directory_in_any_order_and_grouping_end_in_the_same_rows(fixture: &dyn Fixture) {
    let store = RowStore::default();
    let first = Reading::new("s1", 10, 0, &[("k1", "ann"), ("k2", "bob")]);
    let again = Reading {
        answer: Answer { normalized: 90, ..first.answer.clone() },
        owners: vec![("k1", "ann"), ("k2", "rob")],
    };
    let same_day = Reading::new("s2", 15, 0, &[("k1", "dee")]);
    let next_day = Reading::new("s3", 20, 1, &[("k1", "eve"), ("k3", "cy")]);
    let readings = [first, again, same_day, next_day];
    let expected = held(&[("k1", "eve", 20), ("k2", "rob", 10), ("k3", "cy", 20)]);
    let (warehouse, orders) = (fixture.warehouse().await, groups_of_every_order(readings.len()));
    for step in 0..readings.len() {
        let next = |(account, groups): (usize, &Vec<Vec<usize>>)| {
            let group = groups.get(step).into_iter().flatten();
            group.map(|index| readings[*index].of(account).batch(&store)).collect::<Vec<_>>()
        };
        let merged: Vec<BatchNormalized> = orders.iter().enumerate().flat_map(next).collect();
        warehouse.merge(&store, MergeInput::of(&merged), at(1)).await.unwrap();
    }
    let owners = all_owners(&*warehouse).await;
    for (number, groups) in orders.iter().enumerate() {
        assert_eq!(owners[readings[0].of(number).answer.account], expected, "{groups:?}");
    }
}

pub async fn a_reading_that_was_merged_and_lost_since_is_delivered_again_without_its_file(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let first = Reading::new("s1", 10, 0, &[("k1", "ann")]).batch(&store);
    let second = Reading::new("s2", 20, 0, &[("k1", "bob")]).batch(&store);
    warehouse.merge(&store, MergeInput::of(std::slice::from_ref(&first)), at(1)).await.unwrap();
    store.remove(&first.files[0].object);
    warehouse.merge(&store, MergeInput::of(std::slice::from_ref(&second)), at(2)).await.unwrap();
    store.remove(&second.files[0].object);

    let report = warehouse.merge(&store, MergeInput::of(&[first, second]), at(3)).await.unwrap();
    assert_eq!(super::world::changes(&report), (0, 0));
    let merged = |won: &[Day], lost: &[Day]| Merged { won: won.to_vec(), lost: lost.to_vec(), held: vec![] };
    assert_eq!(report.batches, [merged(&[], &[day(0)]), merged(&[day(0)], &[])]);
    assert_eq!(owners(&*warehouse).await, held(&[("k1", "bob", 20)]));
}

pub async fn a_reading_of_the_future_loses_row_by_row_against_any_other(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let mut future = Reading::new("s9", 9_000_000_000, 0, &[("k1", "ann"), ("k2", "bob")]);
    future.answer.normalized = 11;
    let real = Reading::new("s1", 10, 0, &[("k1", "eve")]);
    for batches in [vec![future.of(1), real.of(2)], vec![real.of(1), future.of(2)], vec![future.of(3), real.of(3)]] {
        let batches: Vec<BatchNormalized> = batches.iter().map(|reading| reading.batch(&store)).collect();
        warehouse.merge(&store, MergeInput::of(&batches), at(1)).await.unwrap();
    }
    let owners = all_owners(&*warehouse).await;
    for number in 1..=3 {
        let account = real.of(number).answer.account;
        assert_eq!(owners[account], held(&[("k1", "eve", 10), ("k2", "bob", 9_000_000_000)]), "{account}");
    }
}

pub async fn what_is_forgotten_of_the_future_takes_nothing_else(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let readings = [
        Reading::new("s1", 10, 0, &[("k1", "ann")]),
        Reading::new("s2", 20, 1, &[("k2", "bob")]),
        Reading::new("s3", 30, 9, &[("k3", "cy")]),
    ];
    let batches: Vec<BatchNormalized> = readings.iter().map(|reading| reading.batch(&store)).collect();
    warehouse.merge(&store, MergeInput::of(&batches), at(1)).await.unwrap();
    store.merge(&*warehouse, &[Answer::new("c1", 40, (1, 3), &[(1, "a", 1), (2, "a", 2), (3, "a", 3)])]).await.unwrap();

    warehouse.forget_future(&["s2".into(), "gone".into()], day(2)).await.unwrap();
    assert_eq!(owners(&*warehouse).await, held(&[("k1", "ann", 10), ("k3", "cy", 30)]));
    assert_eq!(acme(&*warehouse).await, super::world::held(&[(1, "a", 1), (2, "a", 2)]));
    let days: Vec<_> = coverage(&*warehouse).await.iter().map(|row| row.activity_date).collect();
    assert_eq!(days, [day(1), day(2), day(0), day(1)]);

    warehouse.forget_future(&[], day(0)).await.unwrap();
    assert_eq!(coverage(&*warehouse).await.len(), 1);
    assert_eq!(owners(&*warehouse).await.len(), 2);
}
