//! A snapshot that waits for a price: what it tells the operator, and which days it leaves without rows.

use std::fmt;

use everycent_domain::manifest::Manifest;
use everycent_domain::prices::PriceError;
use everycent_schemas::events::{FetchFailed, SnapshotStored};
use everycent_schemas::{AccountId, Day};

/// Names the report, the account, the day, and what makes the rows after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unpriced {
    report: String,
    account_id: AccountId,
    from: Day,
    to: Day,
    reason: PriceError,
}

impl Unpriced {
    pub(super) fn new(event: &SnapshotStored, manifest: &Manifest, reason: PriceError) -> Self {
        let only = event.only_from.zip(event.only_to);
        let is_meant = |day: &&Day| only.is_none_or(|(from, to)| (from..=to).contains(*day));
        let days = || manifest.covered.iter().filter(is_meant).copied();
        Self {
            report: manifest.source.clone(),
            account_id: manifest.account_id.clone(),
            from: days().min().unwrap_or(event.from_date),
            to: days().max().unwrap_or(event.to_date),
            reason,
        }
    }

    /// The failure of these days. It dates from the fetch, so that rows of this answer or a later one heal it, and rows
    /// that this answer gave before are no failure.
    pub(super) fn failure(&self, event: &SnapshotStored) -> FetchFailed {
        FetchFailed {
            source: self.report.clone(),
            account_id: self.account_id.clone(),
            from_date: self.from,
            to_date: self.to,
            reason: self.to_string(),
            failed_at: event.fetched_at,
        }
    }
}

impl fmt::Display for Unpriced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, account_id, from, to, reason } = self;
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
        }
    }

    fn failure(only: Option<(u32, u32)>) -> FetchFailed {
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
            only_from: only.map(|(from, _)| day(from)),
            only_to: only.map(|(_, to)| day(to)),
        };
        Unpriced::new(&event, &manifest, PriceError::Unpriced { day: day(5) }).failure(&event)
    }

    #[test]
    fn it_names_report_account_and_day_and_says_what_to_do() {
        let failure = failure(None);
        assert_eq!(
            failure.reason,
            "cursor/daily_usage of account `acme`: no Cursor price is known for 2022-12-05; add a [[prices.cursor]] that \
             begins on or before it, then run `everycent replay --from 2022-12-03 --to 2022-12-20 --source \
             cursor/daily_usage`"
        );
        assert_eq!(failure.failed_at, Timestamp::from_micros(7), "it is healed by rows of the same answer");
    }

    #[test]
    fn only_days_that_the_answer_covers_and_that_were_asked_for_fail() {
        let days = |failure: FetchFailed| (failure.from_date, failure.to_date);
        assert_eq!(days(failure(None)), (day(3), day(20)));
        assert_eq!(days(failure(Some((5, 25)))), (day(5), day(20)));
    }
}
