//! Values that every event and row is made of: a UTC day, an instant, an amount of dollars.

mod day;
mod timestamp;
mod usd;

pub use day::{Day, InvalidDay};
pub use timestamp::Timestamp;
pub use usd::{Usd, UsdOverflow};
