#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Mutex;

use everycent_domain::bucket::BucketId;
use everycent_domain::reconcile::Verdict;
use everycent_domain::vendor::Vendor;
use everycent_runtime::bus::BusSettings;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::clock::SystemClock;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::warehouse::{CoverageRow, MergeReport, Rows, SqliteWarehouse};
use everycent_schemas::events::{Bucket, FetchFailed};
use everycent_schemas::{AccountId, Day, SnapshotId, Usd};

use super::*;

fn batch(days: usize) -> BatchNormalized {
    let first = Day::new(2025, 10, 1).unwrap();
    let at = Timestamp::from_micros(1);
    let bucket = |activity_date| Bucket {
        activity_date,
        settled: true,
        rows: 0,
        rejects: 0,
        amount_usd: None,
        quantity: 0,
        reported: None,
        content_hash: None,
        remarks: 0,
        filled: None,
    };
    BatchNormalized {
        buckets: first.through(Day::new(2026, 10, 1).unwrap()).take(days).map(bucket).collect(),
        snapshot_id: format!("of {days} days").into(),
        source: "anthropic/cost_report".to_owned(),
        account_id: "acme".into(),
        from_date: first,
        to_date: first,
        fetched_at: at,
        normalized_at: at,
        recipe: "ab12".to_owned(),
        normalizer: None,
        rows_omitted: false,
        files: Vec::new(),
    }
}

fn sizes(batches: &[usize], buckets: usize) -> Vec<Vec<usize>> {
    let batches: Vec<BatchNormalized> = batches.iter().map(|days| batch(*days)).collect();
    flushes(&batches, buckets).map(|flush| flush.iter().map(|batch| batch.buckets.len()).collect()).collect()
}

#[test]
fn a_merge_takes_batches_until_they_have_too_many_buckets_together() {
    assert_eq!(sizes(&[31, 31, 31], 62), [vec![31, 31], vec![31]]);
    assert_eq!(sizes(&[31, 31, 31], usize::MAX), [vec![31, 31, 31]]);
    assert_eq!(sizes(&[1, 0, 62, 1], 62), [vec![1, 0], vec![62], vec![1]]);
}

#[test]
fn a_batch_that_has_too_many_by_itself_is_merged_alone() {
    assert_eq!(sizes(&[5, 100, 5], 62), [vec![5], vec![100], vec![5]]);
    assert_eq!(sizes(&[], 62), Vec::<Vec<usize>>::new());
}

/// A warehouse that is away for merges with these batches, and notes how many batches each merge had.
#[derive(Debug)]
struct Away {
    from: BTreeSet<SnapshotId>,
    merges: Mutex<Vec<usize>>,
}

fn away() -> WarehouseError {
    WarehouseError::Unavailable { action: "ask", reason: "away".into() }
}

#[async_trait]
impl Warehouse for Away {
    async fn merge(&self, _: &dyn Store, input: MergeInput<'_>, _: Timestamp) -> Result<MergeReport, WarehouseError> {
        let batches = input.batches;
        self.merges.lock().unwrap().push(batches.len());
        if batches.iter().any(|batch| self.from.contains(&batch.snapshot_id)) {
            return Err(away());
        }
        let merged = batches.iter().map(|_| Merged { won: Vec::new(), lost: Vec::new(), held: vec![] }).collect();
        Ok(MergeReport { batches: merged, ..MergeReport::default() })
    }

    async fn migrate(&self) -> Result<(), WarehouseError> {
        Err(away())
    }

    async fn record_failures(&self, _: &[FetchFailed]) -> Result<(), WarehouseError> {
        Err(away())
    }

    async fn coverage(&self, _: Day, _: Day) -> Result<Vec<CoverageRow>, WarehouseError> {
        Err(away())
    }

    async fn query(&self, _: &str) -> Result<Rows, WarehouseError> {
        Err(away())
    }

    async fn forget_future(&self, _: &[SnapshotId], _: Day) -> Result<(), WarehouseError> {
        Err(away())
    }

    async fn derive(&self, _: &BTreeSet<BucketId>) -> Result<(), WarehouseError> {
        Err(away())
    }

    async fn store_verdicts(&self, _: &[Verdict], _: Timestamp) -> Result<(), WarehouseError> {
        Err(away())
    }

    async fn forget_account(&self, _: Vendor, _: &AccountId) -> Result<(), WarehouseError> {
        Err(away())
    }

    fn address(&self) -> String {
        "away".to_owned()
    }
}

/// What becomes of five batches, `true` for those that are merged, and how many batches each merge had.
async fn five_batches(away_from: impl Fn(usize) -> bool) -> (Vec<bool>, Vec<usize>) {
    let batches: Vec<BatchNormalized> = (1..=5).map(batch).collect();
    let of = |days: usize| batches[days - 1].snapshot_id.clone();
    let from = (1..=5).filter(|days| away_from(*days)).map(of).collect();
    let warehouse = Arc::new(Away { from, merges: Mutex::default() });
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(SystemClock));
    let bus = SqliteBus::open(&folder.path().join("bus"), Arc::clone(&clock) as _, BusSettings::default()).unwrap();
    let store = Arc::new(MemoryStore::default());
    let loader =
        Loader::new(store, Arc::new(bus), Arc::clone(&warehouse) as _, clock, Arc::default(), Observer::silent());
    let outcomes = loader.handle(&batches).await.into_iter().map(|outcome| match outcome {
        Outcome::Done => true,
        Outcome::Retry { after: None, reason } if reason.contains("away") => false,
        other => panic!("{other:?}"),
    });
    let outcomes = outcomes.collect();
    (outcomes, warehouse.merges.lock().unwrap().clone())
}

#[tokio::test]
async fn a_warehouse_that_is_away_is_not_asked_for_each_batch() {
    assert_eq!(five_batches(|_| true).await, (vec![false; 5], vec![5, 1, 1]));
}

#[tokio::test]
async fn a_batch_that_can_not_be_merged_leaves_the_others_alone() {
    assert_eq!(five_batches(|days| days == 2).await, (vec![true, false, true, true, true], vec![5, 1, 1, 1, 1, 1]));
    assert_eq!(five_batches(|_| false).await, (vec![true; 5], vec![5]));
}

/// Rows that no attempt merges, such as those of a day whose sum no column holds.
fn poisoned(days: usize) -> BatchNormalized {
    let mut poisoned = batch(days);
    poisoned.buckets[0].amount_usd = Some(Usd::from_nanos(i128::from(i64::MAX) + 1));
    poisoned
}

#[tokio::test]
async fn a_poisoned_batch_is_a_dead_letter_with_its_reason_and_those_gathered_with_it_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock);
    let warehouse = Arc::new(SqliteWarehouse::open(&folder.path().join("tables")).unwrap());
    warehouse.migrate().await.unwrap();
    let bus = SqliteBus::open(&folder.path().join("bus"), Arc::clone(&clock) as _, BusSettings::default()).unwrap();
    let store = Arc::new(MemoryStore::default());
    let loader = Loader::new(store, Arc::new(bus), warehouse, clock, Arc::default(), Observer::silent());
    for batches in [vec![batch(1), poisoned(2), batch(3)], vec![poisoned(4)]] {
        for (batch, outcome) in batches.iter().zip(loader.handle(&batches).await) {
            match outcome {
                Outcome::Done => assert_eq!(batch.buckets[0].amount_usd, None),
                Outcome::DeadLetter { reason } => {
                    assert!(batch.buckets[0].amount_usd.is_some());
                    let place = "anthropic/cost_report of account `acme` on 2025-10-01: out of range";
                    assert!(reason.contains(place), "{reason}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
