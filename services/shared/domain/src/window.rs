//! Windows: UTC days asked for at once, and how wanted days become windows.

use std::fmt;

use everycent_schemas::{Day, Timestamp};
use serde::{Deserialize, Serialize};

use crate::source::Source;

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

/// The fewest windows of this source that ask for exactly the wanted days, which are given in order.
pub fn plan(source: Source, wanted: impl IntoIterator<Item = Day>) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for day in wanted {
        match windows.last_mut() {
            Some(last) if last.to.next() == day && last.days().count() < source.window_days() as usize => last.to = day,
            _ => windows.push(Window { from: day, to: day }),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn planned(source: Source, wanted: Vec<Day>) -> Vec<String> {
        plan(source, wanted).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_long_range_is_cut_at_what_the_source_allows() {
        let year: Vec<Day> = day("2025-01-01").through(day("2025-03-05")).collect();
        assert_eq!(
            planned(Source::AnthropicCostReport, year.clone()),
            ["2025-01-01..2025-01-31", "2025-02-01..2025-03-03", "2025-03-04..2025-03-05"]
        );
        assert_eq!(planned(Source::CursorDailyUsage, year)[0], "2025-01-01..2025-01-30");
    }

    #[test]
    fn days_that_are_not_wanted_are_not_asked_for() {
        let wanted = vec![day("2025-01-01"), day("2025-01-02"), day("2025-01-09")];
        assert_eq!(planned(Source::AnthropicCostReport, wanted), ["2025-01-01..2025-01-02", "2025-01-09..2025-01-09"]);
        assert!(planned(Source::AnthropicCostReport, vec![]).is_empty());
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_no_window() {
        assert!(Window::new(day("2025-01-02"), day("2025-01-01")).is_err());
    }
}
