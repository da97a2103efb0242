//! Which buckets are to be there: what a feed should have told by now.

use everycent_schemas::{AccountId, Day};

use crate::report::Kind;
use crate::source::Source;
use crate::window::Window;

/// One source of one account, as the configuration and coverage have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFact {
    pub source: Source,
    pub account_id: AccountId,
    pub is_configured: bool,
    /// The first and the last day that coverage knows of, loaded or failed.
    pub known: Option<(Day, Day)>,
    /// The last day that any report is loaded of.
    pub reached: Option<Day>,
}

impl FeedFact {
    /// Days of the window that are to be loaded: of a configured feed from the wanted day on, or else from its first
    /// one; of another between the days that are known, and if it tells what is billed as far as any other report is loaded,
    /// or totals would lack its money and nobody knew. Files come when a person brings them, and a reading of how
    /// things stand is missed only if there never was one.
    pub fn wanted(&self, window: Window, wanted_from: Option<Day>, today: Day) -> Vec<Day> {
        match (self.source.kind(), self.known) {
            (Kind::Upload, _) | (Kind::PointInTime, Some(_)) => Vec::new(),
            (Kind::PointInTime, None) => self.is_configured.then(|| window.to().min(today)).into_iter().collect(),
            (Kind::Days(_), known) => self.wanted_days(known, window, wanted_from, today),
        }
    }

    fn wanted_days(&self, known: Option<(Day, Day)>, window: Window, wanted_from: Option<Day>, today: Day) -> Vec<Day> {
        let reported = self.source.kind().last_reported(today);
        let (first, last) = match (self.is_configured, known) {
            (true, known) => (wanted_from.or(known.map(|(first, _)| first)).unwrap_or(window.from()), reported),
            (false, Some((first, last))) if self.source.is_bill() => {
                (first, last.max(self.reached.unwrap_or(last)).min(reported))
            }
            (false, Some((first, last))) => (first, last.min(reported)),
            (false, None) => return Vec::new(),
        };
        window.days().filter(|day| first <= *day && *day <= last && self.source.reaches(*day, today)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::vendors::{anthropic, cursor, upload};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn feed(source: Source, known: Option<(&str, &str)>) -> FeedFact {
        let known = known.map(|(first, last)| (day(first), day(last)));
        FeedFact { source, account_id: "acme".into(), is_configured: true, known, reached: None }
    }

    /// First, last and number of the days that are wanted on 20 January 2026.
    fn wanted(feed: &FeedFact, from: &str, to: &str, wanted_from: Option<&str>) -> String {
        let window = Window::new(day(from), day(to)).unwrap();
        let days = feed.wanted(window, wanted_from.map(day), day("2026-01-20"));
        match (days.first(), days.last()) {
            (Some(first), Some(last)) => format!("{first} {last} {}", days.len()),
            _ => "none".to_owned(),
        }
    }

    #[test]
    fn a_configured_feed_is_wanted_until_the_vendor_may_lag_from_its_first_day_or_the_wanted_one() {
        let known = feed(anthropic::cost_report::SOURCE, Some(("2026-01-10", "2026-01-12")));
        assert_eq!(wanted(&known, "2026-01-01", "2026-01-20", None), "2026-01-10 2026-01-18 9");
        assert_eq!(wanted(&known, "2026-01-01", "2026-01-20", Some("2026-01-05")), "2026-01-05 2026-01-18 14");
        assert_eq!(wanted(&known, "2026-01-11", "2026-01-15", None), "2026-01-11 2026-01-15 5");
        let prompt = feed(cursor::daily_usage::SOURCE, Some(("2026-01-10", "2026-01-12")));
        assert_eq!(wanted(&prompt, "2026-01-01", "2026-01-20", None), "2026-01-10 2026-01-19 10");
        let unread = feed(anthropic::cost_report::SOURCE, None);
        assert_eq!(wanted(&unread, "2026-01-03", "2026-01-04", None), "2026-01-03 2026-01-04 2");
    }

    #[test]
    fn a_feed_that_is_not_configured_is_wanted_between_its_days() {
        let known =
            FeedFact { is_configured: false, ..feed(cursor::daily_usage::SOURCE, Some(("2026-01-10", "2026-01-12"))) };
        assert_eq!(wanted(&known, "2026-01-01", "2026-01-20", Some("2026-01-01")), "2026-01-10 2026-01-12 3");
        let today = FeedFact { known: Some((day("2026-01-18"), day("2026-01-20"))), ..known.clone() };
        assert_eq!(wanted(&today, "2026-01-01", "2026-01-20", None), "2026-01-18 2026-01-19 2");
        assert_eq!(wanted(&FeedFact { known: None, ..known }, "2026-01-01", "2026-01-20", None), "none");
    }

    /// Its key is gone, or the configuration names it no more.
    #[test]
    fn a_feed_that_says_what_is_billed_is_wanted_as_far_as_anything_is_loaded_though_it_is_not_configured() {
        let known = Some(("2026-01-10", "2026-01-12"));
        let reached = |source, last| {
            let feed = FeedFact { is_configured: false, reached: Some(day(last)), ..feed(source, known) };
            wanted(&feed, "2026-01-01", "2026-01-20", None)
        };
        let (bill, events) = (anthropic::cost_report::SOURCE, cursor::usage_events::SOURCE);
        assert_eq!(reached(bill, "2026-01-15"), "2026-01-10 2026-01-15 6");
        assert_eq!(reached(bill, "2026-01-20"), "2026-01-10 2026-01-18 9", "the vendor may lag");
        assert_eq!(reached(events, "2026-01-15"), "2026-01-10 2026-01-15 6");
        assert_eq!(reached(events, "2026-01-11"), "2026-01-10 2026-01-12 3");
        for beside in [anthropic::cost_totals::SOURCE, anthropic::usage_messages::SOURCE, cursor::daily_usage::SOURCE] {
            assert_eq!(reached(beside, "2026-01-15"), "2026-01-10 2026-01-12 3", "{beside}");
        }
    }

    #[test]
    fn the_analytics_are_wanted_a_day_later_and_not_before_they_begin() {
        let analytics = feed(anthropic::analytics_cost::SOURCE, None);
        assert_eq!(wanted(&analytics, "2025-12-20", "2026-01-20", None), "2026-01-01 2026-01-18 18");
    }

    #[test]
    fn a_reading_is_missed_only_if_there_never_was_one() {
        let members = feed(cursor::members::SOURCE, None);
        assert_eq!(wanted(&members, "2026-01-01", "2026-01-15", None), "2026-01-15 2026-01-15 1");
        assert_eq!(wanted(&members, "2026-01-01", "2026-01-31", None), "2026-01-20 2026-01-20 1");
        let read = feed(cursor::members::SOURCE, Some(("2026-01-02", "2026-01-02")));
        assert_eq!(wanted(&read, "2026-01-01", "2026-01-20", Some("2026-01-01")), "none");
        let foreign = FeedFact { is_configured: false, ..members };
        assert_eq!(wanted(&foreign, "2026-01-01", "2026-01-15", None), "none");
    }

    #[test]
    fn a_file_is_never_wanted() {
        let imported = feed(upload::claude_usage::SOURCE, Some(("2026-01-02", "2026-01-09")));
        assert_eq!(wanted(&imported, "2026-01-01", "2026-01-20", Some("2026-01-01")), "none");
        assert_eq!(wanted(&feed(upload::claude_usage::SOURCE, None), "2026-01-01", "2026-01-20", None), "none");
    }
}
