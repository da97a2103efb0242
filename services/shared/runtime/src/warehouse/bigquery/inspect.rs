//! Which of the files is to blame, when the rows of several were not what they should be. Only then are they read here.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use everycent_domain::identity::{Id, IdHasher};
use everycent_domain::merge_plan::{StagedFile, TablePlan};
use everycent_domain::sql::key_order;
use everycent_schemas::Day;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::RowFileReader;
use everycent_schemas::tables::Absence;

use crate::failure::Reason;
use crate::store::Store;
use crate::warehouse::WarehouseError;
use crate::warehouse::row_files::{self, BucketColumns, strange_day, wrong_count};

/// Refuses the first file that is not what its event says.
pub(super) async fn files(
    store: &dyn Store,
    plans: &[&TablePlan],
    batches: &[BatchNormalized],
) -> Result<(), WarehouseError> {
    for plan in plans {
        // A key comes twice only within a batch.
        for (_, files) in by_batch(&plan.files) {
            let mut keys = Keys::new();
            for staged in files {
                inspect(store, plan, staged, &batches[staged.batch], &mut keys).await?;
            }
        }
    }
    Ok(())
}

/// Keys of one batch, by their hashes: a batch may have a million.
type Keys = HashSet<Id>;

fn by_batch(files: &[StagedFile]) -> BTreeMap<usize, Vec<&StagedFile>> {
    let mut by_batch: BTreeMap<usize, Vec<&StagedFile>> = BTreeMap::new();
    for staged in files {
        by_batch.entry(staged.batch).or_default().push(staged);
    }
    by_batch
}

async fn inspect(
    store: &dyn Store,
    plan: &TablePlan,
    staged: &StagedFile,
    batch: &BatchNormalized,
    keys: &mut Keys,
) -> Result<(), WarehouseError> {
    let bad = |reason: Reason| WarehouseError::BadRows { object: staged.file.object.clone(), reason };
    let Some(bytes) = row_files::read(store, staged).await? else { return Ok(()) };
    let reader = RowFileReader::new(&bytes).map_err(|e| bad(Reason::of(e)))?;
    let bucket = BucketColumns::of(plan.table, reader.columns()).map_err(|e| bad(e.into()))?;
    let key = key_places(plan, reader.columns());
    let won = won_days(plan, staged.batch);
    let said: BTreeSet<i64> = batch.buckets.iter().map(|said| day_number(said.activity_date)).collect();
    let mut rows = 0_i64;
    for cells in reader {
        let cells = cells.map_err(|e| bad(Reason::of(e)))?;
        rows += 1;
        let day = bucket.check(&cells, batch).map_err(|e| bad(e.into()))?;
        if let Some(day) = day.filter(|day| !said.contains(day)) {
            return Err(bad(strange_day(day).into()));
        }
        let decides = plan.table.absence == Absence::Delete && day.is_some_and(|day| won.contains(&day));
        let hasher =
            key.iter().fold(IdHasher::new("key"), |hasher, place| hasher.part(&format!("{:?}", cells[*place])));
        if decides && !keys.insert(hasher.finish()) {
            return Err(bad(format!("row {rows}: its key comes twice").into()));
        }
    }
    if rows == staged.file.rows { Ok(()) } else { Err(bad(wrong_count(rows, staged.file.rows).into())) }
}

fn key_places(plan: &TablePlan, in_file: &[String]) -> Vec<usize> {
    let place = |name: &str| in_file.iter().position(|column| column == name);
    key_order(plan.table).into_iter().filter_map(place).collect()
}

fn won_days(plan: &TablePlan, batch: usize) -> BTreeSet<i64> {
    let of_batch = plan.won.iter().filter(|won| won.batch == batch);
    of_batch.map(|won| day_number(won.bucket.activity_date)).collect()
}

fn day_number(day: Day) -> i64 {
    day.epoch_days().into()
}
