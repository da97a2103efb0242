//! The lines of answers about one bucket: what a batch or a decision says of them, and judging them.

use std::collections::BTreeMap;

use everycent_schemas::events::{AnswerDecided, BatchNormalized, Bucket};
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{AnswerVerdict, Decision, Timestamp};

use super::known::{Known, Version};
use super::made::{Made, Rows, made};
use super::thinning;
use crate::acceptance::{Answer, AnswerId, Figures, Judged, Limits, State, Turns, fold, judged, step};
use crate::bucket::BucketId;
use crate::recipe::NORMALIZER_VERSION;

/// The rules by which a bucket is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub now: Timestamp,
    pub limits: Limits,
    pub turns: Turns,
}

pub(super) fn accepted_id(state: &State) -> Option<&AnswerId> {
    state.accepted.as_ref().map(|accepted| &accepted.id)
}

/// The answers of a bucket by their place.
#[derive(Debug, Clone)]
pub(super) struct Lines(pub BTreeMap<AnswerId, AnswerRow>);

impl Lines {
    pub(super) fn read(bucket: &BucketId, known: &Known, rows: &[AnswerRow]) -> Self {
        let mut lines = Self(rows.iter().map(|row| (id(row), row.clone())).collect());
        // What an earlier release loaded is the first answer.
        if let (Some(loaded), None) = (&known.loaded, &known.state) {
            let first = || AnswerRow {
                normalized_at: Some(loaded.normalized_at),
                recipe: known.recipe.clone(),
                ..line(bucket, &loaded.answer())
            };
            lines.0.entry(loaded.answer()).or_insert_with(first);
        }
        lines
    }

    pub(super) fn take(&mut self, bucket: &BucketId, batch: &BatchNormalized, said: &Bucket, now: Timestamp) {
        let id = Version::of(batch).answer();
        let row = self.0.entry(id.clone()).or_insert_with(|| line(bucket, &id));
        let is_later = |earlier| made(earlier, now) >= made(batch.normalized_at, now);
        let stays = row.normalized_at.is_some_and(is_later) && row.rows.is_some();
        let brought = batch.normalizer.zip(said.reported);
        let brought = brought.map(|(normalizer, reported)| Figures::of(normalizer, reported)).unwrap_or_default();
        // Of figures by the same normalizer those that were made later count, whichever come first.
        let (mut first, second) = if stays { (figures(row), brought) } else { (brought, figures(row)) };
        first.add(&second);
        row.sums = (first != Figures::default()).then(|| first.to_text());
        if stays {
            return;
        }
        (row.from_date, row.to_date) = (Some(batch.from_date), Some(batch.to_date));
        (row.normalized_at, row.recipe) = (Some(batch.normalized_at), Some(batch.recipe.clone()));
        (row.settled, row.rows, row.rejects) = (Some(said.settled), Some(said.rows), Some(said.rejects));
        let reported = said.reported.unwrap_or_default();
        row.reported_usd = reported.usd;
        (row.reported_tokens, row.reported_count) = (reported.tokens, reported.count);
        row.content_hash.clone_from(&said.content_hash);
        row.filled = said.filled;
    }

    /// Whether it is an answer that is new, and is judged no more.
    pub(super) fn is_too_late(&self, id: &AnswerId, sealed: Option<&AnswerId>, now: Timestamp) -> bool {
        let is_before = sealed.is_some_and(|sealed| id.rank(now) < sealed.rank(now));
        is_before && self.0.get(id).is_none_or(|row| row.normalized_at.is_none())
    }

    /// Keeps an answer that is judged no more, as one whose rows were never made. One that says what those around it say
    /// would have been taken out with others of their kind.
    pub(super) fn take_late(&mut self, bucket: &BucketId, batch: &BatchNormalized, said: &Bucket, now: Timestamp) {
        let id = Version::of(batch).answer();
        let mut late = Self(BTreeMap::new());
        late.take(bucket, batch, said, now);
        let Some(row) = late.0.remove(&id) else { return };
        let judged = self.in_order(now);
        let next = judged.partition_point(|(of, _)| of.rank(now) < id.rank(now));
        let around = [next.checked_sub(1), Some(next)].map(|place| place.and_then(|place| judged.get(place)));
        let says_the_same = |near: &Option<&(&AnswerId, &AnswerRow)>| {
            near.is_some_and(|(_, near)| thinning::report_the_same(near, &row))
        };
        if around.iter().all(says_the_same) {
            return;
        }
        let reason = Some(thinning::TOO_LATE.to_owned());
        let kept = AnswerRow { normalized_at: None, reason, ..row };
        self.0.entry(id).and_modify(|known| *known = merged(known, &kept)).or_insert(kept);
    }

    pub(super) fn decide(&mut self, bucket: &BucketId, decided: &AnswerDecided) {
        let Ok(decision) = decided.decision.parse::<Decision>() else { return };
        let id = AnswerId { fetched_at: decided.fetched_at, snapshot_id: decided.snapshot_id.clone() };
        let row = self.0.entry(id.clone()).or_insert_with(|| line(bucket, &id));
        let (made, earlier) = ((decided.decided_at, decision), (row.decided_at, row.decision));
        if earlier.0.zip(earlier.1).is_none_or(|earlier| earlier < made) {
            (row.decision, row.decided_at) = (Some(decision), Some(decided.decided_at));
            row.decision_note.clone_from(&decided.note);
        }
    }

    /// Judges answers that are newer than all before them.
    pub(super) fn go_on(&mut self, mut state: State, rules: Rules) -> State {
        let mut opinions = Vec::new();
        for (id, row) in self.in_order(rules.now) {
            let (next, opinion) = step(state, &answer(id, row), &rules.limits, rules.turns);
            state = next;
            opinions.push(opinion);
        }
        self.judged(judged(&opinions), rules.now);
        state
    }

    /// The answers from the first to the last.
    pub(super) fn in_order(&self, now: Timestamp) -> Vec<(&AnswerId, &AnswerRow)> {
        let mut answers: Vec<_> = self.0.iter().filter(|(_, row)| row.normalized_at.is_some()).collect();
        answers.sort_by_key(|(id, _)| id.rank(now));
        answers
    }

    /// Takes what became of the answers, in their order.
    fn judged(&mut self, judged: Vec<Judged>, now: Timestamp) {
        let ids: Vec<AnswerId> = self.in_order(now).into_iter().map(|(id, _)| id.clone()).collect();
        for (id, judged) in ids.iter().zip(judged) {
            if let Some(row) = self.0.get_mut(id) {
                (row.verdict, row.reason) = (judged.verdict, judged.reason);
            }
        }
    }

    /// Judges all answers. One that only a decision has named so far is none.
    pub(super) fn start_again(&mut self, rules: Rules) -> State {
        let answers: Vec<Answer> = self.in_order(rules.now).into_iter().map(|(id, row)| answer(id, row)).collect();
        let (mut state, judged) = fold(&answers, &rules.limits, rules.turns);
        state.is_awaited = self.0.values().any(|row| row.normalized_at.is_none() && row.rows.is_none());
        self.judged(judged, rules.now);
        state
    }

    /// Whether the batch, or rows of the same answer that were made later, came before.
    pub(super) fn have_seen(&self, batch: &BatchNormalized, now: Timestamp) -> bool {
        let row = self.0.get(&Version::of(batch).answer());
        let is_later = |earlier| made(earlier, now) >= made(batch.normalized_at, now);
        row.is_some_and(|row| row.rows.is_some() && row.normalized_at.is_some_and(is_later))
    }

    pub(super) fn is_held(&self, id: &AnswerId) -> bool {
        self.0.get(id).is_some_and(|row| row.verdict == AnswerVerdict::Held)
    }

    /// The accepted answer, if the rows that will be loaded are not its own, or were made before they were made last: then
    /// they came while it was not accepted; or if they are outdated. And while answers wait for a comparison, those that
    /// this normalizer made no figures of.
    pub(super) fn to_replay(
        &self,
        bucket: &BucketId,
        state: &State,
        made: Made<'_>,
        outdated: Option<Timestamp>,
    ) -> Vec<AnswerRow> {
        let accepted = accepted_id(state);
        let is_current = |id: &AnswerId, row: &AnswerRow| {
            let is_last =
                |rows: &Rows<'_>| row.normalized_at.is_none_or(|last| !made.is_later(last, rows.normalized_at));
            outdated.is_none() && made.loaded.is_some_and(|rows| rows.are_of(id) && is_last(&rows))
        };
        let wanted = |(id, row): &(&AnswerId, &AnswerRow)| {
            let waits = state.waits && row.verdict != AnswerVerdict::Superseded;
            (Some(*id) == accepted && !is_current(id, row)) || (waits && !figures(row).has(NORMALIZER_VERSION))
        };
        let mut to_replay: Vec<AnswerRow> = self.0.iter().filter(wanted).map(|(_, row)| row.clone()).collect();
        // Its line was not read.
        let unread = accepted.filter(|id| outdated.is_some() && !self.0.contains_key(id));
        to_replay.extend(unread.map(|id| line(bucket, id)));
        for row in to_replay.iter_mut().filter(|row| Some(&id(row)) == accepted) {
            row.normalized_at = row.normalized_at.max(outdated);
        }
        to_replay
    }
}

/// A late answer, with what a person decided about it before it came.
fn merged(known: &AnswerRow, late: &AnswerRow) -> AnswerRow {
    let (decision, decided_at, decision_note) = (known.decision, known.decided_at, known.decision_note.clone());
    AnswerRow { decision, decided_at, decision_note, ..late.clone() }
}

fn answer(id: &AnswerId, row: &AnswerRow) -> Answer {
    Answer { id: id.clone(), figures: figures(row), decision: row.decision }
}

fn figures(row: &AnswerRow) -> Figures {
    row.sums.as_deref().map(Figures::from_text).unwrap_or_default()
}

fn id(row: &AnswerRow) -> AnswerId {
    AnswerId { fetched_at: row.fetched_at, snapshot_id: row.snapshot_id.clone() }
}

/// A line of which nothing is known yet.
fn line(bucket: &BucketId, id: &AnswerId) -> AnswerRow {
    AnswerRow {
        source: bucket.source.clone(),
        account_id: bucket.account_id.clone(),
        activity_date: bucket.activity_date,
        fetched_at: id.fetched_at,
        snapshot_id: id.snapshot_id.clone(),
        from_date: None,
        to_date: None,
        verdict: AnswerVerdict::Superseded,
        reason: None,
        settled: None,
        normalized_at: None,
        recipe: None,
        rows: None,
        rejects: None,
        reported_usd: None,
        reported_tokens: None,
        reported_count: None,
        content_hash: None,
        filled: None,
        sums: None,
        decision: None,
        decided_at: None,
        decision_note: None,
    }
}
