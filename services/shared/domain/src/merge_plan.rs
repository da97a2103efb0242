//! What a merge will do: which batch decides which bucket, what has to be staged, and what coverage will say.
//!
//! A decision only: nothing here reads a row or writes a table.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::events::{BatchNormalized, Bucket, RowFile};
use everycent_schemas::tables::{self, Absence, Table};
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp, Usd};

use crate::bucket::BucketId;
use crate::future::horizon;
use crate::money;

/// Which answer a bucket holds; the higher one wins, as [`Version::is_lower`] has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub fetched_at: Timestamp,
    pub snapshot_id: SnapshotId,
    pub normalized_at: Timestamp,
}

impl Version {
    pub fn of(batch: &BatchNormalized) -> Self {
        Self {
            fetched_at: batch.fetched_at,
            snapshot_id: batch.snapshot_id.clone(),
            normalized_at: batch.normalized_at,
        }
    }

    /// Whether the other version wins at this time. What lies in the future wins over nothing that does not.
    pub fn is_lower(&self, other: &Self, now: Timestamp) -> bool {
        let horizon = horizon(now);
        self.rank(horizon) < other.rank(horizon)
    }

    fn rank(&self, horizon: Timestamp) -> (bool, Timestamp, &SnapshotId, bool, Timestamp) {
        let Self { fetched_at, snapshot_id, normalized_at } = self;
        (*fetched_at <= horizon, *fetched_at, snapshot_id, *normalized_at <= horizon, *normalized_at)
    }
}

/// What coverage says is loaded, of the buckets that matter here.
pub type CoverageVersions = BTreeMap<BucketId, Version>;

/// What a merge will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergePlan {
    /// One for each batch, in their order.
    pub outcomes: Vec<Outcome>,
    /// The tables that may change, in the order of [`tables::all`].
    pub tables: Vec<TablePlan>,
    /// In order of bucket.
    pub coverage: Vec<CoverageUpdate>,
}

/// What becomes of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Days that the batch decides, in order.
    pub won: Vec<Day>,
    /// Days that a later answer decided, before or in this merge.
    pub lost: Vec<Day>,
}

/// What becomes of one table.
#[derive(Debug, Clone)]
pub struct TablePlan {
    pub table: &'static Table,
    /// The buckets to replace. One that the batch has no row for becomes empty. None in a table that keeps its rows:
    /// there the answers decide row by row.
    pub won: Vec<WonBucket>,
    /// The files that may hold rows of won buckets; for a table that keeps its rows, those of every answer.
    pub files: Vec<StagedFile>,
}

impl PartialEq for TablePlan {
    fn eq(&self, other: &Self) -> bool {
        (self.table.name, &self.won, &self.files) == (other.table.name, &other.won, &other.files)
    }
}

impl Eq for TablePlan {}

/// A bucket and the batch that decides it, by its place among the batches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WonBucket {
    pub bucket: BucketId,
    pub batch: usize,
}

/// A file to read. Of its rows only those of days that its batch won count, unless the table keeps its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFile {
    pub batch: usize,
    pub file: RowFile,
    /// Its batch lost, so it may have been merged before, and be deleted since.
    pub may_be_gone: bool,
}

/// What coverage will say of a bucket that was won. A failure that is recorded there stays recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageUpdate {
    pub bucket: BucketId,
    pub version: Version,
    pub recipe: String,
    pub settled: bool,
    pub rows: i64,
    pub rejects: i64,
    pub amount_usd: Option<Usd>,
    pub quantity: i64,
}

/// A batch contradicts itself or the tables; trying again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("batch {snapshot_id} says two things about {day}")]
    DayTwice { snapshot_id: SnapshotId, day: Day },
    #[error("row file {object} is for table {table}, which {source_name} does not feed")]
    WrongTable { object: String, table: String, source_name: String },
    #[error(
        "{source_name} of account `{account_id}` on {day}: out of range: the day's money, {amount_usd} USD, is more than a warehouse holds"
    )]
    OutOfRange { source_name: String, account_id: AccountId, day: Day, amount_usd: Usd },
}

/// What time it is for a merge: the loader's clock says, unless a batch was made later than that. A loader whose clock is
/// behind must not take what was fetched just now for something of the future.
pub fn time_of(batches: &[BatchNormalized], merged_at: Timestamp) -> Timestamp {
    batches.iter().map(|batch| batch.normalized_at).fold(merged_at, Timestamp::max)
}

/// Decides what merging `batches` now does where `recorded` is loaded already.
pub fn plan(batches: &[BatchNormalized], recorded: &CoverageVersions, now: Timestamp) -> Result<MergePlan, PlanError> {
    let winners = winners(batches, recorded, now)?;
    Ok(MergePlan {
        outcomes: outcomes(batches, &winners),
        tables: table_plans(batches, &winners, recorded)?,
        coverage: winners.iter().map(|(bucket, place)| place.update(bucket, batches)).collect(),
    })
}

/// The buckets that the batches speak of, in order: what has to be known of coverage before a plan is made.
pub fn buckets_of(batches: &[BatchNormalized]) -> BTreeSet<BucketId> {
    batches.iter().flat_map(|batch| batch.buckets.iter().map(|bucket| bucket_id(batch, bucket.activity_date))).collect()
}

fn bucket_id(batch: &BatchNormalized, activity_date: Day) -> BucketId {
    BucketId { source: batch.source.clone(), account_id: batch.account_id.clone(), activity_date }
}

/// Where the decisive word on a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    batch: usize,
    bucket: usize,
}

impl Place {
    fn update(self, bucket: &BucketId, batches: &[BatchNormalized]) -> CoverageUpdate {
        let batch = &batches[self.batch];
        let said = &batch.buckets[self.bucket];
        CoverageUpdate {
            bucket: bucket.clone(),
            version: Version::of(batch),
            recipe: batch.recipe.clone(),
            settled: said.settled,
            rows: said.rows,
            rejects: said.rejects,
            amount_usd: said.amount_usd,
            quantity: said.quantity,
        }
    }
}

type Winners = BTreeMap<BucketId, Place>;

fn winners(batches: &[BatchNormalized], recorded: &CoverageVersions, now: Timestamp) -> Result<Winners, PlanError> {
    let mut highest = recorded.clone();
    let mut winners = Winners::new();
    for (index, batch) in batches.iter().enumerate() {
        refuse_a_day_twice(batch)?;
        refuse_a_sum_out_of_range(batch)?;
        let version = Version::of(batch);
        for (place, said) in batch.buckets.iter().enumerate() {
            let bucket = bucket_id(batch, said.activity_date);
            if highest.get(&bucket).is_none_or(|loaded| loaded.is_lower(&version, now)) {
                highest.insert(bucket.clone(), version.clone());
                winners.insert(bucket, Place { batch: index, bucket: place });
            }
        }
    }
    Ok(winners)
}

/// A batch of an earlier version: today's normalizer rejects what would make such a sum.
fn refuse_a_sum_out_of_range(batch: &BatchNormalized) -> Result<(), PlanError> {
    let day = |said: &Bucket| Some((said.activity_date, said.amount_usd.filter(|sum| !money::is_storable(*sum))?));
    match batch.buckets.iter().find_map(day) {
        Some((day, amount_usd)) => Err(PlanError::OutOfRange {
            source_name: batch.source.clone(),
            account_id: batch.account_id.clone(),
            day,
            amount_usd,
        }),
        None => Ok(()),
    }
}

fn refuse_a_day_twice(batch: &BatchNormalized) -> Result<(), PlanError> {
    let mut days = BTreeSet::new();
    match batch.buckets.iter().find(|bucket| !days.insert(bucket.activity_date)) {
        Some(bucket) => Err(PlanError::DayTwice { snapshot_id: batch.snapshot_id.clone(), day: bucket.activity_date }),
        None => Ok(()),
    }
}

fn outcomes(batches: &[BatchNormalized], winners: &Winners) -> Vec<Outcome> {
    let outcome = |(index, batch): (usize, &BatchNormalized)| {
        let won = |day: &Day| winners.get(&bucket_id(batch, *day)).is_some_and(|place| place.batch == index);
        let mut days: Vec<Day> = batch.buckets.iter().map(|bucket| bucket.activity_date).collect();
        days.sort_unstable();
        let (won, lost) = days.into_iter().partition(won);
        Outcome { won, lost }
    };
    batches.iter().enumerate().map(outcome).collect()
}

fn table_plans(
    batches: &[BatchNormalized],
    winners: &Winners,
    recorded: &CoverageVersions,
) -> Result<Vec<TablePlan>, PlanError> {
    let winning: BTreeSet<usize> = winners.values().map(|place| place.batch).collect();
    let unrecorded: BTreeSet<usize> =
        (0..batches.len()).filter(|index| !is_recorded(&batches[*index], recorded)).collect();
    for index in winning.union(&unrecorded) {
        refuse_a_file_of_another_table(&batches[*index])?;
    }
    let files = |of: &BTreeSet<usize>, table: &'static Table| {
        let files = of.iter().flat_map(|index| files_of(*index, &batches[*index], table, !winning.contains(index)));
        files.collect()
    };
    let plan = |table: &'static Table| match table.absence {
        Absence::Delete => TablePlan { table, won: won(winners, table), files: files(&winning, table) },
        Absence::Keep => TablePlan { table, won: Vec::new(), files: files(&unrecorded, table) },
    };
    Ok(tables::all().iter().map(plan).filter(|plan| !plan.won.is_empty() || !plan.files.is_empty()).collect())
}

/// Whether the batch is what coverage says of every bucket of its: it was merged, and nothing after it.
fn is_recorded(batch: &BatchNormalized, recorded: &CoverageVersions) -> bool {
    let version = Version::of(batch);
    batch.buckets.iter().all(|said| recorded.get(&bucket_id(batch, said.activity_date)) == Some(&version))
}

fn won(winners: &Winners, table: &Table) -> Vec<WonBucket> {
    let of_table = winners.iter().filter(|(bucket, _)| table.is_fed_by(&bucket.source));
    of_table.map(|(bucket, place)| WonBucket { bucket: bucket.clone(), batch: place.batch }).collect()
}

fn files_of(
    index: usize,
    batch: &BatchNormalized,
    table: &Table,
    may_be_gone: bool,
) -> impl Iterator<Item = StagedFile> {
    let of_table = batch.files.iter().filter(move |file| file.table == table.name);
    of_table.map(move |file| StagedFile { batch: index, file: file.clone(), may_be_gone })
}

fn refuse_a_file_of_another_table(batch: &BatchNormalized) -> Result<(), PlanError> {
    let not_fed = |file: &&RowFile| !tables::fed_by(&batch.source).any(|table| table.name == file.table);
    match batch.files.iter().find(not_fed) {
        Some(file) => Err(PlanError::WrongTable {
            object: file.object.clone(),
            table: file.table.clone(),
            source_name: batch.source.clone(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
