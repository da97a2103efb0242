//! Lists of what there is in an organization, as it stands now.

mod pager;
mod rows;

use crate::report::Schedule;

pub use pager::{ListPager, ListReport};
pub use rows::{Item, ListOf, ListRows, take_page};

/// Four times a day.
pub const SCHEDULE: Schedule = Schedule { cron: "0 */6 * * *", trailing_days: 0 };
