//! A warehouse that fails when it is told to, before or after the transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::MergeInput;
use everycent_domain::reconcile::Verdict;
use everycent_domain::vendor::Vendor;
use everycent_runtime::faults::Faults;
use everycent_runtime::store::Store;
use everycent_runtime::warehouse::{CoverageRow, MergeReport, Rows, Warehouse, WarehouseError};
use everycent_schemas::events::FetchFailed;
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};

/// Asks its faults about `merge` and `record_failures`, the writes of the services.
#[derive(Debug)]
pub(crate) struct UnreliableWarehouse {
    inner: Arc<dyn Warehouse>,
    faults: Faults,
}

impl UnreliableWarehouse {
    pub(crate) fn new(inner: Arc<dyn Warehouse>, faults: Faults) -> Self {
        Self { inner, faults }
    }

    async fn apply<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, WarehouseError>>,
    ) -> Result<T, WarehouseError> {
        self.faults.apply(action, work, |reason| WarehouseError::Unavailable { action, reason: reason.into() }).await
    }
}

#[async_trait]
impl Warehouse for UnreliableWarehouse {
    async fn migrate(&self) -> Result<(), WarehouseError> {
        self.inner.migrate().await
    }

    async fn merge(
        &self,
        store: &dyn Store,
        input: MergeInput<'_>,
        merged_at: Timestamp,
    ) -> Result<MergeReport, WarehouseError> {
        self.apply("merge", self.inner.merge(store, input, merged_at)).await
    }

    async fn record_failures(&self, failures: &[FetchFailed]) -> Result<(), WarehouseError> {
        self.apply("record_failures", self.inner.record_failures(failures)).await
    }

    async fn coverage(&self, from: Day, to: Day) -> Result<Vec<CoverageRow>, WarehouseError> {
        self.inner.coverage(from, to).await
    }

    async fn query(&self, template: &str) -> Result<Rows, WarehouseError> {
        self.inner.query(template).await
    }

    async fn forget_future(&self, snapshots: &[SnapshotId], last: Day) -> Result<(), WarehouseError> {
        self.inner.forget_future(snapshots, last).await
    }

    async fn derive(&self, buckets: &BTreeSet<BucketId>) -> Result<(), WarehouseError> {
        self.inner.derive(buckets).await
    }

    async fn store_verdicts(&self, verdicts: &[Verdict], checked_at: Timestamp) -> Result<(), WarehouseError> {
        self.inner.store_verdicts(verdicts, checked_at).await
    }

    async fn forget_account(&self, vendor: Vendor, account_id: &AccountId) -> Result<(), WarehouseError> {
        self.inner.forget_account(vendor, account_id).await
    }

    fn address(&self) -> String {
        format!("unreliable {}", self.inner.address())
    }
}
