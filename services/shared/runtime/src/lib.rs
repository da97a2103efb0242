//! The outside world behind three ports, and what every service needs to live in it.
//!
//! Decisions about data belong to the domain crate; here is IO only.

pub mod accounts;
pub mod backoff;
pub mod bus;
pub mod clock;
pub mod config;
mod disk;
pub mod failure;
pub mod faults;
#[cfg(feature = "google")]
pub mod google;
pub mod home;
pub mod metrics;
pub mod open;
pub mod page;
pub mod panics;
mod plain_http;
pub mod private;
pub mod progress;
pub mod prune;
mod read_only;
pub mod replay;
pub mod secret;
pub mod service;
pub mod setup;
pub mod store;
pub mod telemetry;
pub mod threads;
pub mod trace;
pub mod vendor;
pub mod warehouse;
pub mod worker;
pub mod workspaces;
