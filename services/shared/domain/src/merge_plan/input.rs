//! What a merge decides on, and what it has to know before.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::Timestamp;
use everycent_schemas::events::{AnswerDecided, BatchNormalized};
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{Day, SnapshotId};

use super::thinning;
use crate::acceptance::{AnswerId, Figures, Limits, State};
use crate::bucket::BucketId;
use crate::future::is_future;
use crate::report::Kind;
use crate::source::Source;

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

/// Limits of all sources, as they are configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acceptance {
    pub default: Limits,
    pub by_source: BTreeMap<String, Limits>,
}

impl Acceptance {
    /// The limits of a report of days. Of what stands at a moment, and of what a person imports, every answer counts.
    pub fn limits(&self, source: &str) -> Limits {
        match source.parse::<Source>().map(Source::kind) {
            Ok(Kind::PointInTime | Kind::Upload) => Limits::UNLIMITED,
            _ => self.by_source.get(source).copied().unwrap_or(self.default),
        }
    }

    /// When a day was surely reported for the first time.
    pub fn closed_at(source: &str, day: Day) -> Timestamp {
        let lag_days = match source.parse::<Source>().map(Source::kind) {
            Ok(Kind::Days(days)) => days.lag_days,
            _ => 0,
        };
        day.next().plus(lag_days.max(1)).start()
    }
}

/// Batches and decisions that are merged together.
#[derive(Debug, Clone, Copy)]
pub struct MergeInput<'a> {
    pub batches: &'a [BatchNormalized],
    pub decisions: &'a [AnswerDecided],
    pub acceptance: &'a Acceptance,
}

impl<'a> MergeInput<'a> {
    /// Batches alone, within the default limits.
    pub fn of(batches: &'a [BatchNormalized]) -> Self {
        static DEFAULT: Acceptance = Acceptance { default: Limits::DEFAULT, by_source: BTreeMap::new() };
        Self { batches, decisions: &[], acceptance: &DEFAULT }
    }

    /// The buckets of which has to be known what coverage says before a plan is made: those that are spoken of, and those
    /// whose answers may have become due for thinning.
    pub fn buckets_to_look_up(&self, now: Timestamp) -> BTreeSet<BucketId> {
        let mut buckets = self.buckets();
        let sources: BTreeSet<_> =
            buckets.iter().map(|bucket| (bucket.source.clone(), bucket.account_id.clone())).collect();
        buckets.extend(sources.iter().flat_map(|(source, account_id)| thinning::due_lately(source, account_id, now)));
        buckets
    }

    /// The buckets that are spoken of, in order.
    pub fn buckets(&self) -> BTreeSet<BucketId> {
        let of_batches = self
            .batches
            .iter()
            .flat_map(|batch| batch.buckets.iter().map(|bucket| BucketId::of_batch(batch, bucket.activity_date)));
        of_batches.chain(self.decisions.iter().map(BucketId::of_decision)).collect()
    }

    /// The buckets whose earlier answers have to be read. One that only newer answers came for is judged by what coverage
    /// keeps; of one that coverage does not know, a decision may have come before any answer.
    pub fn buckets_to_read(&self, recorded: &Recorded, now: Timestamp) -> BTreeSet<BucketId> {
        let spoken_of = self.buckets();
        let due = recorded.iter().filter(|(bucket, known)| !spoken_of.contains(bucket) && thinning::is_due(known, now));
        let mut to_read: BTreeSet<BucketId> =
            due.take(thinning::MOST_BUCKETS).map(|(bucket, _)| bucket.clone()).collect();
        to_read.extend(self.decisions.iter().map(BucketId::of_decision));
        for batch in self.batches {
            let id = Version::of(batch).answer();
            for bucket in &batch.buckets {
                let bucket = BucketId::of_batch(batch, bucket.activity_date);
                if recorded.get(&bucket).is_none_or(|known| known.needs_answers(&id, batch.normalizer, now)) {
                    to_read.insert(bucket);
                }
            }
        }
        to_read
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
    fn needs_answers(&self, id: &AnswerId, normalizer: Option<i64>, now: Timestamp) -> bool {
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
