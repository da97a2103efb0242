//! What the figures of some days rest on: which accounts and reports are loaded, and what is missing, held, rejected or
//! made by older rules.
//!
//! One place for `report`, `status` and `reconcile`. It reads coverage of the days that are asked about and one line for
//! each report of an account, and decides nothing about the figures themselves.

mod feeds;
mod found;
mod gap;
mod gaps;
mod read;
mod recipes;
mod stored;
mod verdicts;
mod words;

pub use feeds::{FeedState, read as feeds};
pub use found::Completeness;
pub use read::Asked;
pub use stored::{ever, look};
pub use verdicts::{stored_verdicts, verdicts};
