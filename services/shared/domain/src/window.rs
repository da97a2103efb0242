//! Windows: UTC days asked for at once.

use std::fmt;

use everycent_schemas::{Day, Timestamp};
use serde::{Deserialize, Serialize};

/// UTC days from `from` to `to`, both included; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    from: Day,
    to: Day,
}

/// The range ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range {from} to {to} ends before it begins")]
pub struct EmptyWindow {
    pub from: Day,
    pub to: Day,
}

impl Window {
    pub fn new(from: Day, to: Day) -> Result<Self, EmptyWindow> {
        if from <= to { Ok(Self { from, to }) } else { Err(EmptyWindow { from, to }) }
    }

    /// The window of one day.
    pub fn of(day: Day) -> Self {
        Self { from: day, to: day }
    }

    /// The fewest windows, none of more days than `longest`, that hold exactly these days, which are given in order.
    pub fn fewest(days: impl IntoIterator<Item = Day>, longest: u32) -> Vec<Self> {
        let mut windows: Vec<Self> = Vec::new();
        for day in days {
            let has_room = |last: &Self| i64::from(day.epoch_days() - last.from.epoch_days()) < i64::from(longest);
            match windows.last_mut() {
                Some(last) if last.to.next() == day && has_room(last) => last.to = day,
                _ => windows.push(Self::of(day)),
            }
        }
        windows
    }

    /// From the first day of both to the last.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    pub fn from(&self) -> Day {
        self.from
    }

    pub fn to(&self) -> Day {
        self.to
    }

    pub fn days(&self) -> impl Iterator<Item = Day> + Clone {
        self.from.through(self.to)
    }

    pub fn contains(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// Days that are over at this time, and so must be in every answer.
    pub fn closed_days(&self, now: Timestamp) -> impl Iterator<Item = Day> + Clone {
        let today = now.day();
        self.days().filter(move |day| *day < today)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_no_window() {
        assert!(Window::new(day("2025-01-02"), day("2025-01-01")).is_err());
    }
}
