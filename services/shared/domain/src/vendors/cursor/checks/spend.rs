//! Cursor's events against the spend of their billing cycle: what was charged event by event is what the vendor adds up.
//!
//! A reading of the spend falls into a day, events are told by the day. So the spend must lie between the events through
//! the day before and those through the day itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use everycent_schemas::{AccountId, Day, Timestamp, Usd};
use rust_decimal::Decimal;

use crate::reconcile::{AccountDay, Check, Figure, Slip, Verdict, allowance};
use crate::vendors::cursor::spend;

/// The vendor adds events up by the hour, so a reading soon after midnight may lack some of the day before.
const HOURS_BEHIND: i64 = 2;

/// What a reading of the spend says of all people together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendReading {
    pub account_id: AccountId,
    /// The day of the reading.
    pub day: Day,
    pub read_at: Timestamp,
    /// The first day of the billing cycle, as the vendor says.
    pub cycle_start: Day,
    /// `None` where the vendor does not report it of everybody.
    pub on_demand_usd: Option<Usd>,
    /// On-demand and included use; `None` where the vendor does not tell it of everybody.
    pub overall_usd: Option<Usd>,
}

/// What the events of a day were charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChargedEvents {
    /// All that were charged at all, included ones too.
    pub overall_usd: Usd,
    pub on_demand_usd: Usd,
}

/// Each reading against the events of its cycle, within so many percent and a cent. `loaded` are the days whose events
/// are all there. A reading is judged if they hold every day of the cycle that was over when it was made.
///
/// The spend adds up from the first day of a cycle on, so a later reading of the same cycle speaks of the same events. If it
/// agrees, an earlier one that does not was made while the vendor or the events were wrong, and is left out: nothing could
/// ever mend it.
pub fn cursor_events_equal_spend(
    readings: &[SpendReading],
    events: &BTreeMap<AccountDay, ChargedEvents>,
    loaded: &BTreeSet<AccountDay>,
    percent: Decimal,
) -> Vec<Verdict> {
    let compare = |reading| Comparison { reading, events, loaded, percent };
    let judged = readings.iter().filter_map(|reading| Some((reading, compare(reading).verdict()?)));
    let judged: Vec<(&SpendReading, Verdict)> = judged.collect();
    let agreed = judged.iter().filter(|(_, verdict)| verdict.passed);
    let mut agreed_at: BTreeMap<(&AccountId, Day), Timestamp> = BTreeMap::new();
    for (reading, _) in agreed {
        let at = agreed_at.entry(reading.cycle()).or_insert(reading.read_at);
        *at = reading.read_at.max(*at);
    }
    let is_overruled = |reading: &SpendReading| agreed_at.get(&reading.cycle()).is_some_and(|at| reading.read_at < *at);
    let kept = judged.into_iter().filter(|(reading, verdict)| verdict.passed || !is_overruled(reading));
    kept.map(|(_, verdict)| verdict).collect()
}

impl SpendReading {
    fn cycle(&self) -> (&AccountId, Day) {
        (&self.account_id, self.cycle_start)
    }
}

struct Comparison<'a> {
    reading: &'a SpendReading,
    events: &'a BTreeMap<AccountDay, ChargedEvents>,
    loaded: &'a BTreeSet<AccountDay>,
    percent: Decimal,
}

/// A bound that the spend is held against.
#[derive(Debug, Clone, Copy)]
struct Bound {
    what: &'static str,
    /// The last day whose events count.
    through: Day,
    spend: Usd,
    events: Usd,
    kept: bool,
}

impl Comparison<'_> {
    fn verdict(&self) -> Option<Verdict> {
        let bounds = self.bounds()?;
        let shown = bounds.iter().find(|bound| !bound.kept).or(bounds.first())?;
        let SpendReading { account_id, day, cycle_start, .. } = self.reading;
        Some(Verdict {
            check: Check::CursorEventsEqualSpend,
            source: spend::SOURCE.name().to_owned(),
            account_id: account_id.clone(),
            activity_date: *day,
            from_date: *cycle_start,
            expected: Figure::Usd(shown.spend),
            found: Figure::Usd(shown.events),
            passed: shown.kept,
            explanation: self.explanation(shown),
        })
    }

    /// `None` when days are not loaded.
    fn bounds(&self) -> Option<Vec<Bound>> {
        let SpendReading { day, read_at, cycle_start, on_demand_usd, overall_usd, .. } = self.reading;
        let over = read_at.plus(Duration::hours(-HOURS_BEHIND)).day().min(*day).minus(1);
        let is_loaded = |day: Day| self.loaded.contains(&(self.reading.account_id.clone(), day));
        let is_whole = cycle_start <= day && cycle_start.through(*day).take_while(|day| *day <= over).all(is_loaded);
        if !is_whole {
            return None;
        }
        let before = self.charged_through(over);
        let with_the_day = cycle_start.through(*day).all(is_loaded).then(|| self.charged_through(*day));
        let mut bounds = Vec::new();
        let mut hold = |what, spend: Usd, of: fn(&ChargedEvents) -> Usd| {
            let allowed = allowance(spend, self.percent);
            let (events, through) = (of(&before), over);
            if *cycle_start <= over {
                bounds.push(Bound { what, through, spend, events, kept: events <= spend + allowed });
            }
            if let Some(events) = with_the_day.as_ref().map(of) {
                bounds.push(Bound { what, through: *day, spend, events, kept: spend <= events + allowed });
            }
        };
        if let Some(overall) = overall_usd {
            hold("all that were charged", *overall, |events| events.overall_usd);
        }
        if let Some(on_demand) = on_demand_usd {
            hold("on demand", *on_demand, |events| events.on_demand_usd);
        }
        Some(bounds)
    }

    fn charged_through(&self, last: Day) -> ChargedEvents {
        let SpendReading { account_id, cycle_start, .. } = self.reading;
        let days = cycle_start.through(last).filter_map(|day| self.events.get(&(account_id.clone(), day)));
        days.fold(ChargedEvents::default(), |sum, day| ChargedEvents {
            overall_usd: sum.overall_usd + day.overall_usd,
            on_demand_usd: sum.on_demand_usd + day.on_demand_usd,
        })
    }

    fn explanation(&self, bound: &Bound) -> String {
        let SpendReading { day, cycle_start, .. } = self.reading;
        let Bound { what, through, .. } = bound;
        let compared = format!(
            "cursor_usage_events ({what}) of {cycle_start} to {through} against the spend that cursor_spend read on {day}"
        );
        if bound.kept {
            return format!("{compared}: within {} %", self.percent);
        }
        let sync = format!("`everycent sync --from {cycle_start} --to {through} --source cursor/usage_events`");
        let cause = match (Slip::of(bound.events, bound.spend), bound.events > bound.spend) {
            (Some(slip), _) => format!("in the events {}, or the other way round in the spend", slip.words()),
            (None, true) => format!(
                "the events are more: some are there twice, the spend leaves out who left the team, or the vendor's \
                 cycle begins later; {sync} reads them again"
            ),
            (None, false) => format!("the events are fewer: some are missing; {sync} reads them again"),
        };
        format!("{compared}: {cause}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(number: u32) -> Day {
        Day::new(2026, 3, number).unwrap()
    }

    fn usd(text: &str) -> Usd {
        crate::money::usd_from_dollars(text).unwrap()
    }

    /// Read at noon of the fourth day of a cycle that began on the second.
    fn reading(overall: Option<&str>, on_demand: &str) -> SpendReading {
        SpendReading {
            account_id: "acme".into(),
            day: day(5),
            read_at: "2026-03-05T12:00:00Z".parse().unwrap(),
            cycle_start: day(2),
            on_demand_usd: Some(usd(on_demand)),
            overall_usd: overall.map(usd),
        }
    }

    fn days(numbers: &[u32]) -> BTreeSet<AccountDay> {
        numbers.iter().map(|number| ("acme".into(), day(*number))).collect()
    }

    /// From the first on a hundred dollars a day, ten of them on demand.
    fn events() -> BTreeMap<AccountDay, ChargedEvents> {
        let charged = ChargedEvents { overall_usd: usd("100"), on_demand_usd: usd("10") };
        let days = (1..=6).map(|number| (("acme".into(), day(number)), charged));
        days.chain([(("other".into(), day(3)), charged)]).collect()
    }

    fn judge(reading: &SpendReading, loaded: &[u32]) -> Option<Verdict> {
        cursor_events_equal_spend(std::slice::from_ref(reading), &events(), &days(loaded), Decimal::ONE).pop()
    }

    fn passes(overall: Option<&str>, on_demand: &str, loaded: &[u32]) -> bool {
        judge(&reading(overall, on_demand), loaded).unwrap().passed
    }

    #[test]
    fn a_reading_that_was_wrong_is_overruled_by_a_later_one_of_its_cycle_that_agrees() {
        let at = |number: u32, overall: &str| SpendReading {
            day: day(number),
            read_at: format!("2026-03-0{number}T12:00:00Z").parse().unwrap(),
            ..reading(Some(overall), "0")
        };
        let passed = |readings: &[SpendReading]| -> Vec<(Day, bool)> {
            let of = readings.iter().map(|reading| SpendReading { on_demand_usd: None, ..reading.clone() });
            let verdicts =
                cursor_events_equal_spend(&of.collect::<Vec<_>>(), &events(), &days(&[1, 2, 3, 4, 5, 6]), Decimal::ONE);
            verdicts.iter().map(|verdict| (verdict.activity_date, verdict.passed)).collect()
        };
        let (wrong, right) = (at(4, "50"), at(5, "350"));
        assert_eq!(passed(&[wrong.clone(), right.clone()]), [(day(5), true)]);
        assert_eq!(
            passed(&[at(4, "250"), at(5, "50")]),
            [(day(4), true), (day(5), false)],
            "an earlier one says nothing"
        );
        let elsewhere = SpendReading { account_id: "other".into(), cycle_start: day(3), ..right };
        assert!(passed(&[wrong, elsewhere]).contains(&(day(4), false)));
    }

    #[test]
    fn the_spend_is_at_least_the_events_through_the_day_before() {
        let before = &[2, 3, 4];
        assert!(passes(Some("300"), "30", before) && passes(Some("5000"), "500", before));
        assert!(passes(Some("297.02"), "30", before) && !passes(Some("297.01"), "30", before));
        assert!(passes(Some("300"), "29.70", before) && !passes(Some("300"), "29.69", before));
    }

    #[test]
    fn the_spend_is_at_most_the_events_through_the_day_of_the_reading() {
        let through = &[2, 3, 4, 5];
        assert!(passes(Some("400"), "40", through) && !passes(Some("405"), "40", through));
        assert!(passes(Some("404.05"), "40", through) && !passes(Some("404.06"), "40", through));
        assert!(passes(Some("400"), "40.41", through) && !passes(Some("400"), "40.42", through));
    }

    #[test]
    fn without_an_overall_figure_the_one_on_demand_is_compared() {
        assert!(passes(None, "30", &[2, 3, 4]) && !passes(None, "3", &[2, 3, 4]));
        let verdict = judge(&reading(None, "30"), &[2, 3, 4]).unwrap();
        assert_eq!((verdict.expected, verdict.found), (Figure::Usd(usd("30")), Figure::Usd(usd("30"))));
        assert!(verdict.explanation.contains("(on demand) of 2026-03-02 to 2026-03-04"), "{}", verdict.explanation);
    }

    #[test]
    fn a_cycle_with_a_day_that_is_not_loaded_is_not_judged() {
        let reading = reading(Some("300"), "30");
        for loaded in [&[3, 4, 5][..], &[2, 4, 5], &[2, 3, 5], &[]] {
            assert_eq!(judge(&reading, loaded), None, "{loaded:?}");
        }
        assert!(judge(&SpendReading { account_id: "other".into(), ..reading }, &[2, 3, 4, 5]).is_none());
    }

    #[test]
    fn soon_after_midnight_the_day_before_is_not_expected_yet() {
        let early = SpendReading { read_at: "2026-03-05T01:59:00Z".parse().unwrap(), ..reading(Some("200"), "20") };
        let verdict = judge(&early, &[2, 3]).unwrap();
        assert!(verdict.passed, "{verdict:?}");
        let later = SpendReading { read_at: "2026-03-05T02:00:00Z".parse().unwrap(), ..early };
        assert!(!judge(&later, &[2, 3, 4]).unwrap().passed);
    }

    #[test]
    fn on_the_first_day_of_a_cycle_only_that_day_can_be_compared() {
        let first = SpendReading { cycle_start: day(5), ..reading(Some("100"), "10") };
        assert_eq!(judge(&first, &[2, 3, 4]), None);
        assert!(judge(&first, &[5]).unwrap().passed);
        let more = SpendReading { overall_usd: Some(usd("110")), ..first };
        assert!(!judge(&more, &[5]).unwrap().passed);
    }

    #[test]
    fn a_reading_of_a_cycle_that_is_yet_to_begin_is_not_judged() {
        let odd = SpendReading { cycle_start: day(6), ..reading(Some("100"), "10") };
        assert_eq!(judge(&odd, &[2, 3, 4, 5, 6]), None);
    }

    #[test]
    fn a_verdict_says_what_was_compared_and_the_likely_cause() {
        let verdict = |overall| judge(&reading(Some(overall), "30"), &[2, 3, 4, 5]).unwrap();
        let fewer = verdict("500");
        assert_eq!((fewer.expected, fewer.found), (Figure::Usd(usd("500")), Figure::Usd(usd("400"))));
        assert_eq!((fewer.from_date, fewer.activity_date), (day(2), day(5)));
        assert_eq!((fewer.source.as_str(), fewer.account_id.as_str()), ("cursor/spend", "acme"));
        for (overall, text) in [
            ("500", "(all that were charged) of 2026-03-02 to 2026-03-05"),
            (
                "500",
                "some are missing; `everycent sync --from 2026-03-02 --to 2026-03-05 --source cursor/usage_events`",
            ),
            ("200", "of 2026-03-02 to 2026-03-04 against the spend that cursor_spend read on 2026-03-05"),
            ("200", "some are there twice"),
            ("3", "cents were read as dollars"),
        ] {
            assert!(verdict(overall).explanation.contains(text), "{}", verdict(overall).explanation);
        }
    }
}
