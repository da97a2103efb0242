//! The warehouse in BigQuery against its contract, on the emulator.
//!
//! The emulator does every sentence of the contract. What it can't do is in no sentence of it: to cancel a transaction
//! before its end, accounts and permissions, the end of a table by itself, and what a query costs.
#![cfg(all(feature = "google", feature = "conformance"))]
#![allow(clippy::unwrap_used)]

#[path = "bigquery/faults.rs"]
mod faults;
mod proxy;
#[path = "bigquery/tables.rs"]
mod tables;
#[path = "bigquery/uploading.rs"]
mod uploading;
#[path = "bigquery/views.rs"]
mod views;
#[path = "bigquery/world.rs"]
mod world;

use world::{Datasets, world};

everycent_runtime::warehouse_conformance!(
    #[ignore = "needs emulators of Google's services: make emulators"]
    Datasets(world())
);
