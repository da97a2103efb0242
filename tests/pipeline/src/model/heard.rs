//! What the model hears of the pipeline's doings.

use chrono::NaiveDate;

use super::calendar::{days, midnight_after};
use super::judge::Word;
use super::report::{Report, Time};
use crate::tables::Bucket;

/// A snapshot was announced, now or again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Where its manifest lies.
    pub object: String,
    pub fetched_at: i64,
    pub snapshot_id: String,
    pub published_at: i64,
    /// Only these days of it.
    pub only: Option<(NaiveDate, NaiveDate)>,
}

impl Announced {
    /// The higher one wins.
    pub(super) fn version(&self) -> (i64, &str, i64) {
        (self.fetched_at, &self.snapshot_id, self.published_at)
    }

    pub(super) fn is_about(&self, day: NaiveDate) -> bool {
        self.only.is_none_or(|(from, to)| (from..=to).contains(&day))
    }
}

/// A person decided about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub bucket: Bucket,
    pub snapshot_id: String,
    pub word: Word,
    pub at: i64,
}

impl Decided {
    pub(super) fn is_about(&self, bucket: &Bucket, snapshot_id: &str) -> bool {
        self.bucket == *bucket && self.snapshot_id == snapshot_id
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
