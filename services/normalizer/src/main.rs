//! The normalizer as a service of its own.

use std::process::ExitCode;
use std::sync::Arc;

use everycent_normalizer::Normalizer;
use everycent_runtime::progress::Observer;
use everycent_runtime::service;

fn main() -> ExitCode {
    service::main("normalizer", async |service| {
        let recipe = Arc::new(service.config.recipe.clone());
        let (store, bus) = (service.store.clone(), service.bus.clone());
        service.work(Normalizer::new(store, bus, recipe, Observer::silent())).await
    })
}
