//! What the reports of the Usage and Cost Analytics API have in common: how they are asked, paged and walked, and who
//! an actor is.

mod actor;
mod group;
mod pager;
mod records;

use crate::report::{Days, Kind, Memory};

pub use group::Group;
pub use pager::{AnalyticsPager, AnalyticsReport};
pub use records::{AnalyticsRows, Dated};

/// Days that are over, of the last year and not before 2026; the vendor lags by up to a day.
pub const KIND: Kind = Kind::Days(Days {
    window_days: 31,
    settling_days: 30,
    lag_days: 1,
    partial_days: false,
    memory: Some(Memory { first: (2026, 1, 1), days: 365 }),
});
