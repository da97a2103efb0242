//! Cursor's Admin API.

mod billing;
pub mod daily_usage;
pub mod event_rows;
mod instant;
pub mod member_rows;
pub mod members;
pub mod spend;
pub mod spend_rows;
mod twins;
pub mod usage_events;
pub mod usage_rows;
mod users;
