//! Which of the files is to blame, when the rows of several were not what they should be. Only then are they read here.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use everycent_domain::identity::{Id, IdHasher};
use everycent_domain::merge_plan::{StagedFile, TablePlan};
use everycent_domain::sql::key_order;
use everycent_schemas::Day;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::RowFileReader;
use everycent_schemas::tables::{Absence, Table};

use crate::failure::Reason;
use crate::store::Store;
use crate::threads;
use crate::warehouse::WarehouseError;
use crate::warehouse::row_files::{self, BucketColumns, strange_day, wrong_count};

/// Refuses the first file that is not what its event says.
pub(super) async fn files(
    store: &dyn Store,
    plans: &[&TablePlan],
    batches: &[BatchNormalized],
) -> Result<(), WarehouseError> {
    let batches: Vec<Arc<BatchNormalized>> = batches.iter().cloned().map(Arc::new).collect();
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

/// Reads a file, and checks it where it holds up nobody: it may have a million rows.
async fn inspect(
    store: &dyn Store,
    plan: &TablePlan,
    staged: &StagedFile,
    batch: &Arc<BatchNormalized>,
    keys: &mut Keys,
) -> Result<(), WarehouseError> {
    let Some(bytes) = row_files::read(store, staged).await? else { return Ok(()) };
    let expected = Expected {
        table: plan.table,
        won: won_days(plan, staged.batch),
        batch: Arc::clone(batch),
        rows: staged.file.rows,
    };
    let mut known = std::mem::take(keys);
    let (known, checked) = threads::compute(move || {
        let checked = expected.check(&bytes, &mut known);
        (known, checked)
    })
    .await;
    *keys = known;
    checked.map_err(|reason| WarehouseError::BadRows { object: staged.file.object.clone(), reason })
}

/// What the rows of a file have to be.
struct Expected {
    table: &'static Table,
    /// The days that the batch decides.
    won: BTreeSet<i64>,
    batch: Arc<BatchNormalized>,
    rows: i64,
}

impl Expected {
    fn check(&self, bytes: &[u8], keys: &mut Keys) -> Result<(), Reason> {
        let reader = RowFileReader::new(bytes).map_err(Reason::of)?;
        let bucket = BucketColumns::of(self.table, reader.columns())?;
        let key = key_places(self.table, reader.columns());
        let said: BTreeSet<i64> = self.batch.buckets.iter().map(|said| day_number(said.activity_date)).collect();
        let mut rows = 0_i64;
        for cells in reader {
            let cells = cells.map_err(Reason::of)?;
            rows += 1;
            let day = bucket.check(&cells, &self.batch)?;
            if let Some(day) = day.filter(|day| !said.contains(day)) {
                return Err(strange_day(day).into());
            }
            let decides = self.table.absence == Absence::Delete && day.is_some_and(|day| self.won.contains(&day));
            let hasher =
                key.iter().fold(IdHasher::new("key"), |hasher, place| hasher.part(&format!("{:?}", cells[*place])));
            if decides && !keys.insert(hasher.finish()) {
                return Err(format!("row {rows}: its key comes twice").into());
            }
        }
        if rows == self.rows { Ok(()) } else { Err(wrong_count(rows, self.rows).into()) }
    }
}

fn key_places(table: &'static Table, in_file: &[String]) -> Vec<usize> {
    let place = |name: &str| in_file.iter().position(|column| column == name);
    key_order(table).into_iter().filter_map(place).collect()
}

fn won_days(plan: &TablePlan, batch: usize) -> BTreeSet<i64> {
    let of_batch = plan.won.iter().filter(|won| won.batch == batch);
    of_batch.map(|won| day_number(won.bucket.activity_date)).collect()
}

fn day_number(day: Day) -> i64 {
    day.epoch_days().into()
}
