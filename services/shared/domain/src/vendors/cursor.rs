//! Cursor's Admin API.

mod billing;
pub mod daily_usage;
mod event_ids;
pub mod event_rows;
mod instant;
pub mod member_rows;
pub mod members;
pub mod spend;
pub mod spend_rows;
pub mod usage_events;
mod usage_order;
pub mod usage_rows;
mod users;
