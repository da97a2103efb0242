//! The loader as a service of its own. It owns the warehouse's tables and creates what is missing of them.

use std::process::ExitCode;

use everycent_loader::{FailureRecorder, Loader};
use everycent_runtime::progress::Observer;
use everycent_runtime::{open, service};

fn main() -> ExitCode {
    service::main("loader", async |service| {
        let warehouse = open::warehouse(&service.config.addresses, service.home.data_dir())?;
        warehouse.migrate().await?;
        let (store, bus, clock) = (service.store.clone(), service.bus.clone(), service.clock.clone());
        let loader = Loader::new(store, bus, warehouse.clone(), clock, Observer::silent());
        tokio::try_join!(service.work(loader), service.work(FailureRecorder::new(warehouse)))?;
        Ok(())
    })
}
