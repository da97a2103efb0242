//! What a merge decides on, and what it has to know before.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::Day;
use everycent_schemas::Timestamp;
use everycent_schemas::events::{AnswerDecided, BatchNormalized};

use super::known::{Recorded, Version};
use super::thinning;
use crate::acceptance::{Limits, Turns};
use crate::bucket::BucketId;
use crate::report::Kind;
use crate::source::Source;

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

    /// When a day was surely reported for the first time, and when it settles.
    pub fn turns(source: &str, day: Day) -> Turns {
        let kind = source.parse::<Source>().map(Source::kind);
        let (lag_days, settling_days) = match kind {
            Ok(Kind::Days(days)) => (days.lag_days, days.settling_days),
            _ => (0, 0),
        };
        let over = day.next();
        Turns { closed_at: over.plus(lag_days.max(1)).start(), settled_at: over.plus(settling_days).start() }
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
