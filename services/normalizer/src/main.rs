//! The normalizer as a service of its own.

use std::process::ExitCode;
use std::sync::Arc;

use everycent_normalizer::Normalizer;
use everycent_runtime::service::{self, Role};

const ROLE: Role = Role {
    name: "normalizer",
    about: "Reads stored answers and writes their rows",
    details: "It takes SnapshotStored events from the bus, checks each page against its hash, writes row files into the \
              store, and publishes BatchNormalized with a control sum for each day. The configuration gives it the rules \
              of attribution and the prices. It needs no key and never touches the warehouse.",
};

fn main() -> ExitCode {
    service::main(ROLE, async |service| {
        let recipe = Arc::new(service.config.recipe.clone());
        let (store, bus) = (service.store.clone(), service.bus.clone());
        service.work(Normalizer::new(store, bus, recipe, service.observer.clone())).await
    })
}
