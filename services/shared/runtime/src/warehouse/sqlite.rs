//! The warehouse in one SQLite file.
//!
//! One connection writes and one reads; neither is ever used on an async thread. The statements come from the domain's
//! `sql`; nothing here decides which batch wins or what a row is.

mod answers;
mod columns;
mod coverage;
mod derive;
mod errors;
mod feed;
mod file;
mod functions;
mod load;
mod merge;
mod migrate;
mod query;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::MergeInput;
use everycent_domain::reconcile::Verdict;
use everycent_domain::vendor::Vendor;
use everycent_schemas::events::FetchFailed;
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};
use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{CoverageRow, MergeReport, Rows, Warehouse, WarehouseError};
use crate::failure::Reason;
use crate::store::Store;
use crate::threads;

/// Tables in one SQLite file. Other programs may read the file at any time.
#[derive(Debug)]
pub struct SqliteWarehouse {
    path: PathBuf,
    /// Closed before the writer: only a last connection that may write folds the log back into the file.
    reader: Arc<Mutex<Connection>>,
    /// None when the file was opened to be read only.
    writer: Option<Arc<Mutex<Connection>>>,
}

impl SqliteWarehouse {
    /// Opens the file, and creates it where there is none. A file of another program is refused.
    pub fn open(path: &Path) -> Result<Self, WarehouseError> {
        let writer = file::open_writer(path)?;
        let reader = file::open_reader(path)?;
        Ok(Self { path: path.to_owned(), reader: shared(reader), writer: Some(shared(writer)) })
    }

    /// Opens a file that is there; whatever would change its rows is refused. One of an earlier release gets the columns and
    /// views of today first.
    pub fn open_read_only(path: &Path) -> Result<Self, WarehouseError> {
        let reader = file::open_reader(path)?;
        if migrate::is_needed(&reader, path)? {
            migrate::migrate(&mut file::open_writer(path)?, path)?;
        }
        Ok(Self { path: path.to_owned(), reader: shared(reader), writer: None })
    }

    fn writer(&self, action: &'static str) -> Result<Arc<Mutex<Connection>>, WarehouseError> {
        let refused = || WarehouseError::Refused {
            action,
            reason: format!("{} was opened to be read only", self.path.display()).into(),
        };
        self.writer.clone().ok_or_else(refused)
    }

    async fn write<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, WarehouseError> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        on(self.writer(action)?, work).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, WarehouseError> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        on(Arc::clone(&self.reader), work).await
    }
}

fn shared(connection: Connection) -> Arc<Mutex<Connection>> {
    Arc::new(Mutex::new(connection))
}

/// Runs work with the connection on a thread of the pool, which it does not take before it is its turn. A transaction that
/// panicked was rolled back.
async fn on<T: Send + 'static>(
    connection: Arc<Mutex<Connection>>,
    work: impl FnOnce(&mut Connection) -> Result<T, WarehouseError> + Send + 'static,
) -> Result<T, WarehouseError> {
    let mut connection = connection.lock_owned().await;
    threads::compute(move || work(&mut connection)).await
}

/// Merges on a thread of its own, for a merge waits for the store.
async fn merge_alone(
    mut connection: OwnedMutexGuard<Connection>,
    work: impl FnOnce(&mut Connection) -> Result<MergeReport, WarehouseError> + Send + 'static,
) -> Result<MergeReport, WarehouseError> {
    threads::alone("merge", move || work(&mut connection)).await.unwrap_or_else(|stopped| {
        let reason = Reason::of(stopped).reworded(|stopped| format!("a worker stopped: {stopped}"));
        Err(WarehouseError::Unavailable { action: "work", reason })
    })
}

#[async_trait]
impl Warehouse for SqliteWarehouse {
    async fn migrate(&self) -> Result<(), WarehouseError> {
        let path = self.path.clone();
        self.write("migrate", move |connection| migrate::migrate(connection, &path)).await
    }

    async fn merge(
        &self,
        store: &dyn Store,
        input: MergeInput<'_>,
        merged_at: Timestamp,
    ) -> Result<MergeReport, WarehouseError> {
        let path = self.path.clone();
        let (batches, decisions) = (input.batches.to_vec(), input.decisions.to_vec());
        let acceptance = input.acceptance.clone();
        let (files, feeder) = feed::channel();
        let connection = self.writer("merge")?.lock_owned().await;
        let work = merge_alone(connection, move |connection| {
            let input = MergeInput { batches: &batches, decisions: &decisions, acceptance: &acceptance };
            merge::merge(connection, &path, input, files, merged_at)
        });
        let (outcome, ()) = tokio::join!(work, feeder.run(store));
        outcome
    }

    async fn record_failures(&self, failures: &[FetchFailed]) -> Result<(), WarehouseError> {
        let (path, failures) = (self.path.clone(), failures.to_vec());
        self.write("record failures", move |connection| coverage::record_failures(connection, &path, &failures)).await
    }

    async fn coverage(&self, from: Day, to: Day) -> Result<Vec<CoverageRow>, WarehouseError> {
        let path = self.path.clone();
        self.read(move |connection| coverage::between(connection, &path, from, to)).await
    }

    async fn query(&self, template: &str) -> Result<Rows, WarehouseError> {
        let (path, template) = (self.path.clone(), template.to_owned());
        self.read(move |connection| query::query(connection, &path, &template)).await
    }

    async fn forget_future(&self, snapshots: &[SnapshotId], last: Day) -> Result<(), WarehouseError> {
        let (path, snapshots) = (self.path.clone(), snapshots.to_vec());
        let forget = move |connection: &mut Connection| coverage::forget_future(connection, &path, &snapshots, last);
        self.write("forget the future", forget).await
    }

    async fn derive(&self, buckets: &BTreeSet<BucketId>) -> Result<(), WarehouseError> {
        let (path, buckets) = (self.path.clone(), buckets.clone());
        self.write("make charges", move |connection| derive::derive_alone(connection, &path, &buckets)).await
    }

    async fn store_verdicts(&self, verdicts: &[Verdict], checked_at: Timestamp) -> Result<(), WarehouseError> {
        let (path, verdicts) = (self.path.clone(), verdicts.to_vec());
        let store =
            move |connection: &mut Connection| coverage::store_verdicts(connection, &path, &verdicts, checked_at);
        self.write("store verdicts", store).await
    }

    async fn forget_account(&self, vendor: Vendor, account_id: &AccountId) -> Result<(), WarehouseError> {
        let (path, account_id) = (self.path.clone(), account_id.clone());
        let forget =
            move |connection: &mut Connection| coverage::forget_account(connection, &path, vendor, &account_id);
        self.write("forget an account", forget).await
    }

    fn address(&self) -> String {
        format!("sqlite://{}", self.path.display())
    }
}

#[cfg(test)]
mod tests;
