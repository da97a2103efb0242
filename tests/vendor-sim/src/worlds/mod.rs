//! The named worlds. Each is a pure function of its arguments: the same ones give the same world.

mod behaviours;
mod company;
mod cursor_large;
mod large_company;
mod october;
mod pair;
mod random;
mod staff;

pub use self::behaviours::Behaviour;
pub use self::company::company;
pub use self::cursor_large::cursor_large;
pub use self::large_company::large_company;
pub use self::october::{CLAUDE_CODE_WORKSPACE, october};
pub use self::pair::pair;
pub use self::random::random;

use chrono::{Days, NaiveDate};

/// The day after so many days from the first one.
fn day_after(first_day: NaiveDate, days: u32) -> NaiveDate {
    first_day + Days::new(u64::from(days))
}
