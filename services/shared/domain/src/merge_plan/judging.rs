//! Judging the answers of one bucket that a merge brings.

use std::cmp::Reverse;

use everycent_schemas::events::{AnswerDecided, BatchNormalized};
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::{SnapshotId, Timestamp};

use super::known::{Known, Version};
use super::lines::{Lines, Rules, accepted_id};
use super::made::{Made, Rows, made};
use super::thinning;
use crate::acceptance::State;
use crate::bucket::BucketId;

/// Where the word of a batch on a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub batch: usize,
    pub bucket: usize,
}

/// What a merge brings of one bucket.
#[derive(Debug, Default)]
pub(super) struct News<'a> {
    pub batches: Vec<(Place, &'a BatchNormalized)>,
    pub decisions: Vec<&'a AnswerDecided>,
}

/// What becomes of one bucket.
#[derive(Debug)]
pub(super) struct BucketJudgement {
    pub state: State,
    /// Answers that are new, or of which something else is said now.
    pub answers: Vec<AnswerRow>,
    /// Earlier answers, none of which were read, are superseded by the accepted one.
    pub supersedes: bool,
    /// The batch whose rows become the bucket's rows.
    pub winner: Option<Place>,
    /// Answers whose rows, or figures, have to be made again.
    pub to_replay: Vec<AnswerRow>,
    /// The rows of the accepted answer were made by other rules than those that were at work last.
    pub is_outdated: bool,
    /// The batches whose answer is held.
    pub held: Vec<Place>,
    /// Answers whose lines are taken out.
    pub thinned: Vec<SnapshotId>,
}

/// Judges a bucket: by what coverage keeps of it, or, where its earlier answers were read, by all of them.
pub(super) fn judge(
    bucket: &BucketId,
    news: &News<'_>,
    known: &Known,
    read: Option<&[AnswerRow]>,
    rules: Rules,
) -> BucketJudgement {
    let before = Lines::read(bucket, known, read.unwrap_or_default());
    let mut lines = before.clone();
    let sealed = known.state.as_ref().and_then(|state| state.sealed.clone());
    for (place, batch) in &news.batches {
        let said = &batch.buckets[place.bucket];
        match before.is_too_late(&Version::of(batch).answer(), sealed.as_ref(), rules.now) {
            true => lines.take_late(bucket, batch, said, rules.now),
            false => lines.take(bucket, batch, said, rules.now),
        }
    }
    news.decisions.iter().for_each(|decided| lines.decide(bucket, decided));
    let state = match (read, &known.state) {
        (None, Some(state)) => lines.go_on(state.clone(), rules),
        _ => State { sealed, ..lines.start_again(rules) },
    };
    let supersedes = read.is_none() && accepted_id(&state) != known.state.as_ref().and_then(accepted_id);
    let winner = winner(&state, news, known, &before, rules.now);
    let won = winner.and_then(|winner| news.batches.iter().find(|(place, _)| *place == winner));
    let made =
        Made { loaded: won.map(|(_, batch)| Rows::of_batch(batch)).or_else(|| Rows::known(known)), now: rules.now };
    let outdated = made.outdated_by(lines.0.values(), known);
    let to_replay = lines.to_replay(bucket, &state, made, outdated);
    let held = news.batches.iter().filter(|(_, batch)| lines.is_held(&Version::of(batch).answer()));
    BucketJudgement {
        held: held.map(|(place, _)| *place).collect(),
        answers: lines.0.into_iter().filter(|(id, row)| before.0.get(id) != Some(row)).map(|(_, row)| row).collect(),
        is_outdated: outdated.is_some(),
        supersedes,
        winner,
        to_replay,
        state,
        thinned: vec![],
    }
}

/// Takes out the lines of a bucket that say nothing new, of which nothing has come. `None` if there is a reason to wait.
pub(super) fn thin(bucket: &BucketId, known: &Known, read: &[AnswerRow], now: Timestamp) -> Option<BucketJudgement> {
    let lines = Lines::read(bucket, known, read);
    let state = known.state.clone()?;
    let is_loaded = known.loaded.as_ref().map(Version::answer).as_ref() == accepted_id(&state);
    let is_quiet = lines.0.values().filter_map(|row| row.normalized_at).all(|at| thinning::is_past(at, now));
    if state.waits || !is_loaded || !is_quiet {
        return None;
    }
    let judged: Vec<&AnswerRow> = lines.in_order(now).into_iter().map(|(_, row)| row).collect();
    Some(BucketJudgement {
        thinned: thinning::between_equals(&judged),
        state: State { sealed: state.newest.clone(), ..state },
        answers: vec![],
        supersedes: false,
        winner: None,
        to_replay: vec![],
        is_outdated: false,
        held: vec![],
    })
}

/// The batch that has the rows of the accepted answer, as they were made last; none, where these are loaded. One that was
/// merged before, and not loaded then, has no rows any more: its files were forgotten.
fn winner(state: &State, news: &News<'_>, known: &Known, before: &Lines, now: Timestamp) -> Option<Place> {
    let accepted = accepted_id(state)?;
    let with_rows = news.batches.iter().filter(|(_, batch)| !batch.rows_omitted && !before.have_seen(batch, now));
    let of_accepted = with_rows.filter(|(_, batch)| Version::of(batch).answer() == *accepted);
    let (place, batch) = of_accepted.max_by_key(|(place, batch)| (made(batch.normalized_at, now), Reverse(*place)))?;
    let is_newer = match &known.loaded {
        Some(loaded) if loaded.answer() == *accepted => {
            made(loaded.normalized_at, now) < made(batch.normalized_at, now)
        }
        _ => true,
    };
    is_newer.then_some(*place)
}
