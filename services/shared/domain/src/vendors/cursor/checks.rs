//! Checks of Cursor's money that need more than one report.

mod cycle;
mod spend;

pub use cycle::{PricedCycle, cursor_cycle_day};
pub use spend::{ChargedEvents, SpendReading, cursor_events_equal_spend};
