//! Days of a snapshot that wait for a price, and what the operator is told of them.

use std::collections::BTreeMap;
use std::fmt;

use everycent_domain::manifest::Manifest;
use everycent_domain::prices::PriceError;
use everycent_schemas::events::{FetchFailed, SnapshotStored};
use everycent_schemas::{AccountId, Day};

/// Names the report, the account, the days, and what makes the rows after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unpriced {
    report: String,
    account_id: AccountId,
    /// In order; at least one.
    days: Vec<Day>,
    /// Of the first of them.
    reason: PriceError,
}

impl Unpriced {
    /// None where every day has a price.
    pub(super) fn of(manifest: &Manifest, days: &BTreeMap<Day, PriceError>) -> Option<Self> {
        Some(Self {
            report: manifest.source.clone(),
            account_id: manifest.account_id.clone(),
            reason: *days.values().next()?,
            days: days.keys().copied().collect(),
        })
    }

    /// The failure of these days and of none between them. It dates from the fetch, so that rows of this answer or a later
    /// one heal it, and rows that this answer gave before are no failure.
    pub(super) fn failures(&self, event: &SnapshotStored) -> Vec<FetchFailed> {
        let runs = self.days.chunk_by(|day, next| day.next() == *next);
        runs.map(|run| FetchFailed {
            source: self.report.clone(),
            account_id: self.account_id.clone(),
            from_date: run[0],
            to_date: run[run.len() - 1],
            reason: self.to_string(),
            failed_at: event.fetched_at,
            unavailable: false,
        })
        .collect()
    }
}

impl fmt::Display for Unpriced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, account_id, days, reason } = self;
        let (from, to) = (days[0], days[days.len() - 1]);
        write!(f, "{report} of account `{account_id}`: {reason}, ")?;
        write!(f, "then run `everycent replay --from {from} --to {to} --source {report}`")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_domain::manifest::FORMAT;
    use everycent_domain::window::Window;
    use everycent_schemas::Timestamp;

    use super::*;

    fn day(number: u32) -> Day {
        Day::new(2022, 12, number).unwrap()
    }

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT,
            snapshot_id: "s1".into(),
            source: "cursor/daily_usage".to_owned(),
            account_id: "acme".into(),
            window: Window::new(day(1), day(30)).unwrap(),
            fetched_at: Timestamp::from_micros(7),
            query: serde_json::Value::Null,
            covered: (3..=20).map(day).collect(),
            pages: Vec::new(),
            remarks: Vec::new(),
            awaited: Vec::new(),
            workspaces: None,
            redated_from: None,
        }
    }

    fn failures(days: &[u32]) -> Vec<FetchFailed> {
        let manifest = manifest();
        let event = SnapshotStored {
            snapshot_id: manifest.snapshot_id.clone(),
            source: manifest.source.clone(),
            account_id: manifest.account_id.clone(),
            from_date: manifest.window.from(),
            to_date: manifest.window.to(),
            fetched_at: manifest.fetched_at,
            manifest: String::new(),
            pages: 1,
            body_bytes: 1,
            published_at: Timestamp::from_micros(9),
            only_from: None,
            only_to: None,
        };
        let days = days.iter().map(|number| (day(*number), PriceError::Unpriced { day: day(*number) })).collect();
        Unpriced::of(&manifest, &days).map(|unpriced| unpriced.failures(&event)).unwrap_or_default()
    }

    #[test]
    fn it_names_report_account_and_day_and_says_what_to_do() {
        let failure = failures(&[5, 6]).remove(0);
        assert_eq!(
            failure.reason,
            "cursor/daily_usage of account `acme`: no Cursor price is known for 2022-12-05; add a [[prices.cursor]] that \
             begins on or before it, then run `everycent replay --from 2022-12-05 --to 2022-12-06 --source \
             cursor/daily_usage`"
        );
        assert_eq!(failure.failed_at, Timestamp::from_micros(7), "it is healed by rows of the same answer");
    }

    #[test]
    fn only_days_without_a_price_fail() {
        let days = |failure: FetchFailed| (failure.from_date, failure.to_date);
        let failed: Vec<_> = failures(&[3, 4, 7]).into_iter().map(days).collect();
        assert_eq!(failed, [(day(3), day(4)), (day(7), day(7))]);
        assert_eq!(failures(&[]), []);
    }
}
