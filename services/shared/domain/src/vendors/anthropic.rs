//! Anthropic's Admin API: a module for each report, and what several of them share.

pub mod analytics_cost;
pub mod analytics_usage;
pub mod api_keys;
pub mod checks;
pub mod claude_code;
pub mod cost_report;
pub mod cost_totals;
pub mod organization;
pub mod usage_messages;
pub mod users;
pub mod workspaces;

mod analytics;
mod api;
mod bucket_pager;
mod bucket_rows;
mod cost_rows;
mod lists;
mod page_tokens;
