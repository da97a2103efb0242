//! Which days are worth asking for, and in which windows.

use everycent_schemas::{Day, Timestamp};

use crate::future::is_future;
use crate::manifest::Manifest;
use crate::report::Kind;
use crate::source::Source;
use crate::window::Window;

/// What coverage says of one day of one source and account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayState {
    pub day: Day,
    /// When the newest answer was fetched, be it believed or not; `None` when there is none.
    pub fetched_at: Option<Timestamp>,
    /// When the answer was fetched whose rows are loaded.
    pub accepted_at: Option<Timestamp>,
    /// The vendor restates the day no more.
    pub settled: bool,
    /// What is loaded has no rows.
    pub empty: bool,
    /// The vendor had something about the day, and remembers only later ones since.
    pub forgotten: bool,
    /// The last attempt failed.
    pub failed: bool,
}

/// When a command is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// When it first began: before an interruption, if there was one.
    pub begun_at: Timestamp,
    pub now: Timestamp,
}

impl DayState {
    /// Whether an answer was fetched since the command first began and nothing failed after it. One that lies in the future
    /// was not: a command always asks for what it has not asked for itself.
    fn is_fresh(&self, since: Since) -> bool {
        !self.failed && self.fetched_at.is_some_and(|at| since.begun_at <= at && at <= since.now)
    }

    /// Whether nothing is left to ask for. An answer of the future may be from before the day settled.
    fn is_final(&self, since: Since) -> bool {
        !self.failed && self.settled && self.fetched_at.is_some_and(|at| !is_future(at, since.now))
    }
}

/// Days that a person named: all of them, but for those already answered since the command first began.
pub fn named(range: Window, known: &[DayState], since: Since) -> Vec<Day> {
    range.days().filter(|day| state(known, *day).is_none_or(|state| !state.is_fresh(since))).collect()
}

/// Days after a day settled on which it is asked for again if it was empty.
const LOOKS_AT_EMPTY: [u32; 5] = [1, 3, 7, 14, 28];

/// Days that are missing, failed or may still be restated, or that are empty and may have been reported too late: of the
/// range, and of whatever was loaded before it. A day before the range that was never loaded was asked for once and is
/// nobody's business since.
pub fn due(kind: Kind, range: Window, known: &[DayState], since: Since) -> Vec<Day> {
    let shown_from = known.iter().find(|state| state.fetched_at.is_some() && !state.empty).map(|state| state.day);
    let is_over = |state: &DayState| {
        state.is_fresh(since) || state.is_final(since) && !is_worth_a_look(kind, state, shown_from, since)
    };
    let loaded = known.iter().filter(|state| state.fetched_at.is_some());
    let before = loaded.map(|state| state.day).filter(|day| *day < range.from());
    before.chain(range.days()).filter(|day| state(known, *day).is_none_or(|state| !is_over(state))).collect()
}

/// Whether a settled day that was reported empty is asked for again: rarely, and not before the first day of which the
/// report showed anything, where the vendor's memory may end. A report that has shown nothing at all may stand still and is
/// asked each time, for as long.
fn is_worth_a_look(kind: Kind, state: &DayState, shown_from: Option<Day>, since: Since) -> bool {
    let (Some(fetched_at), Kind::Days(days)) = (state.fetched_at, kind) else { return false };
    let settled_on = state.day.next().plus(days.settling_days);
    let mut looks = LOOKS_AT_EMPTY.iter().map(|days| settled_on.plus(*days).start());
    match shown_from {
        _ if !state.empty => false,
        Some(first) => first < state.day && looks.any(|look| fetched_at < look && look <= since.now),
        None => looks.next_back().is_some_and(|last| since.now <= last),
    }
}

/// The day of a reading of how things stand: today, unless it was read since the command first began.
pub fn reading(today: Day, known: &[DayState], since: Since) -> Option<Day> {
    Some(today).filter(|today| state(known, *today).is_none_or(|state| !state.is_fresh(since)))
}

/// Days that the vendor should have reported long before this answer, and that are not in it.
pub fn overdue(source: Source, answer: &Manifest) -> Vec<Day> {
    let today = answer.fetched_at.day();
    answer.awaited.iter().copied().filter(|day| source.kind().is_overdue(*day, today)).collect()
}

/// Days of these windows that the vendor was asked for and has not reported, though by now it usually has: after the last
/// day that is loaded. One that failed is told as such, and before the first loaded day the vendor may remember nothing.
pub fn late(source: Source, asked: &[Window], known: &[DayState], today: Day) -> Vec<Day> {
    let loaded = known.iter().rev().find(|state| state.fetched_at.is_some());
    let Some(last_loaded) = loaded.map(|state| state.day) else { return Vec::new() };
    let last = source.kind().last_reported(today);
    let days = asked.iter().flat_map(|window| window.days());
    days.filter(|day| last_loaded < *day && *day <= last && state(known, *day).is_none()).collect()
}

/// Days that were late when the vendor last answered: between the lag of the report and three times that, after which a day
/// has failed. Nothing is known of days that nobody asked for, so those before these must be known.
pub fn late_by(source: Source, known: &[DayState]) -> Vec<Day> {
    let last_answer = known.iter().filter_map(|state| state.fetched_at).max();
    let (Some(last_answer), Kind::Days(days)) = (last_answer, source.kind()) else { return Vec::new() };
    let today = last_answer.day();
    let first = today.minus(3 * days.lag_days);
    let is_asked = known.last().is_some_and(|state| first.minus(1) <= state.day);
    let Some(window) = Window::new(first, source.kind().last_reported(today)).ok().filter(|_| is_asked) else {
        return Vec::new();
    };
    late(source, &[window], known, today)
}

/// `known` is in order of day.
fn state(known: &[DayState], day: Day) -> Option<&DayState> {
    known.binary_search_by_key(&day, |state| state.day).ok().map(|index| &known[index])
}

/// The fewest windows of this source that ask for exactly the wanted days, which are given in order.
pub fn plan(source: Source, wanted: impl IntoIterator<Item = Day>) -> Vec<Window> {
    Window::fewest(wanted, source.window_days())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::vendors::{anthropic, cursor};

    const BEGUN: Since = Since { begun_at: Timestamp::from_micros(100), now: Timestamp::from_micros(200) };
    /// Two hours later.
    const FUTURE: i64 = 7_200_000_200;

    fn day(number: u32) -> Day {
        Day::new(2025, 10, number).unwrap()
    }

    fn state(number: u32, fetched_at: Option<i64>, settled: bool, failed: bool) -> DayState {
        let fetched_at = fetched_at.map(Timestamp::from_micros);
        let (day, accepted_at) = (day(number), fetched_at);
        DayState { day, fetched_at, accepted_at, settled, empty: false, forgotten: false, failed }
    }

    fn known() -> Vec<DayState> {
        vec![
            state(1, Some(50), true, false),
            state(2, Some(50), false, false),
            state(3, Some(50), true, true),
            state(4, None, false, true),
            state(5, Some(100), false, false),
            state(6, Some(50), true, false),
        ]
    }

    #[test]
    fn due_are_days_that_are_missing_failed_or_open() {
        let range = Window::new(day(3), day(7)).unwrap();
        let due: Vec<String> = due(anthropic::cost_report::SOURCE.kind(), range, &known(), BEGUN)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(due, ["2025-10-02", "2025-10-03", "2025-10-04", "2025-10-07"]);
    }

    #[test]
    fn a_day_before_the_range_that_only_ever_failed_is_not_due() {
        let range = Window::new(day(5), day(6)).unwrap();
        let due: Vec<String> = due(anthropic::cost_report::SOURCE.kind(), range, &known(), BEGUN)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(due, ["2025-10-02", "2025-10-03"]);
    }

    #[test]
    fn how_things_stand_is_read_again_by_every_command_but_not_twice() {
        assert_eq!(reading(day(1), &known(), BEGUN), Some(day(1)));
        assert_eq!(reading(day(5), &known(), BEGUN), None);
        assert_eq!(reading(day(9), &known(), BEGUN), Some(day(9)));
    }

    #[test]
    fn named_days_are_asked_again_even_when_settled_but_not_twice_by_one_command() {
        let range = Window::new(day(4), day(7)).unwrap();
        let named: Vec<String> = named(range, &known(), BEGUN).iter().map(ToString::to_string).collect();
        assert_eq!(named, ["2025-10-04", "2025-10-06", "2025-10-07"]);
    }

    #[test]
    fn an_answer_of_the_future_is_neither_fresh_nor_the_last_word() {
        let known = [state(1, Some(FUTURE), true, false), state(2, Some(FUTURE), false, false)];
        let range = Window::new(day(1), day(2)).unwrap();
        assert_eq!(named(range, &known, BEGUN), [day(1), day(2)]);
        assert_eq!(due(anthropic::cost_report::SOURCE.kind(), range, &known, BEGUN), [day(1), day(2)]);
        assert_eq!(reading(day(2), &known, BEGUN), Some(day(2)));
    }

    #[test]
    fn an_answer_that_another_machine_dates_some_minutes_ahead_may_be_the_last_word_and_is_never_fresh() {
        let known = [state(1, Some(60_000_000), true, false), state(2, Some(60_000_000), false, false)];
        let range = Window::new(day(1), day(2)).unwrap();
        assert_eq!(due(anthropic::cost_report::SOURCE.kind(), range, &known, BEGUN), [day(2)]);
        assert_eq!(named(range, &known, BEGUN), [day(1), day(2)]);
    }

    /// The days that are due of October at noon of a day of November, where days are empty since they settled (seven days
    /// after their end) and the first day that is not is `shown`.
    fn looked_at(now: &str, shown: Option<u32>, empty: &[(u32, &str)]) -> Vec<String> {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let mut known: Vec<DayState> =
            empty
                .iter()
                .map(|(number, fetched)| DayState {
                    fetched_at: at(fetched),
                    empty: true,
                    ..state(*number, None, true, false)
                })
                .chain(shown.map(|number| DayState {
                    fetched_at: at("2025-11-20T00:00:00Z"),
                    ..state(number, None, true, false)
                }))
                .collect();
        known.sort_by_key(|state| state.day);
        let now: Timestamp = now.parse().unwrap();
        let range = Window::new(known[0].day, known[known.len() - 1].day).unwrap();
        let due = due(anthropic::claude_code::SOURCE.kind(), range, &known, Since { begun_at: now, now });
        due.iter()
            .map(ToString::to_string)
            .filter(|day| empty.iter().any(|(number, _)| day.ends_with(&format!("-{number:02}"))))
            .collect()
    }

    #[test]
    fn an_empty_day_is_looked_at_again_some_times_after_it_settled() {
        // It settled with the end of the 8th.
        let settled = [(31, "2025-11-08T00:00:00Z")];
        assert!(looked_at("2025-11-08T12:00:00Z", Some(1), &settled).is_empty());
        assert_eq!(looked_at("2025-11-09T12:00:00Z", Some(1), &settled), ["2025-10-31"]);
        let looked = [(31, "2025-11-09T12:00:00Z")];
        assert!(looked_at("2025-11-10T12:00:00Z", Some(1), &looked).is_empty());
        assert_eq!(looked_at("2025-11-11T00:00:00Z", Some(1), &looked), ["2025-10-31"]);
        let last = [(31, "2025-12-06T00:00:00Z")];
        assert!(looked_at("2026-10-31T00:00:00Z", Some(1), &last).is_empty());
    }

    #[test]
    fn an_empty_day_before_the_first_that_showed_anything_is_not_looked_at_again() {
        let settled = [(30, "2025-11-08T00:00:00Z")];
        assert!(looked_at("2025-11-09T12:00:00Z", Some(31), &settled).is_empty());
    }

    #[test]
    fn a_report_that_has_shown_nothing_is_asked_each_time_for_four_weeks() {
        let empty = [(30, "2025-11-20T00:00:00Z"), (31, "2025-11-20T00:00:00Z")];
        assert_eq!(looked_at("2025-11-20T00:10:00Z", None, &empty), ["2025-10-30", "2025-10-31"]);
        assert_eq!(looked_at("2025-12-05T12:00:00Z", None, &empty), ["2025-10-31"]);
        assert!(looked_at("2025-12-06T12:00:00Z", None, &empty).is_empty());
    }

    #[test]
    fn days_after_the_last_loaded_one_are_late_once_the_lag_is_over() {
        let known = [state(3, Some(50), false, false), state(4, None, false, true)];
        let asked = [Window::new(day(1), day(9)).unwrap()];
        let late_on = |today| late(anthropic::cost_report::SOURCE, &asked, &known, day(today));
        assert_eq!(late_on(7), [day(5)]);
        assert_eq!(late_on(6), []);
        assert_eq!(late(anthropic::cost_report::SOURCE, &asked, &known[1..], day(9)), [], "it never reported");
        let before = [Window::new(day(1), day(3)).unwrap()];
        assert_eq!(late(anthropic::cost_report::SOURCE, &before, &known, day(9)), []);
    }

    #[test]
    fn days_that_were_late_at_the_last_answer_are_told_if_it_was_about_them() {
        let at = |number: u32| Some(day(number).start().micros());
        let late = |known: &[DayState]| late_by(anthropic::cost_report::SOURCE, known);
        assert_eq!(late(&[state(8, at(13), false, false)]), [] as [Day; 0], "only old days were asked for");
        assert_eq!(late(&[state(9, at(13), false, false)]), [day(10), day(11)]);
        assert_eq!(late(&[state(8, at(13), false, false), state(9, None, false, true)]), [day(10), day(11)]);
        assert_eq!(late(&[state(11, at(13), false, false)]), []);
        assert_eq!(late_by(cursor::usage_events::SOURCE, &[state(9, at(13), false, false)]), []);
    }

    fn named_day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn planned(source: Source, wanted: Vec<Day>) -> Vec<String> {
        plan(source, wanted).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_long_range_is_cut_at_what_the_source_allows() {
        let year: Vec<Day> = named_day("2025-01-01").through(named_day("2025-03-05")).collect();
        assert_eq!(
            planned(anthropic::cost_report::SOURCE, year.clone()),
            ["2025-01-01..2025-01-31", "2025-02-01..2025-03-03", "2025-03-04..2025-03-05"]
        );
        assert_eq!(planned(cursor::daily_usage::SOURCE, year)[0], "2025-01-01..2025-01-30");
    }

    #[test]
    fn days_that_are_not_wanted_are_not_asked_for() {
        let wanted = vec![named_day("2025-01-01"), named_day("2025-01-02"), named_day("2025-01-09")];
        assert_eq!(
            planned(anthropic::cost_report::SOURCE, wanted),
            ["2025-01-01..2025-01-02", "2025-01-09..2025-01-09"]
        );
        assert!(planned(anthropic::cost_report::SOURCE, vec![]).is_empty());
    }
}
