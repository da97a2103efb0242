//! What EveryCent knows: windows, identity, money, attribution, prices, merges and checks.
//!
//! Everything here is a pure function of its arguments: no clock, environment, file, network or async.

pub mod acceptance;
pub mod accounts;
pub mod attribution;
pub mod bucket;
pub mod catalog;
pub mod derived;
mod format;
pub mod future;
pub mod identity;
pub mod manifest;
pub mod merge_plan;
pub mod money;
pub mod normalize;
mod number;
pub mod objects;
pub mod paging;
pub mod prices;
pub mod prune;
pub mod recipe;
pub mod reconcile;
pub mod reference;
pub mod replay;
pub mod report;
pub mod restatement;
pub mod room;
pub mod rows;
pub mod source;
pub mod sql;
pub mod sums;
pub mod typed_amount;
pub mod vendor;
pub mod vendors;
pub mod wanted;
pub mod window;
pub mod workspaces;
