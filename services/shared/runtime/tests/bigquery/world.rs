//! The emulators of BigQuery and Cloud Storage, which all tests share; datasets in the one, and buckets in the other.
//!
//! The emulator looks at every column of every dataset for each table that it makes, so a dataset is emptied and used
//! again by the next test. Every statement takes it long, so only tables that were written are emptied.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use everycent_emulators::{BigQuery, PROJECT, Shared, Storage};
use everycent_runtime::google::endpoints::{Endpoints, install_tls};
use everycent_runtime::warehouse::conformance::Fixture;
use everycent_runtime::warehouse::{BigQueryWarehouse, Warehouse};

use super::uploading::Uploading;

static SHARED: Shared<World> = Shared::new();
static NUMBER: AtomicU32 = AtomicU32::new(1);

#[derive(Debug)]
pub struct World {
    bigquery: BigQuery,
    storage: Storage,
    /// Migrated datasets that nobody uses, and the tables of them that are not empty.
    free: Mutex<Vec<(String, Tables)>>,
}

type Tables = BTreeSet<String>;

/// What merges, failures and verdicts write beside the tables that row files are for.
const ALWAYS_WRITTEN: [&str; 7] =
    ["coverage", "reconciliation", "rejected_records", "charges", "spend_daily", "spend_monthly", "derived"];

/// A dataset in use. Dropping it gives it to the next test.
#[derive(Debug)]
pub struct Dataset {
    pub name: String,
    written: Mutex<Tables>,
    world: &'static World,
}

impl Dataset {
    /// Row files for this table will be merged.
    pub fn writes(&self, table: &str) {
        self.written.lock().unwrap().insert(table.to_owned());
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        let (name, written) = (std::mem::take(&mut self.name), std::mem::take(&mut self.written));
        self.world.free.lock().unwrap().push((name, written.into_inner().unwrap()));
    }
}

pub fn world() -> &'static World {
    SHARED.get(|installed, folder| {
        let storage = Storage::start(installed, folder, 0).unwrap();
        let bigquery = BigQuery::start(installed, folder, 0, 0, &storage).unwrap();
        storage.wait().unwrap();
        bigquery.wait().unwrap();
        World { bigquery, storage, free: Mutex::default() }
    })
}

impl World {
    pub fn bigquery_url(&self) -> String {
        self.bigquery.url()
    }

    pub fn storage_url(&self) -> String {
        self.storage.url()
    }

    /// A name that no other dataset has.
    pub fn new_name() -> String {
        format!("dataset_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    /// A warehouse that is empty and migrated.
    pub async fn warehouse(&'static self) -> Uploading {
        self.warehouse_at(&self.bigquery_url()).await
    }

    /// The same, reached by this URL.
    pub async fn warehouse_at(&'static self, url: &str) -> Uploading {
        let dataset = self.dataset().await;
        Uploading::new(&self.storage_url(), warehouse_at(url, &dataset.name), dataset).await
    }

    /// A dataset whose tables are there, and empty.
    async fn dataset(&'static self) -> Dataset {
        let free = self.free.lock().unwrap().pop();
        let name = match free {
            Some((name, written)) => {
                self.empty(&name, &written).await;
                name
            }
            None => {
                let name = Self::new_name();
                warehouse_at(&self.bigquery_url(), &name).migrate().await.unwrap();
                name
            }
        };
        Dataset { name, written: Mutex::new(ALWAYS_WRITTEN.map(str::to_owned).into()), world: self }
    }

    async fn empty(&self, dataset: &str, tables: &Tables) {
        let deletes = tables.iter().map(|table| format!("DELETE FROM `{PROJECT}.{dataset}.{table}` WHERE TRUE"));
        self.run(&deletes.collect::<Vec<_>>().join(";\n")).await;
    }

    /// Runs a script that the warehouse would not, and gives the answer.
    pub async fn run(&self, sql: &str) -> serde_json::Value {
        let body = serde_json::json!({ "query": sql, "useLegacySql": false, "timeoutMs": 60_000 });
        let url = format!("{}/bigquery/v2/projects/{PROJECT}/queries", self.bigquery_url());
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }
}

/// A warehouse that reaches the dataset by this URL, and may create it.
pub fn warehouse_at(url: &str, dataset: &str) -> BigQueryWarehouse {
    existing_at(url, dataset).create_dataset_in("US")
}

/// The same, of a dataset that somebody else creates.
pub fn existing_at(url: &str, dataset: &str) -> BigQueryWarehouse {
    install_tls();
    let endpoints = Endpoints { bigquery: Some(url.to_owned()), ..Endpoints::default() };
    BigQueryWarehouse::new(&endpoints, PROJECT, dataset)
}

/// Makes warehouses for the conformance suite.
pub struct Datasets(pub &'static World);

#[async_trait]
impl Fixture for Datasets {
    async fn warehouse(&self) -> Arc<dyn Warehouse> {
        Arc::new(self.0.warehouse().await)
    }
}
