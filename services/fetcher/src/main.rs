//! The fetcher as a service of its own.

use std::process::ExitCode;

use everycent_fetcher::{Fetcher, FetcherSettings, accounts};
use everycent_runtime::progress::Observer;
use everycent_runtime::service;

fn main() -> ExitCode {
    service::main("fetcher", async |service| {
        let accounts = accounts(&service.config, &service.clock);
        let settings = FetcherSettings::from(&service.config);
        let (store, bus, clock) = (service.store.clone(), service.bus.clone(), service.clock.clone());
        service.work(Fetcher::new(accounts, store, bus, clock, settings, Observer::silent())).await
    })
}
