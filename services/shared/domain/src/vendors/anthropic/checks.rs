//! Checks of Claude's money that need more than one report.

mod by_key;
mod by_pool;
mod implied_price;
mod list_prices;

pub use by_key::{KeyCost, keys_equal_analytics};
pub use by_pool::{OvertoldPool, analytics_within_bill};
pub use implied_price::{LineCost, TokenLine, implied_price};
