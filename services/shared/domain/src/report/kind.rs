//! What a report reports of time: days, how things stand at a moment, or what a file says.

use everycent_schemas::{Day, Timestamp};

/// What a report reports of time, and so how it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Days, asked for in windows.
    Days(Days),
    /// How things stand at the moment of asking. Its bucket is the day of the reading, its window that day alone.
    PointInTime,
    /// A file, stored when a person imports it. It is never asked for.
    Upload,
}

/// A report of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// Days that one window may hold.
    pub window_days: u32,
    /// Days after which the vendor no longer restates a day.
    pub settling_days: u32,
    /// Whole days after a day's end within which the vendor may not report it yet.
    pub lag_days: u32,
    /// Whether a day that is not over may be asked for. Feeds that are paged by record move until it is.
    pub partial_days: bool,
    /// How far back the vendor answers at all; `None` where it names no limit.
    pub memory: Option<Memory>,
}

/// How far back a vendor answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Year, month and day before which there is nothing.
    pub first: (i32, u32, u32),
    /// The number of past days, today included.
    pub days: u32,
}

impl Memory {
    /// The first day that can be asked for today.
    fn first_day(self, today: Day) -> Day {
        let (year, month, day) = self.first;
        let first = Day::new(year, month, day).expect("invariant: a day of the calendar");
        first.max(today.minus(self.days - 1))
    }
}

impl Days {
    /// Whether the day is worth asking for: within the vendor's memory, and over if the report needs it to be.
    fn reaches(&self, day: Day, today: Day) -> bool {
        let remembered = self.memory.is_none_or(|memory| memory.first_day(today) <= day);
        remembered && (day < today || self.partial_days)
    }
}

/// Whether the vendor should have reported a day long ago: three times its lag have passed since the day's end.
pub fn is_overdue(lag_days: u32, day: Day, today: Day) -> bool {
    day < today.minus(3 * lag_days)
}

impl Kind {
    /// Days that one window may hold.
    pub fn window_days(self) -> u32 {
        match self {
            Self::Days(Days { window_days, .. }) => window_days,
            Self::PointInTime | Self::Upload => 1,
        }
    }

    /// Whether the day is worth asking for today.
    pub fn reaches(self, day: Day, today: Day) -> bool {
        match self {
            Self::Days(days) => days.reaches(day, today),
            Self::PointInTime => day == today,
            Self::Upload => false,
        }
    }

    /// Whether an answer fetched at this time is the last word on the day. A reading of a moment always is.
    pub fn is_settled(self, day: Day, fetched_at: Timestamp) -> bool {
        match self {
            Self::Days(_) => fetched_at >= day.next().plus(self.settles_after_days()).start(),
            Self::PointInTime | Self::Upload => true,
        }
    }

    /// Days after the end of a day within which answers about it may still differ.
    pub fn settles_after_days(self) -> u32 {
        match self {
            Self::Days(Days { settling_days, .. }) => settling_days,
            Self::PointInTime | Self::Upload => 0,
        }
    }

    /// Whether the vendor should have reported the day long ago, so that its silence is a failure.
    pub fn is_overdue(self, day: Day, today: Day) -> bool {
        match self {
            Self::Days(Days { lag_days, .. }) => is_overdue(lag_days, day, today),
            Self::PointInTime | Self::Upload => false,
        }
    }

    /// The last day that the vendor surely reports by now.
    pub fn last_reported(self, today: Day) -> Day {
        match self {
            Self::Days(Days { lag_days, .. }) => today.minus(1 + lag_days),
            Self::PointInTime | Self::Upload => today.minus(1),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CLOSED: Days = Days { window_days: 31, settling_days: 30, lag_days: 1, partial_days: false, memory: None };

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_settles_so_many_days_after_its_end() {
        let settled_at: Timestamp = "2025-11-03T00:00:00Z".parse().unwrap();
        let before = Timestamp::from_micros(settled_at.micros() - 1);
        assert!(Kind::Days(CLOSED).is_settled(day("2025-10-03"), settled_at));
        assert!(!Kind::Days(CLOSED).is_settled(day("2025-10-03"), before));
        assert!(Kind::PointInTime.is_settled(day("2025-10-03"), day("2025-10-03").start()));
    }

    #[test]
    fn a_day_that_is_not_reported_is_quiet_then_late_then_overdue() {
        let kind = Kind::Days(CLOSED);
        let state = |today: &str| {
            let (day, today) = (day("2025-10-03"), day(today));
            (day <= kind.last_reported(today), kind.is_overdue(day, today))
        };
        assert_eq!(state("2025-10-04"), (false, false));
        assert_eq!(state("2025-10-05"), (true, false));
        assert_eq!(state("2025-10-06"), (true, false));
        assert_eq!(state("2025-10-07"), (true, true));
    }

    #[test]
    fn nothing_is_asked_for_that_the_vendor_does_not_remember() {
        let memory = Some(Memory { first: (2026, 1, 1), days: 365 });
        let reaches = |text, today| Kind::Days(Days { memory, ..CLOSED }).reaches(day(text), day(today));
        assert!(reaches("2026-01-01", "2026-11-22") && !reaches("2025-12-31", "2026-11-22"));
        assert!(reaches("2026-06-02", "2027-06-01") && !reaches("2026-06-01", "2027-06-01"));
        assert!(Kind::Days(CLOSED).reaches(day("2020-01-01"), day("2026-11-22")));
    }

    #[test]
    fn a_day_that_is_not_over_is_asked_for_only_where_parts_of_days_are_reported() {
        let today = day("2026-11-22");
        assert!(!Kind::Days(CLOSED).reaches(today, today));
        assert!(Kind::Days(Days { partial_days: true, ..CLOSED }).reaches(today, today));
        assert!(Kind::PointInTime.reaches(today, today) && !Kind::PointInTime.reaches(today.minus(1), today));
    }
}
