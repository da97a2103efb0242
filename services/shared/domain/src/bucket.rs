//! The unit of truth: what coverage tells of, and what a merge replaces.

use everycent_schemas::events::{AnswerDecided, BatchNormalized};
use everycent_schemas::stored::{AnswerRow, CoverageRow};
use everycent_schemas::{AccountId, Day};

/// One source, one account, one UTC day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BucketId {
    /// A text and no `Source`: coverage of a later version names sources that this one does
    /// not know, and their buckets are merged, compared and shown like all others.
    pub source: String,
    pub account_id: AccountId,
    pub activity_date: Day,
}

impl BucketId {
    pub fn of_batch(batch: &BatchNormalized, activity_date: Day) -> Self {
        Self { source: batch.source.clone(), account_id: batch.account_id.clone(), activity_date }
    }

    pub fn of_decision(decided: &AnswerDecided) -> Self {
        let AnswerDecided { source, account_id, activity_date, .. } = decided;
        Self { source: source.clone(), account_id: account_id.clone(), activity_date: *activity_date }
    }

    /// The bucket that an answer is about.
    pub fn of_answer(row: &AnswerRow) -> Self {
        Self { source: row.source.clone(), account_id: row.account_id.clone(), activity_date: row.activity_date }
    }

    /// The bucket that a row of coverage tells of.
    pub fn of(row: &CoverageRow) -> Self {
        Self { source: row.source.clone(), account_id: row.account_id.clone(), activity_date: row.activity_date }
    }
}
