//! Anthropic's Admin API.

pub mod cost_report;
pub mod cost_rows;

/// The version of the API that the reports are documented with.
pub const VERSION: &str = "2023-06-01";
