#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use everycent_domain::manifest::{FORMAT, PageEntry};
use everycent_domain::window::Window;
use everycent_runtime::bus::BusSettings;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::clock::SystemClock;
use everycent_runtime::store::memory::MemoryStore;
use everycent_schemas::Day;
use everycent_schemas::events::SnapshotStored;

use super::*;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn manifest() -> Manifest {
    let day = Day::new(2026, 10, 10).unwrap();
    Manifest {
        format: FORMAT,
        snapshot_id: "s1".into(),
        source: "cursor/daily_usage".to_owned(),
        account_id: "acme".into(),
        window: Window::of(day),
        fetched_at: at(10),
        query: serde_json::Value::Null,
        covered: vec![day],
        pages: vec![PageEntry {
            object: "raw/x/page-00001.json.zst".parse().unwrap(),
            body_bytes: 2,
            sha256: "ab".to_owned(),
            request_id: None,
        }],
        remarks: Vec::new(),
        awaited: Vec::new(),
        workspaces: None,
        redated_from: None,
    }
}

/// The rows of the answer, made at 20 and given up.
async fn letter(bus: &SqliteBus) -> DeadLetter {
    let manifest = manifest();
    let batch = BatchNormalized {
        snapshot_id: manifest.snapshot_id,
        source: manifest.source,
        account_id: manifest.account_id,
        from_date: manifest.window.from(),
        to_date: manifest.window.to(),
        fetched_at: manifest.fetched_at,
        normalized_at: at(20),
        recipe: "r".to_owned(),
        normalizer: Some(1),
        rows_omitted: false,
        buckets: Vec::new(),
        files: Vec::new(),
    };
    publish(bus, &batch).await.unwrap();
    let delivery = bus.pull(Topic::BatchNormalized, 1, Duration::ZERO).await.unwrap().remove(0);
    bus.dead_letter(&delivery, "its rows are gone").await.unwrap();
    bus.dead_letters(10).await.unwrap().remove(0)
}

fn open(folder: &tempfile::TempDir) -> SqliteBus {
    SqliteBus::open(&folder.path().join("bus.sqlite"), Arc::new(SystemClock), BusSettings::default()).unwrap()
}

#[tokio::test]
async fn a_batch_that_was_given_up_is_made_again_of_its_answer_and_not_published_by_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let (bus, store) = (open(&folder), MemoryStore::default());
    let letter = letter(&bus).await;
    store.create(&manifest().folder().manifest(), manifest().to_json().into()).await.unwrap();
    make_again(&store, &bus, &letter, at(15)).await.unwrap();
    let announced = bus.pull(Topic::SnapshotStored, 10, Duration::ZERO).await.unwrap();
    let announced: Vec<SnapshotStored> = announced.iter().map(|delivery| decode(&delivery.message).unwrap()).collect();
    assert_eq!(announced, [stored(&manifest(), at(21), None)], "newer than the rows that were given up");
    assert!(bus.pull(Topic::BatchNormalized, 10, Duration::ZERO).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_whose_answer_is_gone_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let bus = open(&folder);
    let letter = letter(&bus).await;
    let error = make_again(&MemoryStore::default(), &bus, &letter, at(30)).await.unwrap_err().to_string();
    assert!(error.contains("manifest.json"), "{error}");
    assert!(bus.pull(Topic::SnapshotStored, 10, Duration::ZERO).await.unwrap().is_empty());
}
