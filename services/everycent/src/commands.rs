//! The commands, one file each.

pub mod accept;
pub mod accounts;
pub mod attribution;
pub mod dead_letters;
pub mod demo;
pub mod history;
pub mod import;
pub mod prune;
pub mod rebuild;
pub mod reconcile;
pub mod repair_clock;
pub mod replay;
pub mod report;
pub mod run;
pub mod setup;
pub mod status;
pub mod sync;
