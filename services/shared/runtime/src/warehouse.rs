//! The warehouse: the tables and views that people read.

#[cfg(feature = "google")]
mod bigquery;
mod charges;
mod columns;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod row_files;
mod sqlite;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::{MergeInput, Outcome, PlanError, Replay};
use everycent_domain::reconcile::Verdict;
use everycent_domain::sql;
use everycent_domain::vendor::Vendor;
use everycent_schemas::events::FetchFailed;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};

use crate::failure::{Reason, Retryability, Retryable};
use crate::store::Store;
use crate::worker::Gather;

#[cfg(feature = "google")]
pub use bigquery::BigQueryWarehouse;
pub use charges::{Rebuild, differing_charges, rebuild, stale_charges};
pub use everycent_schemas::stored::CoverageRow;
pub use sqlite::SqliteWarehouse;

/// What a merge did with one batch, in the order of the batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Days that the batch decided, now or when it was merged before.
    pub won: Vec<Day>,
    /// Days that another answer decides.
    pub lost: Vec<Day>,
    /// Those of them for which the batch waits, for another answer or for a person.
    pub held: Vec<Day>,
}

impl From<Outcome> for Merged {
    fn from(outcome: Outcome) -> Self {
        Self { won: outcome.won, lost: outcome.lost, held: outcome.held }
    }
}

/// What a merge changed in one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableChange {
    pub table: &'static str,
    /// Rows inserted, or updated because they differed.
    pub written: u64,
    /// Rows deleted because the vendor no longer tells them.
    pub deleted: u64,
}

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergeReport {
    pub batches: Vec<Merged>,
    /// But for what is remembered of sticky columns.
    pub tables: Vec<TableChange>,
    /// Snapshots that have to be normalized again before the tables hold what was decided.
    pub replays: Vec<Replay>,
}

/// The answer to a query. Dates, timestamps and ratios come back as text; booleans as the warehouse keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// Why the warehouse did not do it.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// Trying again may help. The transaction may have been made.
    #[error("warehouse: {action}: {reason}")]
    Unavailable {
        action: &'static str,
        #[source]
        reason: Reason,
    },
    /// Trying again does not help until a person did something.
    #[error("warehouse: {action}: {reason}")]
    Refused {
        action: &'static str,
        #[source]
        reason: Reason,
    },
    /// A number leaves the range of the warehouse. The rows are to blame, and no attempt helps while they are there.
    #[error("warehouse: {action}: {reason}")]
    OutOfRange {
        action: &'static str,
        #[source]
        reason: Reason,
    },
    /// A row file is missing or damaged, or does not say what its event says.
    #[error("row file {object}: {reason}")]
    BadRows {
        object: String,
        #[source]
        reason: Reason,
    },
}

impl Retryable for WarehouseError {
    fn retryability(&self) -> Retryability {
        match self {
            Self::Unavailable { .. } => Retryability::Transient,
            Self::Refused { .. } => Retryability::Permanent,
            Self::OutOfRange { .. } | Self::BadRows { .. } => Retryability::Impossible,
        }
    }
}

/// A batch that contradicts itself is one with bad rows.
fn bad_plan(error: PlanError) -> WarehouseError {
    let object = match &error {
        PlanError::OutOfRange { .. } => {
            return WarehouseError::OutOfRange { action: "merge", reason: Reason::of(error) };
        }
        PlanError::WrongTable { object, .. } => object.clone(),
        PlanError::DayTwice { snapshot_id, .. } => snapshot_id.to_string(),
    };
    WarehouseError::BadRows { object, reason: Reason::of(error) }
}

/// Says where the sums of a query are made: the error of a warehouse names nothing.
fn located(error: WarehouseError, template: &str) -> WarehouseError {
    let WarehouseError::OutOfRange { action, reason } = error else { return error };
    let tables = sql::tables_of(template).join(", ");
    let reason = reason.reworded(|said| format!("a sum over {tables} is out of range ({said})"));
    WarehouseError::OutOfRange { action, reason }
}

/// More days than any window has.
const FAILED_DAYS_MAX: usize = 4_000;

/// Refuses a failure of more days than any window has, which would be as many rows of coverage.
fn refuse_a_failure_too_wide(failures: &[FetchFailed]) -> Result<(), WarehouseError> {
    let too_wide = |failure: &&FetchFailed| failure.from_date.through(failure.to_date).nth(FAILED_DAYS_MAX).is_some();
    match failures.iter().find(too_wide) {
        Some(FetchFailed { from_date, to_date, .. }) => {
            let reason = format!("the window {from_date}..{to_date} has more than {FAILED_DAYS_MAX} days");
            Err(WarehouseError::Refused { action: "record failures", reason: reason.into() })
        }
        None => Ok(()),
    }
}

/// What one merge takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flush {
    /// How many batches are worth it, and how long the first may wait for the others.
    pub batches: Gather,
    /// How many buckets they may have together, if there is more than one batch.
    pub buckets: usize,
}

/// Where it is a transaction on this machine: the batches that are there, and no long wait.
pub const FLUSH_NEARBY: Flush =
    Flush { batches: Gather { max: 32, linger: Duration::from_millis(100) }, buckets: usize::MAX };
/// Where it is a job that costs seconds and is paid by what it scans. The wait leaves more than half of a lease for the
/// first renewal. A bucket takes some 650 bytes of the script, of which there may be a million.
pub const FLUSH_FAR_AWAY: Flush = Flush { batches: Gather { max: 200, linger: Duration::from_secs(10) }, buckets: 700 };

/// Tables that batches are merged into.
///
/// Contract, which `conformance` checks for every body:
/// - A merge is one transaction over coverage and all tables: all of it is seen, or nothing.
/// - A bucket holds the rows of the answer that its fold accepts (the domain's `acceptance`), as they were made last:
///   answers are judged in the order `fetched_at`, `snapshot_id`, and of one answer the highest `normalized_at` counts.
///   What has been merged before changes nothing, and is answered by what has become of it.
/// - An answer that lies in the future (see the domain's `future`) comes before all that do not. A failure that does marks
///   no day that an answer came for.
/// - Every answer leaves a row in `answers`. Where the rows of the accepted one are not at hand, the bucket keeps its rows,
///   coverage says `replaying`, and the merge asks for a replay.
/// - In the won buckets of each table that the source feeds, rows with a known key are updated if their content differs,
///   new keys are inserted, and keys that are no longer there are deleted. Nothing outside the won buckets is touched.
/// - A sticky column has, for each row, what the latest answer reports that reports anything: also one that lost or is held
///   (the domain's `sql::sticky` says how rows of answers are matched). It is no content of the row.
/// - Where the content is the same nothing is written, and the row goes on telling which answer last changed it.
/// - Hence any number of merges of the same batches, in any order and any grouping, end in the same tables; only which
///   of several answers that say the same a row is credited to depends on who came first.
/// - A row file that is not what its event says, or that holds a row of another account or day, refuses the merge.
/// - What is forgotten of the future takes no row of another snapshot or of a day up to the last.
/// - Charges, and their sums, are what their definition makes of the facts, whatever was merged in which order (the domain's
///   `sql::derived`). Where that can't be added up the days keep the charges that they had.
/// - A failure marks its days `failed` if it began after the loaded answer was fetched. It takes no row away.
/// - Of an account that was forgotten nothing is left, and no other account loses anything. Its answers may come again.
#[async_trait]
pub trait Warehouse: Debug + Send + Sync {
    /// Creates what is missing of tables and views. Additive: what it does not know it leaves alone, and a table that
    /// differs from its schema is refused with the difference.
    async fn migrate(&self) -> Result<(), WarehouseError>;

    /// Merges batches whose row files lie in `store`, and decisions of a person.
    async fn merge(
        &self,
        store: &dyn Store,
        input: MergeInput<'_>,
        merged_at: Timestamp,
    ) -> Result<MergeReport, WarehouseError>;

    /// What one merge is to take.
    fn flush(&self) -> Flush {
        FLUSH_NEARBY
    }

    /// Marks windows as failed in coverage.
    async fn record_failures(&self, failures: &[FetchFailed]) -> Result<(), WarehouseError>;

    /// Coverage of the days from `from` to `to`, both included, in order of source, account and day.
    async fn coverage(&self, from: Day, to: Day) -> Result<Vec<CoverageRow>, WarehouseError>;

    /// Runs one read-only query, written in the template language of the views (see the domain's `sql`). Columns whose
    /// name ends in `_usd` come back as [`Cell::Money`], exact.
    async fn query(&self, template: &str) -> Result<Rows, WarehouseError>;

    /// Forgets what a clock that was ahead has left, once its answers were dated anew and merged again: rows of these
    /// snapshots in tables that keep their rows, and in all tables and coverage whatever is of a day after `last`.
    async fn forget_future(&self, snapshots: &[SnapshotId], last: Day) -> Result<(), WarehouseError>;

    /// Makes the charges of the days of these buckets again, and all that is derived from them, in one transaction. A merge
    /// does so itself; this is for what a loader of an earlier release has merged.
    async fn derive(&self, buckets: &BTreeSet<BucketId>) -> Result<(), WarehouseError>;

    /// Stores verdicts, each in place of the earlier one of the same check, account and day.
    async fn store_verdicts(&self, verdicts: &[Verdict], checked_at: Timestamp) -> Result<(), WarehouseError>;

    /// Takes an account of a vendor out of all tables, coverage and verdicts included, in one transaction: all of it is
    /// gone, or nothing. Afterwards it is as if no answer of it had ever come.
    async fn forget_account(&self, vendor: Vendor, account_id: &AccountId) -> Result<(), WarehouseError>;

    /// The warehouse's address, as a person would write it.
    fn address(&self) -> String;
}
