//! The warehouse in one dataset of BigQuery.
//!
//! Row files are loaded where they lie, in Cloud Storage, and merged by one script. The statements come from the
//! domain's `sql`; nothing here decides which batch wins or what a row is. No row passes through this process unless
//! a file has to be blamed.

mod access;
mod cells;
mod connection;
mod coverage;
mod failure;
mod inspect;
mod jobs;
mod merge;
mod migrate;
mod query;
mod rest;
mod stage;

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::MergeInput;
use everycent_domain::reconcile::Verdict;
use everycent_domain::sql::bigquery::derive_script;
use everycent_domain::vendor::Vendor;
use everycent_schemas::events::FetchFailed;
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};

use self::connection::Connection;
use super::{
    CoverageRow, FLUSH_FAR_AWAY, Flush, MergeReport, Rows, Warehouse, WarehouseError, refuse_a_failure_too_wide,
};
use crate::failure::Reason;
use crate::google::endpoints::Endpoints;
use crate::store::Store;

/// Tables in one dataset. Other programs may read it at any time, and other loaders merge into it.
pub struct BigQueryWarehouse {
    connection: Connection,
    /// Where to create the dataset if it is missing.
    create_in: Option<String>,
    is_read_only: bool,
}

impl BigQueryWarehouse {
    /// The dataset of the project. It is not looked for before it is used.
    pub fn new(endpoints: &Endpoints, project: &str, dataset: &str) -> Self {
        let connection = Connection::new(endpoints.bigquery.clone(), project, dataset);
        Self { connection, create_in: None, is_read_only: false }
    }

    /// Lets [`Warehouse::migrate`] create the dataset in this location if it is missing.
    #[must_use]
    pub fn create_dataset_in(mut self, location: &str) -> Self {
        self.create_in = Some(location.to_owned());
        self
    }

    /// Refuses whatever would change a table, whoever asks.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.is_read_only = true;
        self
    }

    fn to_change(&self, action: &'static str) -> Result<&Connection, WarehouseError> {
        let reason = || Reason::from(format!("{} was opened to be read only", self.address()));
        if self.is_read_only { Err(WarehouseError::Refused { action, reason: reason() }) } else { Ok(&self.connection) }
    }
}

impl fmt::Debug for BigQueryWarehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BigQueryWarehouse({})", self.address())
    }
}

#[async_trait]
impl Warehouse for BigQueryWarehouse {
    async fn migrate(&self) -> Result<(), WarehouseError> {
        migrate::migrate(self.to_change("migrate")?, self.create_in.as_deref()).await
    }

    async fn merge(
        &self,
        store: &dyn Store,
        input: MergeInput<'_>,
        merged_at: Timestamp,
    ) -> Result<MergeReport, WarehouseError> {
        merge::Merge { connection: self.to_change("merge")?, store, input, merged_at }.run().await
    }

    fn flush(&self) -> Flush {
        FLUSH_FAR_AWAY
    }

    async fn record_failures(&self, failures: &[FetchFailed]) -> Result<(), WarehouseError> {
        refuse_a_failure_too_wide(failures)?;
        coverage::record_failures(self.to_change("record failures")?, failures).await
    }

    async fn coverage(&self, from: Day, to: Day) -> Result<Vec<CoverageRow>, WarehouseError> {
        coverage::between(&self.connection, from, to).await
    }

    async fn query(&self, template: &str) -> Result<Rows, WarehouseError> {
        query::query(&self.connection, template).await
    }

    async fn forget_future(&self, snapshots: &[SnapshotId], last: Day) -> Result<(), WarehouseError> {
        coverage::forget_future(self.to_change("forget the future")?, snapshots, last).await
    }

    async fn derive(&self, buckets: &BTreeSet<BucketId>) -> Result<(), WarehouseError> {
        let action = "make charges";
        let connection = self.to_change(action)?;
        match derive_script(&connection.name(), buckets) {
            Some(script) => connection.change(action, &script).await,
            None => Ok(()),
        }
    }

    async fn store_verdicts(&self, verdicts: &[Verdict], checked_at: Timestamp) -> Result<(), WarehouseError> {
        coverage::store_verdicts(self.to_change("store verdicts")?, verdicts, checked_at).await
    }

    async fn forget_account(&self, vendor: Vendor, account_id: &AccountId) -> Result<(), WarehouseError> {
        coverage::forget_account(self.to_change("forget an account")?, vendor, account_id).await
    }

    fn address(&self) -> String {
        format!("bigquery://{}/{}", self.connection.project, self.connection.dataset)
    }
}
