//! Settled days that are asked for again: a vendor may restate a day long after it said to be done with it.
//!
//! It decides which days, from what coverage knows; how many a month is configured. It never goes beyond what the vendor
//! was seen to remember.

use chrono::Duration;
use everycent_schemas::{Day, Timestamp};

use crate::report::Kind;
use crate::source::Source;
use crate::wanted::DayState;

/// Settled days of each report that are asked for again in a month, unless it is configured otherwise.
pub const DEFAULT_DAYS_A_MONTH: u32 = 30;
/// A day rests for so long between two answers, and this many days are a month here.
const MONTH: u32 = 30;
/// Fewer days wait for others: a request for each day would be asked for every day.
const TOGETHER: usize = 7;

/// The days that are asked for again now, in order: those that were answered longest ago, as far as there were not
/// `days_a_month` within the last month.
pub fn asked_again(source: Source, known: &[DayState], days_a_month: u32, now: Timestamp) -> Vec<Day> {
    let (Kind::Days(report), Some(remembered)) = (source.kind(), remembered_days(known)) else { return Vec::new() };
    let month_ago = now.plus(-Duration::days(MONTH.into()));
    let is_late = |day: Day, at: Timestamp| day.next().plus(report.settling_days + MONTH).start() <= at;
    let settled = || {
        known.iter().filter(|state| state.settled && !state.failed).filter_map(|state| Some((state.fetched_at?, state)))
    };
    let lately = settled().filter(|(at, state)| month_ago < *at && is_late(state.day, *at)).count();
    let left = usize::try_from(days_a_month).unwrap_or(usize::MAX).saturating_sub(lately);
    let is_open = |state: &DayState| {
        !state.forgotten && age(state.day, now) <= remembered && source.reaches(state.day, now.day())
    };
    let mut waiting: Vec<(Timestamp, Day)> =
        settled().filter(|(at, state)| *at <= month_ago && is_open(state)).map(|(at, state)| (at, state.day)).collect();
    if waiting.len().min(left) < TOGETHER.min(usize::try_from(days_a_month).unwrap_or(usize::MAX)).max(1) {
        return Vec::new();
    }
    waiting.sort();
    let mut days: Vec<Day> = waiting.into_iter().take(left).map(|(_, day)| day).collect();
    days.sort();
    days
}

/// The greatest age of a day, in days, at which the vendor has reported something of it, and below any at which it had
/// forgotten one.
fn remembered_days(known: &[DayState]) -> Option<i64> {
    let shown = known.iter().filter(|state| !state.empty);
    let shown = shown.filter_map(|state| Some(age(state.day, state.accepted_at?))).max()?;
    let forgotten = known.iter().filter(|state| state.forgotten);
    let forgotten = forgotten.filter_map(|state| Some(age(state.day, state.fetched_at?) - 1)).min();
    Some(forgotten.map_or(shown, |forgotten| shown.min(forgotten)))
}

fn age(day: Day, at: Timestamp) -> i64 {
    (at.day().date() - day.date()).num_days()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::vendors::anthropic::cost_report::SOURCE;

    fn at(day: Day) -> Timestamp {
        day.plus(0).start()
    }

    fn first() -> Day {
        "2026-01-01".parse().unwrap()
    }

    /// Days from the first of January on that were answered when they had settled, 31 days after them; the first load was on
    /// the day `loaded` of the year.
    fn year(days: u32, loaded: u32) -> Vec<DayState> {
        let answered = |number: u32| first().plus((number + 31).max(loaded));
        let state = |number: u32| DayState {
            day: first().plus(number),
            fetched_at: Some(at(answered(number))),
            accepted_at: Some(at(answered(number))),
            settled: true,
            empty: false,
            forgotten: false,
            failed: false,
        };
        (0..days).map(state).collect()
    }

    fn asked(known: &[DayState], days_a_month: u32, on: u32) -> Vec<Day> {
        asked_again(SOURCE, known, days_a_month, at(first().plus(on)))
    }

    /// Asks on every day of so many, and gives the numbers of the days that were asked for.
    fn asked_through(known: &mut [DayState], days_a_month: u32, days: std::ops::Range<u32>) -> Vec<Vec<Day>> {
        let mut asked_for = Vec::new();
        for on in days {
            let now = asked(known, days_a_month, on);
            for state in known.iter_mut().filter(|state| now.contains(&state.day)) {
                (state.fetched_at, state.accepted_at) = (Some(at(first().plus(on))), Some(at(first().plus(on))));
            }
            asked_for.extend((!now.is_empty()).then_some(now));
        }
        asked_for
    }

    #[test]
    fn no_more_than_a_month_is_asked_for_in_a_month_and_all_of_it_in_turn() {
        let mut known = year(300, 300);
        let asked_for = asked_through(&mut known, 30, 300..480);
        let first_days: Vec<Day> = asked_for.iter().map(|days| days[0]).collect();
        assert_eq!(asked_for.iter().map(Vec::len).collect::<Vec<_>>(), [30; 5], "{first_days:?}");
        assert!(first_days.windows(2).all(|two| two[0] < two[1]), "{first_days:?}");
    }

    #[test]
    fn zero_asks_for_nothing_and_few_days_wait_for_others() {
        assert_eq!(asked(&year(300, 300), 0, 340), []);
        assert_eq!(asked(&year(6, 90), 30, 130).len(), 0);
        assert_eq!(asked(&year(300, 300), 3, 340).len(), 3);
    }

    #[test]
    fn a_day_that_was_answered_within_a_month_is_not_asked_for() {
        assert_eq!(asked(&year(300, 300), 30, 329), []);
        assert_eq!(asked(&year(300, 300), 30, 330).len(), 30);
    }

    #[test]
    fn nothing_is_asked_for_beyond_what_the_vendor_was_seen_to_remember() {
        // The first load reached back 100 days, and none older was ever answered.
        let known = year(100, 100);
        let asked_for = asked(&known, 300, 140);
        assert_eq!((asked_for[0], asked_for.len()), (first().plus(40), 40));
        // Of a report that was always read as it came, nothing is known of older days.
        assert_eq!(asked(&year(100, 0), 300, 140), []);
        let mut forgetful = known.clone();
        forgetful[50].forgotten = true;
        forgetful[50].fetched_at = Some(at(first().plus(130)));
        assert_eq!(asked(&forgetful, 300, 140)[0], first().plus(61));
        let mut empty = known;
        empty.iter_mut().for_each(|state| state.empty = true);
        assert_eq!(asked(&empty, 300, 140), []);
    }
}
