//! What EveryCent knows: windows, identity, money, attribution, prices, merges and checks.
//!
//! Everything here is a pure function of its arguments: no clock, environment, file, network or async.

pub mod merge_plan;
pub mod objects;
pub mod sql;
