//! Making what a deployment needs where nobody else makes it: emulators, a first try, a dataset beside an old bucket.
//!
//! It only ever adds. In a real project the infrastructure makes all but the tables.

use std::path::Path;
use std::sync::Arc;

use crate::clock::SystemClock;
use crate::config::Addresses;
use crate::open::{self, OpenError};
use crate::warehouse::{Rebuild, rebuild};

/// Makes what is missing, and gives the addresses of store, bus and warehouse. `location` is where a bucket and a dataset would lie.
pub async fn setup(addresses: &Addresses, home: &Path, location: &str) -> Result<[String; 3], OpenError> {
    #[cfg(feature = "google")]
    cloud::make(addresses, home, location).await?;
    #[cfg(not(feature = "google"))]
    let _ = location;
    let store = open::store(addresses, home)?;
    let bus = addresses.bus_in(home).to_string();
    open::bus_anywhere(addresses, home, Arc::new(SystemClock)).await?;
    let warehouse = open::warehouse(addresses, home)?;
    warehouse.migrate().await?;
    rebuild(warehouse.as_ref(), Rebuild::Stale, &|_, _| {}).await?;
    Ok([store.address(), bus, warehouse.address()])
}

#[cfg(feature = "google")]
mod cloud {
    use super::{Addresses, Arc, OpenError, Path, SystemClock};
    use crate::bus::pubsub::{Payloads, PubSubBus, PubSubSettings};
    use crate::config::{BusAddress, StoreAddress, WarehouseAddress};
    use crate::google::endpoints::Endpoints;
    use crate::secret::process_env;
    use crate::store::gcs::GcsStore;
    use crate::warehouse::{BigQueryWarehouse, Warehouse};

    pub(super) async fn make(addresses: &Addresses, home: &Path, location: &str) -> Result<(), OpenError> {
        let endpoints = Endpoints::from_env(&process_env);
        let (bus, warehouse) = (addresses.bus_in(home), addresses.warehouse_in(home));
        if let StoreAddress::Gcs { bucket, prefix } = addresses.store_in(home) {
            let project = project(&bus, &warehouse).ok_or_else(|| OpenError::NoProject(format!("gs://{bucket}")))?;
            GcsStore::new(bucket, prefix, &endpoints).make_bucket(project, location).await?;
        }
        if let BusAddress::PubSub { project } = &bus {
            let bus = PubSubBus::open(project, &endpoints, Arc::new(SystemClock), PubSubSettings::default()).await?;
            bus.provision(Payloads::Checked).await?;
        }
        if let WarehouseAddress::BigQuery { project, dataset } = &warehouse {
            let warehouse = BigQueryWarehouse::new(&endpoints, project, dataset);
            warehouse.create_dataset_in(location).migrate().await?;
        }
        Ok(())
    }

    /// A bucket's address names none.
    fn project<'a>(bus: &'a BusAddress, warehouse: &'a WarehouseAddress) -> Option<&'a str> {
        match (bus, warehouse) {
            (BusAddress::PubSub { project }, _) | (_, WarehouseAddress::BigQuery { project, .. }) => Some(project),
            _ => None,
        }
    }
}
