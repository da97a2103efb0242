//! When rows were made, by which recipe, and which of them count.

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{SnapshotId, Timestamp};

use super::known::Known;
use crate::acceptance::AnswerId;
use crate::future::is_future;

/// The rows that a bucket will hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made<'a> {
    pub loaded: Option<Rows<'a>>,
    pub now: Timestamp,
}

/// Of which answer rows are, when they were made, and by which recipe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    answer: (Timestamp, &'a SnapshotId),
    pub normalized_at: Timestamp,
    recipe: Option<&'a str>,
}

impl<'a> Rows<'a> {
    pub(super) fn of_batch(batch: &'a BatchNormalized) -> Self {
        let answer = (batch.fetched_at, &batch.snapshot_id);
        Self { answer, normalized_at: batch.normalized_at, recipe: Some(&batch.recipe) }
    }

    pub(super) fn known(known: &'a Known) -> Option<Self> {
        let loaded = known.loaded.as_ref()?;
        let answer = (loaded.fetched_at, &loaded.snapshot_id);
        Some(Self { answer, normalized_at: loaded.normalized_at, recipe: known.recipe.as_deref() })
    }

    pub(super) fn are_of(&self, id: &AnswerId) -> bool {
        self.answer == (id.fetched_at, &id.snapshot_id)
    }
}

impl Made<'_> {
    pub(super) fn is_later(&self, at: Timestamp, than: Timestamp) -> bool {
        made(at, self.now) > made(than, self.now)
    }

    /// When rows about the bucket were made last, if that was after those that it will hold, and by another recipe: the
    /// rules have changed since, and other days of the same time are shown by the new ones.
    pub(super) fn outdated_by<'r>(
        &self,
        lines: impl Iterator<Item = &'r AnswerRow>,
        known: &'r Known,
    ) -> Option<Timestamp> {
        let loaded = self.loaded?;
        let of_lines = lines.filter_map(|row| Some((row.normalized_at?, row.recipe.as_deref()?)));
        let of_known = Rows::known(known).and_then(|rows| Some((rows.normalized_at, rows.recipe?)));
        let (last, recipe) = of_lines.chain(of_known).max_by_key(|(at, _)| made(*at, self.now))?;
        let is_other = loaded.recipe.is_some_and(|loaded| loaded != recipe);
        (is_other && self.is_later(last, loaded.normalized_at)).then_some(last)
    }
}

/// The order of rows of one answer: those that were made later count, and those of the future least.
pub(super) fn made(at: Timestamp, now: Timestamp) -> (bool, Timestamp) {
    (!is_future(at, now), at)
}
