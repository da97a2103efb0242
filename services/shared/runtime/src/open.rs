//! From the three addresses to the bodies behind the ports.
//!
//! An address that this build does not reach is an error at the start, never a silent fallback.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "google")]
use crate::bus::pubsub::{PubSubBus, PubSubSettings};
use crate::bus::sqlite::SqliteBus;
use crate::bus::{Bus, BusError, BusSettings};
use crate::clock::Clock;
use crate::config::{Addresses, BusAddress, StoreAddress, WarehouseAddress};
#[cfg(feature = "google")]
use crate::google::endpoints::Endpoints;
#[cfg(feature = "google")]
use crate::secret::process_env;
use crate::store::file::FileStore;
#[cfg(feature = "google")]
use crate::store::gcs::GcsStore;
use crate::store::{Store, StoreError};
#[cfg(feature = "google")]
use crate::warehouse::BigQueryWarehouse;
use crate::warehouse::{SqliteWarehouse, Warehouse, WarehouseError};

/// Why an address could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "{0} is an address on Google Cloud, which this build does not reach; build with `--features google`, or use \
         file:// and sqlite:// addresses"
    )]
    NotInThisBuild(String),
    #[error(
        "there are no tables yet, for {} is missing; `everycent sync` makes it, and so does `everycent replay` from \
         answers that are stored",
        .0.display()
    )]
    Nothing(PathBuf),
    #[error("{0}: no other address names a project to make it in; make the bucket yourself")]
    NoProject(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

fn not_in_this_build(address: &impl fmt::Display) -> OpenError {
    OpenError::NotInThisBuild(address.to_string())
}

pub fn store(addresses: &Addresses, home: &Path) -> Result<Arc<dyn Store>, OpenError> {
    match addresses.store_in(home) {
        StoreAddress::File(folder) => Ok(Arc::new(FileStore::open(folder)?)),
        #[cfg(feature = "google")]
        StoreAddress::Gcs { bucket, prefix } => {
            let endpoints = Endpoints::from_env(&process_env);
            Ok(Arc::new(GcsStore::new(bucket, prefix, &endpoints)))
        }
        #[cfg(not(feature = "google"))]
        cloud @ StoreAddress::Gcs { .. } => Err(not_in_this_build(&cloud)),
    }
}

/// The SQLite body itself, for the owner of a home may release the leases of the dead.
pub fn bus(addresses: &Addresses, home: &Path, clock: Arc<dyn Clock>) -> Result<Arc<SqliteBus>, OpenError> {
    match addresses.bus_in(home) {
        BusAddress::Sqlite(file) => Ok(Arc::new(SqliteBus::open(&file, clock, BusSettings::default())?)),
        cloud @ BusAddress::PubSub { .. } => Err(not_in_this_build(&cloud)),
    }
}

/// The bus of a service, on this machine or in Google Cloud.
pub async fn bus_anywhere(
    addresses: &Addresses,
    home: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Bus>, OpenError> {
    match addresses.bus_in(home) {
        BusAddress::Sqlite(_) => Ok(bus(addresses, home, clock)?),
        #[cfg(feature = "google")]
        BusAddress::PubSub { project } => {
            let endpoints = Endpoints::from_env(&process_env);
            Ok(Arc::new(PubSubBus::open(&project, &endpoints, clock, PubSubSettings::default()).await?))
        }
        #[cfg(not(feature = "google"))]
        cloud @ BusAddress::PubSub { .. } => Err(not_in_this_build(&cloud)),
    }
}

/// The same to look at it. A queue on this machine is not even created.
pub async fn bus_read_only(
    addresses: &Addresses,
    home: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Bus>, OpenError> {
    match addresses.bus_in(home) {
        BusAddress::Sqlite(file) => Ok(Arc::new(SqliteBus::open_read_only(&file, clock)?)),
        BusAddress::PubSub { .. } => bus_anywhere(addresses, home, clock).await,
    }
}

pub fn warehouse(addresses: &Addresses, home: &Path) -> Result<Arc<dyn Warehouse>, OpenError> {
    match addresses.warehouse_in(home) {
        WarehouseAddress::Sqlite(file) => Ok(Arc::new(SqliteWarehouse::open(&file)?)),
        #[cfg(feature = "google")]
        WarehouseAddress::BigQuery { project, dataset } => {
            let endpoints = Endpoints::from_env(&process_env);
            Ok(Arc::new(BigQueryWarehouse::new(&endpoints, &project, &dataset)))
        }
        #[cfg(not(feature = "google"))]
        cloud @ WarehouseAddress::BigQuery { .. } => Err(not_in_this_build(&cloud)),
    }
}

/// For those who only look.
pub fn warehouse_read_only(addresses: &Addresses, home: &Path) -> Result<Arc<dyn Warehouse>, OpenError> {
    match addresses.warehouse_in(home) {
        WarehouseAddress::Sqlite(file) if !file.exists() => Err(OpenError::Nothing(file)),
        WarehouseAddress::Sqlite(file) => Ok(Arc::new(SqliteWarehouse::open_read_only(&file)?)),
        #[cfg(feature = "google")]
        WarehouseAddress::BigQuery { project, dataset } => {
            let endpoints = Endpoints::from_env(&process_env);
            Ok(Arc::new(BigQueryWarehouse::new(&endpoints, &project, &dataset).read_only()))
        }
        #[cfg(not(feature = "google"))]
        cloud @ WarehouseAddress::BigQuery { .. } => Err(not_in_this_build(&cloud)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn a_look_at_nothing_says_what_to_do_and_creates_nothing() {
        let home = tempfile::tempdir().unwrap();
        let error = warehouse_read_only(&Addresses::default(), home.path()).unwrap_err().to_string();
        assert!(error.contains("`everycent sync` makes it"), "{error}");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_cloud_address_is_an_error_and_no_silent_fallback() {
        let home = tempfile::tempdir().unwrap();
        let cloud = Addresses {
            store: Some("gs://bucket".parse().unwrap()),
            bus: Some("pubsub://project".parse().unwrap()),
            warehouse: Some("bigquery://project/dataset".parse().unwrap()),
        };
        #[cfg(feature = "google")]
        {
            assert_eq!(store(&cloud, home.path()).unwrap().address(), "gs://bucket");
            assert_eq!(warehouse(&cloud, home.path()).unwrap().address(), "bigquery://project/dataset");
            assert_eq!(warehouse_read_only(&cloud, home.path()).unwrap().address(), "bigquery://project/dataset");
        }
        let errors = [
            #[cfg(not(feature = "google"))]
            store(&cloud, home.path()).err(),
            bus(&cloud, home.path(), Arc::new(SystemClock)).err(),
            #[cfg(not(feature = "google"))]
            warehouse(&cloud, home.path()).err(),
            #[cfg(not(feature = "google"))]
            warehouse_read_only(&cloud, home.path()).err(),
        ];
        for error in errors {
            assert!(matches!(error, Some(OpenError::NotInThisBuild(_))), "{error:?}");
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
