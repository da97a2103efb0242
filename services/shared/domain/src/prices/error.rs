//! Why use has no price.

use everycent_schemas::Day;

/// Why a day's use has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The table does not reach back to the day: a person must complete it.
    #[error("no Cursor price is known for {day}; add a [[prices.cursor]] that begins on or before it")]
    Unpriced { day: Day },
    /// The count can't be meant.
    #[error("{requests} usage-based requests cost more than can be kept")]
    Absurd { requests: i64 },
}
