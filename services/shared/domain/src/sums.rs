//! The sums of a snapshot, beside its manifest: how much the vendor reported of each of its days.
//!
//! By them the answers of a day can be judged again without reading a page. They are small, and stay when pages go.

use everycent_schemas::events::{BatchNormalized, Bucket};
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acceptance::Figures;
use crate::format::{self, Unread};
use crate::window::Window;

/// The sums of one snapshot, as one normalizer made them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Version of this format.
    format: u32,
    pub snapshot_id: SnapshotId,
    pub source: String,
    pub account_id: AccountId,
    pub window: Window,
    pub fetched_at: Timestamp,
    pub normalized_at: Timestamp,
    pub normalizer: i64,
    recipe: String,
    days: Vec<DaySums>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DaySums {
    day: Day,
    settled: bool,
    rows: i64,
    rejects: i64,
    reported: Figures,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filled: Option<i64>,
}

/// What one answer knows of a day of what is not unlearned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub day: Day,
    pub rows: i64,
    /// `None` where an earlier release counted.
    pub filled: Option<i64>,
    pub content_hash: Option<String>,
}

/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// The object is not what a normalizer writes.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSums {
    #[error("they are no sums: {0}")]
    Unreadable(String),
    #[error("they have format {0}, and this program reads up to {FORMAT}; upgrade it")]
    TooNew(u32),
}

impl Sums {
    /// Those of a batch; none, where it does not say by which normalizer.
    pub fn of(batch: &BatchNormalized) -> Option<Self> {
        let normalizer = batch.normalizer?;
        let day = |bucket: &Bucket| DaySums {
            day: bucket.activity_date,
            settled: bucket.settled,
            rows: bucket.rows,
            rejects: bucket.rejects,
            reported: bucket.reported.map(|reported| Figures::of(normalizer, reported)).unwrap_or_default(),
            content_hash: bucket.content_hash.clone(),
            filled: bucket.filled,
        };
        Some(Self {
            format: FORMAT,
            snapshot_id: batch.snapshot_id.clone(),
            source: batch.source.clone(),
            account_id: batch.account_id.clone(),
            window: Window::new(batch.from_date, batch.to_date).ok()?,
            fetched_at: batch.fetched_at,
            normalized_at: batch.normalized_at,
            normalizer,
            recipe: batch.recipe.clone(),
            days: batch.buckets.iter().map(day).collect(),
        })
    }

    /// The answer without its rows, of the days that are wanted. `None` if it says nothing of them.
    pub fn announced(&self, is_wanted: impl Fn(Day) -> bool) -> Option<BatchNormalized> {
        let bucket = |sums: &DaySums| Bucket {
            activity_date: sums.day,
            settled: sums.settled,
            rows: sums.rows,
            rejects: sums.rejects,
            amount_usd: None,
            quantity: 0,
            reported: sums.reported.by(self.normalizer),
            content_hash: sums.content_hash.clone(),
            // They go with rows.
            remarks: 0,
            filled: sums.filled,
        };
        let buckets: Vec<Bucket> = self.days.iter().filter(|sums| is_wanted(sums.day)).map(bucket).collect();
        (!buckets.is_empty()).then(|| BatchNormalized {
            snapshot_id: self.snapshot_id.clone(),
            source: self.source.clone(),
            account_id: self.account_id.clone(),
            from_date: self.window.from(),
            to_date: self.window.to(),
            fetched_at: self.fetched_at,
            normalized_at: self.normalized_at,
            recipe: self.recipe.clone(),
            normalizer: Some(self.normalizer),
            rows_omitted: true,
            buckets,
            files: vec![],
        })
    }

    /// What the answer knows of each of its days of what is not unlearned.
    pub fn filled(&self) -> impl Iterator<Item = Filled> {
        self.days.iter().map(|sums| Filled {
            day: sums.day,
            rows: sums.rows,
            filled: sums.filled,
            content_hash: sums.content_hash.clone(),
        })
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("invariant: sums have only texts as keys")
    }

    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidSums> {
        format::read(bytes, FORMAT).map_err(|unread| match unread {
            Unread::NotOne(error) => InvalidSums::Unreadable(error.to_string()),
            Unread::TooNew(format) => InvalidSums::TooNew(format),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_schemas::Usd;
    use everycent_schemas::events::Reported;

    use super::*;

    fn batch() -> BatchNormalized {
        let day = |number| Day::new(2025, 10, number).unwrap();
        let bucket = |number, nanos| Bucket {
            activity_date: day(number),
            settled: true,
            rows: 3,
            rejects: 1,
            amount_usd: None,
            quantity: 0,
            reported: Some(Reported {
                usd: Some(Usd::from_nanos(nanos)),
                tokens: None,
                count: Some(7),
                before_first: false,
                first_at: None,
            }),
            content_hash: Some("ab12".into()),
            remarks: 0,
            filled: Some(2),
        };
        BatchNormalized {
            snapshot_id: "s1".into(),
            source: "anthropic/claude_code".into(),
            account_id: "acme".into(),
            from_date: day(1),
            to_date: day(2),
            fetched_at: Timestamp::from_micros(5),
            normalized_at: Timestamp::from_micros(6),
            recipe: "r".into(),
            normalizer: Some(2),
            rows_omitted: true,
            buckets: vec![bucket(1, -37_300_001), bucket(2, 999_999_999_123_456_789)],
            files: vec![],
        }
    }

    #[test]
    fn sums_come_back_as_they_went_to_the_nano_dollar() {
        let sums = Sums::from_json(&Sums::of(&batch()).unwrap().to_json()).unwrap();
        assert_eq!(sums.announced(|_| true), Some(batch()));
        let second = sums.announced(|day| day > batch().from_date).unwrap();
        assert_eq!(second.buckets, batch().buckets[1..]);
        assert_eq!(sums.announced(|_| false), None);
    }

    #[test]
    fn sums_of_a_later_format_ask_for_an_upgrade() {
        let later = br#"{"format": 2}"#;
        assert!(Sums::from_json(later).unwrap_err().to_string().contains("upgrade"));
        assert!(Sums::from_json(b"{").is_err());
    }
}
