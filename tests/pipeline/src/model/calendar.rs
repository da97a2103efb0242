//! Days.

use chrono::{Days, NaiveDate, NaiveTime};

pub(super) fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day <= to)
}

/// In microseconds since 1970.
pub(super) fn midnight_after(day: NaiveDate) -> i64 {
    (day + Days::new(1)).and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}
