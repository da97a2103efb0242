//! The loader as a service of its own. It owns the warehouse's tables and creates what is missing of them.

use std::process::ExitCode;
use std::sync::Arc;

use everycent_loader::{DecisionRecorder, FailureRecorder, Loader};
use everycent_runtime::open;
use everycent_runtime::service::{self, Role};
use everycent_runtime::warehouse::{Rebuild, rebuild};

const ROLE: Role = Role {
    name: "loader",
    about: "Merges rows into the warehouse, as many batches at once as wait",
    details: "It creates what is missing of the warehouse's tables and views, takes BatchNormalized, FetchFailed and \
              AnswerDecided events from the bus, judges each answer, merges the row files of many batches in one transaction, publishes BatchMerged, and deletes \
              the row files. A day that could not be fetched is marked in coverage. It needs no key.",
};

fn main() -> ExitCode {
    service::main(ROLE, async |service| {
        let warehouse = open::warehouse(&service.config.addresses, service.home.data_dir())?;
        warehouse.migrate().await?;
        let told = |done, all| tracing::info!("charges: {done} of {all} days made");
        rebuild(warehouse.as_ref(), Rebuild::Stale, &told).await?;
        let (store, bus, clock) = (service.store.clone(), service.bus.clone(), service.clock.clone());
        let acceptance = Arc::new(service.config.acceptance.clone());
        let loader = Loader::new(store, bus, warehouse.clone(), clock, acceptance, service.observer.clone());
        let decisions = DecisionRecorder::new(loader.clone());
        let failures = FailureRecorder::new(warehouse);
        let (loaded, failed, decided) =
            tokio::join!(service.work(loader), service.work(failures), service.work(decisions));
        loaded.and(failed).and(decided)
    })
}
