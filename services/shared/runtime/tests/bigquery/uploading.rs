//! A warehouse for suites whose row files are in memory: before every merge they are put where BigQuery finds them.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::MergeInput;
use everycent_domain::objects::ObjectName;
use everycent_domain::reconcile::Verdict;
use everycent_domain::vendor::Vendor;
use everycent_runtime::store::{Created, Store, StoreError};
use everycent_runtime::warehouse::{BigQueryWarehouse, CoverageRow, MergeReport, Rows, Warehouse, WarehouseError};
use everycent_schemas::events::{BatchNormalized, FetchFailed};
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};

use super::world::Dataset;

#[derive(Debug)]
pub struct Uploading {
    warehouse: BigQueryWarehouse,
    pub dataset: Dataset,
    bucket: Bucket,
}

impl Uploading {
    pub async fn new(storage_url: &str, warehouse: BigQueryWarehouse, dataset: Dataset) -> Self {
        Self { warehouse, dataset, bucket: Bucket::new(storage_url).await }
    }

    /// The store, with the files of these batches where BigQuery finds them.
    pub async fn mirrored<'a>(&self, store: &'a dyn Store, batches: &[BatchNormalized]) -> Mirrored<'a> {
        // Every merge leaves a line of each answer.
        self.dataset.writes("answers");
        for file in batches.iter().flat_map(|batch| &batch.files) {
            self.dataset.writes(&file.table);
        }
        self.bucket.mirror(store, batches).await;
        Mirrored { store, bucket: self.bucket.clone(), first: First(Mutex::new(None)) }
    }
}

/// A bucket of the storage emulator.
#[derive(Debug, Clone)]
pub struct Bucket {
    url: String,
    name: String,
    http: reqwest::Client,
}

impl Bucket {
    async fn new(url: &str) -> Self {
        let (url, name) = (url.to_owned(), format!("bucket-{:08x}", rand::random::<u32>()));
        let http = reqwest::Client::new();
        let made = http.post(format!("{url}/storage/v1/b?project=test")).json(&serde_json::json!({ "name": name }));
        made.send().await.unwrap().error_for_status().unwrap();
        Self { url, name, http }
    }

    async fn put(&self, object: &str, body: Bytes) {
        let url = format!("{}/upload/storage/v1/b/{}/o", self.url, self.name);
        let put = self.http.post(url).query(&[("uploadType", "media"), ("name", object)]).body(body);
        put.send().await.unwrap().error_for_status().unwrap();
    }

    async fn remove(&self, object: &str) {
        let object = object.replace('/', "%2F");
        self.http.delete(format!("{}/storage/v1/b/{}/o/{object}", self.url, self.name)).send().await.unwrap();
    }

    /// Makes the bucket hold, of the files of these batches, what the store does.
    async fn mirror(&self, store: &dyn Store, batches: &[BatchNormalized]) {
        for file in batches.iter().flat_map(|batch| &batch.files) {
            match store.read(&file.object.parse().unwrap()).await {
                Ok(body) => self.put(&file.object, body).await,
                Err(StoreError::NotFound(_)) => self.remove(&file.object).await,
                Err(other) => panic!("{other}"),
            }
        }
    }
}

/// The store, under the bucket's address.
#[derive(Debug)]
pub struct Mirrored<'a> {
    store: &'a dyn Store,
    bucket: Bucket,
    first: First<'a>,
}

/// What somebody else does before the address is told for the first time.
struct First<'a>(Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>);

impl std::fmt::Debug for First<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("First")
    }
}

impl<'a> Mirrored<'a> {
    /// The same, where somebody does something just before the first load. It may block.
    pub fn after(self, first: impl FnOnce() + Send + 'a) -> Self {
        Self { first: First(Mutex::new(Some(Box::new(first)))), ..self }
    }
}

#[async_trait]
impl Store for Mirrored<'_> {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        self.bucket.put(name.as_str(), body.clone()).await;
        self.store.create(name, body).await
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.store.read(name).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        self.bucket.remove(name.as_str()).await;
        self.store.delete(name).await
    }

    async fn list(&self, prefix: &str, after: Option<&ObjectName>, n: usize) -> Result<Vec<ObjectName>, StoreError> {
        self.store.list(prefix, after, n).await
    }

    fn address(&self) -> String {
        if let Some(first) = self.first.0.lock().unwrap().take() {
            tokio::task::block_in_place(first);
        }
        format!("gs://{}", self.bucket.name)
    }
}

#[async_trait]
impl Warehouse for Uploading {
    async fn migrate(&self) -> Result<(), WarehouseError> {
        self.warehouse.migrate().await
    }

    async fn merge(
        &self,
        store: &dyn Store,
        input: MergeInput<'_>,
        merged_at: Timestamp,
    ) -> Result<MergeReport, WarehouseError> {
        self.warehouse.merge(&self.mirrored(store, input.batches).await, input, merged_at).await
    }

    async fn record_failures(&self, failures: &[FetchFailed]) -> Result<(), WarehouseError> {
        self.warehouse.record_failures(failures).await
    }

    async fn coverage(&self, from: Day, to: Day) -> Result<Vec<CoverageRow>, WarehouseError> {
        self.warehouse.coverage(from, to).await
    }

    async fn query(&self, template: &str) -> Result<Rows, WarehouseError> {
        self.warehouse.query(template).await
    }

    async fn forget_future(&self, snapshots: &[SnapshotId], last: Day) -> Result<(), WarehouseError> {
        self.warehouse.forget_future(snapshots, last).await
    }

    async fn derive(&self, buckets: &BTreeSet<BucketId>) -> Result<(), WarehouseError> {
        self.warehouse.derive(buckets).await
    }

    async fn store_verdicts(&self, verdicts: &[Verdict], checked_at: Timestamp) -> Result<(), WarehouseError> {
        self.warehouse.store_verdicts(verdicts, checked_at).await
    }

    async fn forget_account(&self, vendor: Vendor, account_id: &AccountId) -> Result<(), WarehouseError> {
        self.warehouse.forget_account(vendor, account_id).await
    }

    fn address(&self) -> String {
        self.warehouse.address()
    }
}
