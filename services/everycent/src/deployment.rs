//! The three addresses, opened, with what a command needs beside them.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use everycent_domain::source::Vendor;
use everycent_fetcher::{FetchAccount, FetcherSettings};
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::{Bus, BusSettings};
use everycent_runtime::clock::{Clock, SystemClock};
use everycent_runtime::config::{Account, BusAddress, Config, StoreAddress, WarehouseAddress};
use everycent_runtime::home::Home;
use everycent_runtime::store::Store;
use everycent_runtime::store::file::FileStore;
use everycent_runtime::vendor::VendorClient;
use everycent_runtime::warehouse::{CoverageRow, SqliteWarehouse, Warehouse};
use everycent_schemas::Day;

use crate::failure::Failure;
use crate::scope::{self, Feed};

/// History that is fetched when no start is configured.
const DEFAULT_HISTORY_DAYS: u32 = 90;

/// An open deployment. It holds the home's lock as long as it lives, unless it was opened to read.
pub struct Deployment {
    pub config: Config,
    pub home: Home,
    pub store: Arc<dyn Store>,
    pub bus: Arc<dyn Bus>,
    pub warehouse: Arc<dyn Warehouse>,
    pub clock: Arc<dyn Clock>,
}

impl Deployment {
    /// Opens everything to work with it; nobody else may at the same time.
    pub async fn open(home: &Path, config: Config) -> Result<Self, Failure> {
        let home = Home::open(home).map_err(Failure::usage)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let bus = open_bus(&config, &home, Arc::clone(&clock))?;
        // Whoever held a lease is gone, for we hold the lock.
        bus.release_all_leases().await?;
        let warehouse = SqliteWarehouse::open(&warehouse_file(&config, &home)?)?;
        warehouse.migrate().await?;
        let store = Arc::new(FileStore::open(store_folder(&config, &home)?)?);
        Ok(Self { store, bus: Arc::new(bus), warehouse: Arc::new(warehouse), config, home, clock })
    }

    /// Opens what is there to look at it, also while another process works with it.
    pub fn open_read_only(home: &Path, config: Config) -> Result<Self, Failure> {
        let home = Home::open_shared(home).map_err(Failure::usage)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let tables = warehouse_file(&config, &home)?;
        if !tables.exists() {
            return Err(Failure::Failed(anyhow!(
                "there are no tables yet, for {} is missing; `everycent sync` makes it, and so does `everycent replay` \
                 from answers that are stored",
                tables.display()
            )));
        }
        let bus = Arc::new(open_bus(&config, &home, Arc::clone(&clock))?);
        let warehouse = Arc::new(SqliteWarehouse::open_read_only(&tables)?);
        let store = Arc::new(FileStore::open(store_folder(&config, &home)?)?);
        Ok(Self { store, bus, warehouse, config, home, clock })
    }

    /// The first day of history.
    pub fn since(&self) -> Day {
        self.config.since.unwrap_or_else(|| self.clock.now().day().minus(DEFAULT_HISTORY_DAYS))
    }

    /// Coverage of all days there are.
    pub async fn whole_coverage(&self) -> Result<Vec<CoverageRow>, Failure> {
        let (first, last) = (Day::new(2020, 1, 1), Day::new(9999, 12, 31));
        let days = first.zip(last).expect("invariant: days of the calendar");
        Ok(self.warehouse.coverage(days.0, days.1).await?)
    }

    /// Configured feeds; none is no mistake here.
    pub fn feeds(&self) -> Vec<Feed> {
        scope::feeds(&self.config, &[]).unwrap_or_default()
    }

    /// The accounts as the fetcher asks them. One without a usable key fails its windows and names the reason.
    pub fn fetch_accounts(&self) -> Vec<FetchAccount> {
        self.config.accounts.iter().map(|account| self.fetch_account(account)).collect()
    }

    fn fetch_account(&self, account: &Account) -> FetchAccount {
        let client = self.config.client_settings(account).map_err(|e| e.to_string());
        let client = client.and_then(|settings| {
            VendorClient::new(settings, Arc::clone(&self.clock)).map(Arc::new).map_err(|e| e.to_string())
        });
        FetchAccount { vendor: account.vendor, account_id: account.id.clone(), client }
    }

    pub fn fetcher_settings(&self) -> FetcherSettings {
        let default = FetcherSettings::default();
        let page_size = self.config.vendor(Vendor::Cursor).page_size;
        FetcherSettings { cursor_page_size: page_size.map_or(default.cursor_page_size, NonZeroU32::get), ..default }
    }
}

fn open_bus(config: &Config, home: &Home, clock: Arc<dyn Clock>) -> Result<SqliteBus, Failure> {
    match config.addresses.bus_in(home.data_dir()) {
        BusAddress::Sqlite(file) => Ok(SqliteBus::open(&file, clock, BusSettings::default())?),
        cloud @ BusAddress::PubSub { .. } => Err(not_in_this_build(&cloud)),
    }
}

fn store_folder(config: &Config, home: &Home) -> Result<PathBuf, Failure> {
    match config.addresses.store_in(home.data_dir()) {
        StoreAddress::File(folder) => Ok(folder),
        cloud @ StoreAddress::Gcs { .. } => Err(not_in_this_build(&cloud)),
    }
}

fn warehouse_file(config: &Config, home: &Home) -> Result<PathBuf, Failure> {
    match config.addresses.warehouse_in(home.data_dir()) {
        WarehouseAddress::Sqlite(file) => Ok(file),
        cloud @ WarehouseAddress::BigQuery { .. } => Err(not_in_this_build(&cloud)),
    }
}

fn not_in_this_build(address: &impl std::fmt::Display) -> Failure {
    Failure::usage(anyhow!("{address} is an address on Google Cloud, which this build does not reach"))
}
