//! Billing cycles: months that begin on one day of the month.

use chrono::{Datelike, Months, NaiveDate};
use everycent_schemas::{Day, Usd};

/// The day of the month on which a billing cycle starts, 1 to 31. In a month without it the cycle starts on the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CycleDay(u32);

/// No month has the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("found {0}, expected a day of the month from 1 to 31")]
pub struct InvalidCycleDay(pub u32);

/// A billing cycle, and where a day lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cycle {
    pub(super) start: Day,
    days: i128,
    /// Days before the day, from 0.
    before: i128,
}

impl CycleDay {
    /// Cycles that are the months of the calendar.
    pub const FIRST: Self = Self(1);

    pub fn new(day_of_month: u32) -> Result<Self, InvalidCycleDay> {
        if (1..=31).contains(&day_of_month) { Ok(Self(day_of_month)) } else { Err(InvalidCycleDay(day_of_month)) }
    }

    pub fn day_of_month(self) -> u32 {
        self.0
    }

    /// The cycle that holds the day.
    pub(super) fn cycle_of(self, day: Day) -> Cycle {
        let date = day.date();
        let in_month = self.in_month_of(date);
        let start = if in_month <= date {
            in_month
        } else {
            date.checked_sub_months(Months::new(1)).map_or(NaiveDate::MIN, |before| self.in_month_of(before))
        };
        let end = start.checked_add_months(Months::new(1)).map_or(NaiveDate::MAX, |next| self.in_month_of(next));
        let days = |to: NaiveDate| i128::from(to.signed_duration_since(start).num_days());
        Cycle { start: start.into(), days: days(end), before: days(date) }
    }

    /// The start of the cycle that begins in the month of the date.
    fn in_month_of(self, date: NaiveDate) -> NaiveDate {
        let days = (1..=self.0).rev();
        days.filter_map(|day| date.with_day(day)).next().expect("invariant: every month has a first day")
    }
}

impl Cycle {
    /// The last day of it.
    pub(super) fn end(&self) -> Day {
        self.start.plus(u32::try_from(self.days - 1).unwrap_or(0))
    }

    /// The day's part of what a cycle costs. The parts of all days of a cycle add up to it exactly.
    pub(super) fn part_of(self, price: Usd) -> Usd {
        let until = |days: i128| price.nanos() * days / self.days;
        Usd::from_nanos(until(self.before + 1) - until(self.before))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cycle_starts_on_its_day_of_this_month_or_the_one_before() {
        let cases = [
            (1, "2026-02-28", "2026-02-01", 28),
            (15, "2026-03-14", "2026-02-15", 28),
            (15, "2026-03-15", "2026-03-15", 31),
            (28, "2024-02-27", "2024-01-28", 31),
            (28, "2024-02-28", "2024-02-28", 29),
            (20, "2026-01-05", "2025-12-20", 31),
            (31, "2026-11-02", "2026-10-31", 30),
            (31, "2026-11-30", "2026-11-30", 31),
            (31, "2026-02-27", "2026-01-31", 28),
            (31, "2026-02-28", "2026-02-28", 31),
            (30, "2026-03-01", "2026-02-28", 30),
            (30, "2024-03-01", "2024-02-29", 30),
            (29, "2026-03-29", "2026-03-29", 31),
            (31, "2026-12-31", "2026-12-31", 31),
            (31, "2027-01-30", "2026-12-31", 31),
        ];
        for (cycle_day, day, start, days) in cases {
            let cycle = CycleDay::new(cycle_day).unwrap().cycle_of(day.parse().unwrap());
            assert_eq!((cycle.start.to_string().as_str(), cycle.days), (start, days), "{day} with {cycle_day}");
            let next = CycleDay::new(cycle_day).unwrap().cycle_of(cycle.end().next()).start;
            assert!(cycle.start < next && next == cycle.end().next(), "{day} with {cycle_day}");
        }
    }

    #[test]
    fn only_days_that_a_month_has_start_a_cycle() {
        for day in [0, 32] {
            let error = CycleDay::new(day).unwrap_err();
            assert_eq!(error.to_string(), format!("found {day}, expected a day of the month from 1 to 31"));
        }
    }

    #[test]
    fn the_parts_of_a_cycle_add_up_to_its_price_whatever_the_month() {
        for nanos in [40_000_000_000, 32_000_000_001, 1, 0, 30] {
            for cycle_day in [1, 15, 28, 30, 31] {
                let cycle_day = CycleDay::new(cycle_day).unwrap();
                for month in ["2024-02-28", "2025-02-28", "2025-04-28", "2025-12-28"] {
                    let start = cycle_day.cycle_of(month.parse().unwrap()).start;
                    let days = start.through(start.plus(40)).filter(|day| cycle_day.cycle_of(*day).start == start);
                    let parts: Vec<i128> =
                        days.map(|day| cycle_day.cycle_of(day).part_of(Usd::from_nanos(nanos)).nanos()).collect();
                    assert_eq!(parts.iter().sum::<i128>(), nanos, "{nanos} from {start}");
                    assert!(parts.iter().all(|part| (nanos / 31..=nanos / 28 + 1).contains(part)), "{parts:?}");
                }
            }
        }
    }
}
