//! Cursor's Admin API: a module for each report, and what several of them share.

pub mod checks;
pub mod daily_usage;
pub mod members;
pub mod spend;
pub mod team;
pub mod usage_events;

mod api;
mod count;
mod instant;
mod memory;
mod page_numbers;
mod priced;
mod seat_reading;
mod user_id;
mod users;

pub(in crate::vendors) use api::BASIS;
