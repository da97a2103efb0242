//! What the model hears of the pipeline's doings.

use chrono::NaiveDate;

use super::calendar::{days, midnight_after};
use super::report::{Report, Time};

/// A snapshot was announced, now or again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Where its manifest lies.
    pub object: String,
    pub fetched_at: i64,
    pub snapshot_id: String,
    pub published_at: i64,
}

impl Announced {
    /// The higher one wins.
    pub(super) fn version(&self) -> (i64, &str, i64) {
        (self.fetched_at, &self.snapshot_id, self.published_at)
    }
}

/// A window could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub source: String,
    pub account: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub at: i64,
}

/// A window was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    pub source: String,
    /// None is every account.
    pub account: Option<String>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub at: i64,
}

impl Requested {
    /// The days that must be answered: those that were over; of a reading of the moment, the day that it is for.
    pub(super) fn due_days(&self) -> Vec<NaiveDate> {
        match Report::named(&self.source).map(|report| report.time) {
            Some(Time::Days { .. }) => days(self.from, self.to).filter(|day| midnight_after(*day) <= self.at).collect(),
            _ => vec![self.to],
        }
    }
}
