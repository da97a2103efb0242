//! The first day of Cursor's billing cycle: the price table's against the vendor's own.

use std::collections::BTreeSet;

use chrono::Datelike;
use everycent_schemas::{AccountId, Day};

use super::spend::SpendReading;
use crate::reconcile::{Check, Figure, Verdict};
use crate::vendors::cursor::spend;

/// What the price table said of a day when its rows were made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PricedCycle {
    pub account_id: AccountId,
    pub day: Day,
    /// The first day of the billing cycle that holds the day.
    pub cycle_start: Day,
}

/// Each reading of the spend against the priced days of its cycle. One without such a day is not judged.
pub fn cursor_cycle_day(readings: &[SpendReading], priced: &BTreeSet<PricedCycle>) -> Vec<Verdict> {
    readings.iter().filter_map(|reading| verdict(reading, priced)).collect()
}

fn verdict(reading: &SpendReading, priced: &BTreeSet<PricedCycle>) -> Option<Verdict> {
    let SpendReading { account_id, day, cycle_start, .. } = reading;
    let days: Vec<&PricedCycle> = priced
        .iter()
        .filter(|priced| priced.account_id == *account_id && *cycle_start <= priced.day && priced.day <= *day)
        .collect();
    let wrong: Vec<&&PricedCycle> = days.iter().filter(|priced| priced.cycle_start != *cycle_start).collect();
    let shown = wrong.first().copied().or(days.first())?;
    Some(Verdict {
        check: Check::CursorCycleDay,
        source: spend::SOURCE.name().to_owned(),
        account_id: account_id.clone(),
        activity_date: *day,
        from_date: *cycle_start,
        expected: Figure::Day(*cycle_start),
        found: Figure::Day(shown.cycle_start),
        passed: wrong.is_empty(),
        explanation: explanation(reading, shown, wrong.len()),
    })
}

fn explanation(reading: &SpendReading, shown: &PricedCycle, wrong: usize) -> String {
    let SpendReading { day, cycle_start, .. } = reading;
    let compared = format!("billing_cycle_start of cursor_usage_stats against that of cursor_spend, read on {day}");
    if wrong == 0 {
        return compared;
    }
    let more = match wrong {
        1 => String::new(),
        2 => " and another day".to_owned(),
        _ => format!(" and {} other days", wrong - 1),
    };
    format!(
        "{compared}: the vendor's cycle began on {cycle_start}, the price table says {} for {}{more}. Set \
         `cycle_day = {}`{} in [[prices.cursor]] and run `everycent replay`",
        shown.cycle_start,
        shown.day,
        cycle_start.date().day(),
        or_later(*cycle_start)
    )
}

/// On the last day of a shorter month cycles of any later day start too.
fn or_later(cycle_start: Day) -> &'static str {
    let is_last = cycle_start.next().date().day() == 1;
    if is_last && cycle_start.date().day() < 31 {
        ", or that of the day on which cycles of longer months begin,"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use everycent_schemas::Usd;

    fn day(number: u32) -> Day {
        Day::new(2026, 3, number).unwrap()
    }

    /// Read on the 20th in a cycle that began on the 15th.
    fn reading() -> SpendReading {
        SpendReading {
            account_id: "acme".into(),
            day: day(20),
            read_at: "2026-03-20T12:00:00Z".parse().unwrap(),
            cycle_start: day(15),
            on_demand_usd: Some(Usd::ZERO),
            overall_usd: None,
        }
    }

    /// Account, day, and the first day of the cycle as the price table says.
    fn check(priced: &[(&str, u32, u32)]) -> Option<Verdict> {
        let priced = priced.iter().map(|(account_id, of, start)| PricedCycle {
            account_id: (*account_id).into(),
            day: day(*of),
            cycle_start: day(*start),
        });
        cursor_cycle_day(&[reading()], &priced.collect()).pop()
    }

    #[test]
    fn the_vendors_first_day_passes() {
        let verdict = check(&[("acme", 15, 15), ("acme", 20, 15)]).unwrap();
        assert!(verdict.passed);
        assert_eq!((verdict.source.as_str(), verdict.account_id.as_str()), ("cursor/spend", "acme"));
    }

    #[test]
    fn the_last_day_of_a_shorter_month_may_stand_for_a_later_one() {
        let advice = |day: &str| or_later(day.parse().unwrap());
        for last in ["2026-02-28", "2026-04-30"] {
            assert!(advice(last).contains("cycles of longer months"), "{last}");
        }
        assert_eq!(["2026-03-31", "2026-03-30", "2024-02-28"].map(advice), ["", "", ""]);
    }

    #[test]
    fn another_first_day_fails_and_says_what_to_set() {
        let verdict = check(&[("acme", 15, 15), ("acme", 19, 1), ("acme", 20, 1)]).unwrap();
        assert!(!verdict.passed);
        assert_eq!((verdict.expected, verdict.found), (Figure::Day(day(15)), Figure::Day(day(1))));
        assert_eq!(verdict.difference(), Figure::Count(-14));
        for text in
            ["2026-03-01 for 2026-03-19 and another day", "`cycle_day = 15` in [[prices.cursor]]", "everycent replay"]
        {
            assert!(verdict.explanation.contains(text), "{}", verdict.explanation);
        }
    }

    #[test]
    fn days_of_another_cycle_or_account_say_nothing() {
        assert_eq!(check(&[("acme", 14, 1), ("acme", 21, 1), ("other", 16, 1)]), None);
        assert!(check(&[("acme", 14, 1), ("acme", 15, 15), ("acme", 21, 1), ("other", 16, 1)]).unwrap().passed);
        assert_eq!(check(&[]), None);
    }
}
