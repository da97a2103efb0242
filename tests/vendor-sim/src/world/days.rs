//! Days of the calendar.
//!
//! Owns the walk over a range of days. It must never know what happened on one.

use chrono::NaiveDate;

/// All days of a range, both ends included.
pub(crate) fn days_of(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |day| *day <= last)
}
