//! From row files into SQLite, beside plain prepared inserts of the same rows into the same table.

mod plain;

use everycent_domain::vendors::cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use everycent_domain::merge_plan::MergeInput;
use everycent_domain::recipe::Recipe;
use everycent_runtime::store::Store;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::warehouse::{SqliteWarehouse, Warehouse};
use everycent_schemas::Timestamp;
use everycent_schemas::events::BatchNormalized;
use vendor_sim::{World, worlds};

use super::samples::{Ratio, Samples, Work};
use super::scale::Scale;
use super::snapshots::{self, Snapshot};
use super::verdicts::Verdicts;
use plain::PlainRows;

/// Times of plain inserts that a merge may take.
const TARGET: u128 = 3;
const REPETITIONS: u32 = 5;
/// Two windows: two batches.
const DAYS: u32 = 60;

/// The batches of one sync, and the store that holds their row files: in memory, to measure no disk but the warehouse's.
struct Batches {
    store: MemoryStore,
    batches: Vec<BatchNormalized>,
}

pub async fn run(scale: Scale, verdicts: &mut Verdicts) -> anyhow::Result<()> {
    let world = worlds::cursor_large(scale.people(), snapshots::days(DAYS)?.from().date(), DAYS);
    let answers = fetch(world.clone()).await?;
    let restated = fetch(restated(world)?).await?;
    let [first, same, restated] = [(&answers, 1), (&answers, 2), (&restated, 3)];
    let first = batches(first.0, first.1).await?;
    let later = [
        ("merge of a later answer that says the same", batches(same.0, same.1).await?),
        ("merge of a later answer, active rows restated", batches(restated.0, restated.1).await?),
    ];
    let plain_rows = PlainRows::read(&first.store, &first.batches).await?;
    let rows = plain_rows.len();

    let (mut plain, mut merged, mut again) =
        (Samples::default(), Samples::default(), later.each_ref().map(|_| Samples::default()));
    for _ in 0..REPETITIONS {
        let folder = tempfile::tempdir()?;
        plain.add(plain_rows.insert(&folder.path().join("plain.sqlite")).await?);
        let warehouse = open(&folder.path().join("merged.sqlite")).await?;
        merged.add(merge(&warehouse, &first).await?);
        for (samples, (_, batches)) in again.iter_mut().zip(&later) {
            samples.add(merge(&warehouse, batches).await?);
        }
    }
    let work = Work { rows, bytes: None };
    println!("merge cursor_usage_stats: {rows} rows, {} batches, a transaction each", first.batches.len());
    plain.print("plain prepared inserts, one transaction", work, None);
    merged.print("merge into an empty table", work, Some(&plain));
    for (samples, (label, _)) in again.iter().zip(&later) {
        samples.print(label, work, Some(&plain));
    }
    println!();
    let ratio = Ratio::of(merged.median(), plain.median());
    verdicts.check(format!("merge: {ratio} of plain inserts, at most {TARGET} x"), ratio.is_within(TARGET));
    Ok(())
}

async fn fetch(world: World) -> anyhow::Result<Vec<Snapshot>> {
    snapshots::fetch(world, cursor::daily_usage::SOURCE, snapshots::days(DAYS)?).await
}

fn restated(mut world: World) -> anyhow::Result<World> {
    for day in snapshots::days(DAYS)?.days() {
        world.restate_cursor_day(day.date());
    }
    Ok(world)
}

/// The rows of the snapshots, as if they had been fetched at this microsecond.
async fn batches(snapshots: &[Snapshot], fetched_at: i64) -> anyhow::Result<Batches> {
    let store = MemoryStore::default();
    let mut batches = Vec::new();
    for snapshot in snapshots {
        let mut files = Vec::new();
        let snapshot = snapshot.again(Timestamp::from_micros(fetched_at));
        batches.push(snapshot.normalize(&Recipe::default(), |file| files.push(file))?);
        for file in files {
            store.create(&file.object, file.body.into()).await?;
        }
    }
    Ok(Batches { store, batches })
}

async fn open(file: &Path) -> anyhow::Result<SqliteWarehouse> {
    let warehouse = SqliteWarehouse::open(file)?;
    warehouse.migrate().await?;
    Ok(warehouse)
}

/// Batch after batch, as they come from a sync.
async fn merge(warehouse: &SqliteWarehouse, Batches { store, batches }: &Batches) -> anyhow::Result<Duration> {
    let started = Instant::now();
    for batch in batches {
        let report = warehouse.merge(store, MergeInput::of(std::slice::from_ref(batch)), batch.normalized_at).await?;
        ensure!(report.batches[0].lost.is_empty(), "a day was lost");
    }
    Ok(started.elapsed())
}
