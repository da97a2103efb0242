//! The contract between the services: events, tables and their keys, as Avro schemas and as Rust types.
//!
//! The `.avsc` files are the one definition. The tables and the structs of their rows are made from them by `build/`; the
//! types of events are checked against them by tests.
//! This crate does no IO and decides nothing about the data.

pub mod derived;
pub mod events;
pub mod reference;
pub mod rowfile;
pub mod rows;
pub mod stored;
pub mod tables;
mod tokens;
mod values;
pub mod views;

pub use tokens::TokenType;
pub use values::{
    AccountId, AnswerVerdict, CoverageState, Day, Decision, InvalidDay, SnapshotId, Timestamp, Usd, UsdOverflow,
};
