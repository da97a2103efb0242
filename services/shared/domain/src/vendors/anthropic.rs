//! Anthropic's Admin API.

pub mod analytics_cost;
pub mod analytics_rows;
pub mod cost_report;
pub mod cost_rows;
pub mod directory;
pub mod directory_rows;
mod page_tokens;

/// The version of the API that the reports are documented with.
pub const VERSION: &str = "2023-06-01";
