//! Which days derived tables have to be made again for: charges, and their sums by day and by month.
//!
//! They are made from the facts by the merge that changes the facts, in scopes: the days of an account, and of what is
//! counted through a billing cycle the rest of the cycle too. How they are made the `derived` module of the schemas says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use everycent_schemas::{AccountId, Day, tables};

use crate::bucket::BucketId;
use crate::source::Source;
use crate::vendor::Vendor;
use crate::vendors::anthropic::{analytics_cost, cost_report};
use crate::window::Window;

/// The tables that charges are made of.
const FACTS: [&str; 10] = [
    "claude_costs",
    "claude_usage_tokens",
    "claude_analytics_costs",
    "cursor_usage_events",
    "cursor_usage_stats",
    "cursor_plan_days",
    SEAT_READINGS,
    "claude_imported_spend",
    "claude_imported_costs",
    "cursor_imported_events",
];

/// The table of what was read of seats, which has a say in more days than those of the readings.
const SEAT_READINGS: &str = "cursor_seat_readings";

/// Days in a statement. More would hold a merge of a long history in memory.
const DAYS_AT_ONCE: u32 = 31;

/// Longer than any billing cycle lasts.
pub const CYCLE_DAYS_MAX: u32 = 31;

static INPUTS: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let feeds = |source: &Source| tables::fed_by(source.name()).any(|table| FACTS.contains(&table.name));
    Source::ALL.iter().copied().filter(feeds).collect()
});

/// The reports that charges are made of.
pub fn inputs() -> &'static [Source] {
    &INPUTS
}

/// Whether charges are made of the report.
pub fn is_input(source: &str) -> bool {
    input(source).is_some()
}

/// The report of this name, if charges are made of it.
pub fn input(source: &str) -> Option<Source> {
    INPUTS.iter().copied().find(|input| input.name() == source)
}

/// The buckets whose charges are made when those of these are. What the analytics of a day are charged for depends on
/// whether the bill has answered for it.
pub fn made_with(buckets: &BTreeSet<BucketId>) -> BTreeSet<BucketId> {
    let of_bill = buckets.iter().filter(|bucket| bucket.source == cost_report::NAME);
    let analytics = of_bill.map(|bucket| BucketId { source: analytics_cost::NAME.into(), ..bucket.clone() });
    buckets.iter().cloned().chain(analytics).collect()
}

/// Whether the report is a reading of seats: it has a say in the charges of other days too.
pub fn is_seat_reading(source: &str) -> bool {
    tables::fed_by(source).any(|table| table.name == SEAT_READINGS)
}

/// Days of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DerivedDays(BTreeMap<(Vendor, AccountId), BTreeSet<Day>>);

impl DerivedDays {
    /// The days of these buckets, where charges are made of their report.
    pub fn of<'b>(buckets: impl IntoIterator<Item = &'b BucketId>) -> Self {
        let mut days = Self::default();
        for bucket in buckets {
            if let Some(source) = input(&bucket.source) {
                let of_account = days.0.entry((source.vendor(), bucket.account_id.clone())).or_default();
                of_account.insert(bucket.activity_date);
            }
        }
        days
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).sum()
    }

    /// Whether the day of the bucket is among them.
    pub fn has(&self, bucket: &BucketId) -> bool {
        let days = input(&bucket.source).and_then(|source| self.0.get(&(source.vendor(), bucket.account_id.clone())));
        days.is_some_and(|days| days.contains(&bucket.activity_date))
    }

    /// The days of an account.
    pub fn days_of(&self, vendor: Vendor, account_id: &AccountId) -> BTreeSet<Day> {
        self.0.get(&(vendor, account_id.clone())).cloned().unwrap_or_default()
    }

    /// Each account with the windows that hold exactly its days.
    pub fn accounts(&self) -> impl Iterator<Item = (Vendor, &AccountId, Vec<Window>)> {
        let windows = |days: &BTreeSet<Day>| Window::fewest(days.iter().copied(), DAYS_AT_ONCE);
        self.0.iter().map(move |((vendor, account_id), days)| (*vendor, account_id, windows(days)))
    }

    /// With the other days whose charges these have a say in: of Cursor the day before each, for the last day on which
    /// somebody is seen is known by the one after it, and a billing cycle after it, for who used a seat keeps it so long.
    pub fn with_cycles(&self) -> Self {
        let around = |day: &Day| day.minus(1).through(day.plus(CYCLE_DAYS_MAX - 1));
        let with_cycles = |((vendor, account_id), days): (&(Vendor, AccountId), &BTreeSet<Day>)| {
            let days = match vendor {
                Vendor::Cursor => days.iter().flat_map(around).collect(),
                _ => days.clone(),
            };
            ((*vendor, account_id.clone()), days)
        };
        Self(self.0.iter().map(with_cycles).collect())
    }

    /// Parts of so many days at most, the latest first: what people look at is right again soonest.
    pub fn in_parts(&self, days: usize) -> Vec<Self> {
        let mut all: Vec<(Day, &(Vendor, AccountId))> =
            self.0.iter().flat_map(|(account, days)| days.iter().map(move |day| (*day, account))).collect();
        all.sort_unstable_by(|one, other| other.cmp(one));
        let part = |part: &[(Day, &(Vendor, AccountId))]| {
            let mut days = Self::default();
            for (day, account) in part {
                days.0.entry((*account).clone()).or_default().insert(*day);
            }
            days
        };
        all.chunks(days.max(1)).map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bucket(source: &str, account: &str, day: u32) -> BucketId {
        BucketId { source: source.into(), account_id: account.into(), activity_date: Day::new(2025, 10, day).unwrap() }
    }

    #[test]
    fn charges_are_made_of_the_bill_its_tokens_the_analytics_the_events_the_seats_and_files() {
        let names: Vec<&str> = inputs().iter().map(|source| source.name()).collect();
        let expected = [
            "anthropic/cost_report",
            "anthropic/usage_messages",
            "anthropic/analytics_cost",
            "cursor/daily_usage",
            "cursor/usage_events",
            "cursor/spend",
            "cursor/members",
            "upload/claude_spend",
            "upload/claude_console_cost",
            "upload/cursor_usage",
        ];
        assert_eq!(names, expected);
        assert!(!is_input("anthropic/users"));
        assert!(is_seat_reading("cursor/members") && !is_seat_reading("cursor/daily_usage"));
    }

    #[test]
    fn days_of_both_reports_of_an_account_are_one_and_other_reports_have_none() {
        let buckets = [
            bucket("anthropic/cost_report", "acme", 3),
            bucket("anthropic/usage_messages", "acme", 3),
            bucket("anthropic/usage_messages", "acme", 4),
            bucket("anthropic/usage_messages", "acme", 6),
            bucket("cursor/usage_events", "acme", 1),
            bucket("anthropic/users", "acme", 9),
        ];
        let days = DerivedDays::of(&buckets);
        assert_eq!(days.len(), 4);
        let text = |windows: Vec<Window>| windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let accounts: Vec<_> = days.accounts().map(|(vendor, _, windows)| (vendor, text(windows))).collect();
        let expected = [
            (Vendor::Anthropic, "2025-10-03..2025-10-04 2025-10-06..2025-10-06".to_owned()),
            (Vendor::Cursor, "2025-10-01..2025-10-01".to_owned()),
        ];
        assert_eq!(accounts, expected);
        let with_cycles = days.with_cycles();
        let accounts: Vec<_> = with_cycles.accounts().map(|(vendor, _, windows)| (vendor, text(windows))).collect();
        let cursor = "2025-09-30..2025-10-30 2025-10-31..2025-10-31".to_owned();
        assert_eq!(accounts, [expected[0].clone(), (Vendor::Cursor, cursor)]);
    }

    #[test]
    fn parts_hold_all_days_and_the_latest_first() {
        let days = DerivedDays::of(&[1, 2, 3, 4, 5].map(|day| bucket("cursor/usage_events", "acme", day)));
        let parts = days.in_parts(2);
        let windows = |part: &DerivedDays| part.accounts().flat_map(|(_, _, windows)| windows).collect::<Vec<_>>();
        let first = Window::new(Day::new(2025, 10, 4).unwrap(), Day::new(2025, 10, 5).unwrap()).unwrap();
        assert_eq!((parts.len(), windows(&parts[0])), (3, vec![first]));
        assert_eq!(parts.iter().map(DerivedDays::len).sum::<usize>(), 5);
    }
}
