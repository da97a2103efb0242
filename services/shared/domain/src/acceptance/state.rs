//! What the judgement of the next answer rests on.

use everycent_schemas::events::Reported;
use everycent_schemas::{SnapshotId, Timestamp};
use serde::{Deserialize, Serialize};

use super::figures::{Figures, Stored};
use crate::future::is_future;

/// The place of an answer among those of its bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnswerId {
    pub fetched_at: Timestamp,
    pub snapshot_id: SnapshotId,
}

impl AnswerId {
    /// Its place among the answers of a bucket. One of the future comes before all others, so that none is lost to it.
    pub fn rank(&self, now: Timestamp) -> (bool, &Self) {
        (!is_future(self.fetched_at, now), self)
    }

    /// As the name of its manifest spells it; later answers are greater.
    pub fn version(&self) -> String {
        crate::objects::answer_version(self.fetched_at, &self.snapshot_id)
    }
}

/// The answer whose rows are the bucket's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub id: AnswerId,
    pub figures: Figures,
    /// The highest figures that were accepted since a loss was last believed, and the normalizer that made them. A loss
    /// is measured from there, so that slow erosion adds up. `None` where nothing is known of the figures.
    pub mark: Option<(i64, Reported)>,
}

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// When the first answer was fetched that took away what was known.
    pub since: Timestamp,
    /// How low the answers since then came that need no person, each lower than those before it.
    pub levels: Vec<Level>,
    /// What the last one takes away, and what ends it.
    pub words: String,
}

/// What an answer reported that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// When it was fetched.
    pub at: Timestamp,
    pub normalizer: i64,
    pub reported: Reported,
}

/// The state of the fold over the answers of one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// `None` while there is no answer.
    pub accepted: Option<Accepted>,
    pub held: Option<Held>,
    /// What a person did not believe since an answer was accepted last: one like it is not held again.
    pub disbelieved: Vec<Figures>,
    /// An answer can't be compared with the accepted one until both have figures of one normalizer.
    pub waits: bool,
    /// A decision has named an answer that has not come.
    pub is_awaited: bool,
    /// The newest answer, whatever became of it.
    pub newest: Option<AnswerId>,
    /// The last one that rose more than tenfold over what was known, in words.
    pub rise: Option<(AnswerId, String)>,
    /// The first answer since then that had nothing about the day because the vendor remembers only later ones.
    pub forgotten: Option<AnswerId>,
    /// The newest answer when the lines of the bucket were thinned: what comes before it is judged no more.
    pub sealed: Option<AnswerId>,
}

/// All but what coverage has columns for: the ids, and what is held in words.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct InText {
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<(i64, Stored)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    levels: Vec<(Timestamp, i64, Stored)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disbelieved: Vec<Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_awaited: Option<bool>,
    /// The accepted answer where its rows are not the loaded ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<(Timestamp, SnapshotId)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<(Timestamp, SnapshotId)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rise: Option<(Timestamp, SnapshotId, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forgotten: Option<(Timestamp, SnapshotId)>,
}

impl State {
    /// What is kept beside the columns of coverage. Where the accepted answer is the one that is `loaded`, it is not
    /// named again.
    pub fn to_text(&self, loaded: Option<&AnswerId>) -> String {
        let stored = |(normalizer, reported): &(i64, Reported)| (*normalizer, Stored::of(reported));
        let parts = |id: &AnswerId| (id.fetched_at, id.snapshot_id.clone());
        let level = |level: &Level| (level.at, level.normalizer, Stored::of(&level.reported));
        let accepted = self.accepted.as_ref();
        let text = InText {
            figures: accepted.map(|accepted| accepted.figures.clone()),
            mark: accepted.and_then(|accepted| accepted.mark.as_ref().map(stored)),
            levels: self.held.iter().flat_map(|held| held.levels.iter().map(level)).collect(),
            disbelieved: self.disbelieved.clone(),
            waits: self.waits.then_some(true),
            is_awaited: self.is_awaited.then_some(true),
            accepted: accepted.filter(|accepted| Some(&accepted.id) != loaded).map(|accepted| parts(&accepted.id)),
            rise: self.rise.as_ref().map(|(by, words)| (by.fetched_at, by.snapshot_id.clone(), words.clone())),
            sealed: self.sealed.as_ref().map(parts),
            forgotten: self.forgotten.as_ref().map(parts),
        };
        serde_json::to_string(&text).expect("invariant: a struct of texts and numbers is JSON")
    }

    /// The last answer that rose more than tenfold, by the text alone.
    pub fn rise_in(text: &str) -> Option<(AnswerId, String)> {
        Self::from_text(text, None, None, None).and_then(|state| state.rise)
    }

    /// Whether the vendor has forgotten the day since an answer about it was accepted, by the text alone.
    pub fn is_forgotten_in(text: &str) -> bool {
        Self::from_text(text, None, None, None).is_some_and(|state| state.forgotten.is_some())
    }

    /// The state that coverage tells of: the text, beside its columns. `None` where the text is none of ours.
    pub fn from_text(
        text: &str,
        loaded: Option<AnswerId>,
        newest: Option<AnswerId>,
        held: Option<(Timestamp, String)>,
    ) -> Option<Self> {
        let text: InText = serde_json::from_str(text).ok()?;
        let reported = |(normalizer, stored): (i64, Stored)| (normalizer, stored.reported());
        let id = |(fetched_at, snapshot_id)| AnswerId { fetched_at, snapshot_id };
        let named = text.accepted.map(id);
        let (figures, mark) = (text.figures.unwrap_or_default(), text.mark.map(reported));
        let level = |(at, normalizer, stored): (_, _, Stored)| Level { at, normalizer, reported: stored.reported() };
        let levels = text.levels.into_iter().map(level).collect();
        let held = held.map(|(since, words)| Held { since, levels, words });
        Some(Self {
            accepted: named.or(loaded).map(|id| Accepted { id, figures, mark }),
            held,
            disbelieved: text.disbelieved,
            waits: text.waits.unwrap_or(false),
            is_awaited: text.is_awaited.unwrap_or(false),
            newest,
            sealed: text.sealed.map(id),
            rise: text.rise.map(|(fetched_at, snapshot_id, words)| (id((fetched_at, snapshot_id)), words)),
            forgotten: text.forgotten.map(id),
        })
    }
}
