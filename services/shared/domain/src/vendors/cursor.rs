//! Cursor's Admin API.

pub mod daily_usage;
pub mod usage_rows;
