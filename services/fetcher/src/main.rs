//! The fetcher as a service of its own.

use std::process::ExitCode;

use everycent_fetcher::{Fetcher, FetcherSettings, accounts};
use everycent_runtime::service::{self, Role};

const ROLE: Role = Role {
    name: "fetcher",
    about: "Asks the vendors for windows of days and keeps every answer as it came",
    details: "It takes FetchRequested events from the bus, asks the vendor page by page, writes the pages and a manifest \
              into the store, and publishes SnapshotStored, or FetchFailed with the reason. It needs the vendors' keys, \
              and never looks into a record.",
};

fn main() -> ExitCode {
    service::main(ROLE, async |service| {
        let accounts = accounts(&service.config, &service.clock);
        let settings = FetcherSettings::from(&service.config);
        let (store, bus, clock) = (service.store.clone(), service.bus.clone(), service.clock.clone());
        let fetcher = Fetcher::new(accounts, store, bus, clock, settings, service.observer.clone());
        service.work(fetcher.until(service.stop())).await
    })
}
