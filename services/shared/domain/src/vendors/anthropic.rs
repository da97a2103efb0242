//! Anthropic's Admin API.

pub mod analytics_cost;
pub mod analytics_rows;
mod bucket_rows;
mod buckets;
pub mod claude_code;
mod claude_code_record;
pub mod claude_code_rows;
mod claude_code_tools;
pub mod cost_report;
pub mod cost_rows;
pub mod directory;
pub mod directory_rows;
mod page_tokens;
pub mod usage_messages;
pub mod usage_rows;

pub use bucket_rows::BucketRows;
pub use buckets::{BucketPager, BucketReport};

/// The version of the API that the reports are documented with.
pub const VERSION: &str = "2023-06-01";

/// The only currency that the reports are documented to use.
const USD: &str = "USD";
