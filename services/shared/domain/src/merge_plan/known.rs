//! What is known of buckets before a merge: whose rows they hold, and how their answers were judged.

use std::collections::BTreeMap;

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{SnapshotId, Timestamp};

use crate::acceptance::{AnswerId, Figures, State};
use crate::bucket::BucketId;
use crate::future::is_future;

/// Which rows a bucket holds: those of a snapshot, as they were made at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub fetched_at: Timestamp,
    pub snapshot_id: SnapshotId,
    pub normalized_at: Timestamp,
}

impl Version {
    pub fn of(batch: &BatchNormalized) -> Self {
        Self {
            fetched_at: batch.fetched_at,
            snapshot_id: batch.snapshot_id.clone(),
            normalized_at: batch.normalized_at,
        }
    }

    /// The answer that the rows are of.
    pub fn answer(&self) -> AnswerId {
        AnswerId { fetched_at: self.fetched_at, snapshot_id: self.snapshot_id.clone() }
    }
}

/// What coverage says of one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Whose rows are loaded.
    pub loaded: Option<Version>,
    /// By which rules, prices and normalizer they were made.
    pub recipe: Option<String>,
    /// Whether the vendor no longer restates the day, by what is loaded.
    pub settled: bool,
    /// `None` where an earlier release wrote the row.
    pub state: Option<State>,
}

impl Known {
    /// Whether a new answer can't be judged by what coverage keeps: it is older than another one, or its figures are of a
    /// normalizer that made none of the accepted answer, or what is held may turn out to be what a person did not believe.
    pub(super) fn needs_answers(&self, id: &AnswerId, normalizer: Option<i64>, now: Timestamp) -> bool {
        let Some(state) = &self.state else { return true };
        let is_comparable = |figures: &Figures| normalizer.is_some_and(|normalizer| figures.has(normalizer));
        state.waits
            || state.is_awaited
            || (state.held.is_some() && !state.disbelieved.is_empty())
            || state
                .newest
                .as_ref()
                .is_some_and(|newest| is_future(newest.fetched_at, now) || id.rank(now) <= newest.rank(now))
            || state.accepted.as_ref().is_some_and(|accepted| !is_comparable(&accepted.figures))
    }
}

/// What coverage says of the buckets that matter here.
pub type Recorded = BTreeMap<BucketId, Known>;

/// The answers that were read, of each bucket that had to be.
pub type Answers = BTreeMap<BucketId, Vec<AnswerRow>>;
