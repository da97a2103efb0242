//! Prices that no API tells, each with the day from which it holds.
//!
//! Owns Cursor's plans: what a seat costs, what it includes, and what a request over that costs. It must never guess:
//! a day before the first price is an error.

mod cycle;
mod days;
mod error;
mod plan;
mod public;
mod table;

pub use cycle::{CycleDay, InvalidCycleDay};
pub use days::PlanDays;
pub use error::PriceError;
pub use plan::{CursorPrice, Plan, PlanDay, PriceBasis};
pub use table::CursorPrices;

#[cfg(test)]
mod tests;
