//! The fold over the answers of a bucket.

use everycent_schemas::events::Reported;
use everycent_schemas::{AnswerVerdict, Decision, Timestamp};

use super::figures::{Figures, Measure, highest, lacks_beginning};
use super::limits::{Change, Limits};
use super::state::{Accepted, AnswerId, Held, Level, State};
use super::verdict::{self, Opinion};

/// One answer about one bucket, and what a person decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub id: AnswerId,
    pub figures: Figures,
    pub decision: Option<Decision>,
}

/// What became of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub verdict: AnswerVerdict,
    pub reason: Option<String>,
}

/// A loss is believed when an answer that was held so much earlier reported no more.
const A_DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Two turns in the life of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// The day was surely reported for the first time: until then a figure that rises is a day that goes on.
    pub closed_at: Timestamp,
    /// The vendor restates it no more: from then on what it no longer reports is forgotten, and not taken back.
    pub settled_at: Timestamp,
}

/// Judges all answers of a bucket, which are in order.
pub fn fold<'a>(answers: impl IntoIterator<Item = &'a Answer>, limits: &Limits, turns: Turns) -> (State, Vec<Judged>) {
    let (mut state, mut opinions) = (State::default(), Vec::new());
    for answer in answers {
        let (next, opinion) = step(state, answer, limits, turns);
        state = next;
        opinions.push(opinion);
    }
    (state, judged(&opinions))
}

/// What became of answers that were judged one after another. None before one that a person did not believe is still held:
/// what was decided about it was decided about them.
pub fn judged(opinions: &[Opinion]) -> Vec<Judged> {
    let accepted = opinions.iter().rposition(|opinion| matches!(opinion, Opinion::Accepted { .. }));
    let disbelieved = opinions.iter().rposition(|opinion| matches!(opinion, Opinion::Disbelieved { .. }));
    let is_before = |place: usize, last: Option<usize>| last.is_some_and(|last| place < last);
    let judged = |(place, opinion): (usize, &Opinion)| Judged {
        verdict: opinion.verdict(is_before(place, accepted), is_before(place, disbelieved)),
        reason: opinion.reason().map(ToOwned::to_owned),
    };
    opinions.iter().enumerate().map(judged).collect()
}

/// Judges the next answer, which is newer than all before it.
pub fn step(mut state: State, next: &Answer, limits: &Limits, turns: Turns) -> (State, Opinion) {
    state.newest = Some(next.id.clone());
    let opinion = opinion(&mut state, next, limits, turns);
    (state, opinion)
}

fn opinion(state: &mut State, next: &Answer, limits: &Limits, turns: Turns) -> Opinion {
    match next.decision {
        Some(Decision::Accept) => {
            return believe(state, next, next.figures.latest(), Some("a person accepted it".to_owned()));
        }
        Some(Decision::Keep) if state.accepted.is_some() => {
            state.held = None;
            state.disbelieved.push(next.figures.clone());
            return Opinion::Disbelieved { reason: "a person kept the earlier answer".to_owned() };
        }
        _ => {}
    }
    let Some(accepted) = &state.accepted else { return believe(state, next, next.figures.latest(), None) };
    if limits.unlimited {
        return believe(state, next, next.figures.latest(), None);
    }
    let Some(normalizer) = accepted.figures.common(&next.figures).filter(|_| !state.waits) else {
        state.waits = true;
        return Opinion::Waits;
    };
    let now = next.figures.by(normalizer).unwrap_or_default();
    let mark = accepted.mark_by(normalizer);
    // A feed of events forgets by the minute: the memory ends within the first day that it tells of.
    if now.before_first && lacks_beginning(&mark, &now) {
        state.forgotten.get_or_insert_with(|| next.id.clone());
        return Opinion::Forgotten { reason: verdict::begins_later(mark.first_at, now.first_at) };
    }
    // Where the vendor's memory ends nothing is taken back, and nobody has to decide: the day stays as it was. Of a day that
    // may still be restated a little may be taken back.
    let change = limits.change(&mark, &now);
    let is_much = matches!(change, Change::Fell { .. });
    if now.before_first
        && now.first_at.is_none()
        && (is_much || next.id.fetched_at >= turns.settled_at)
        && let Some(before) = lost(&mark, accepted.figures.by(normalizer))
    {
        state.forgotten.get_or_insert_with(|| next.id.clone());
        return Opinion::Forgotten { reason: verdict::forgotten(before.0, before.1) };
    }
    match change {
        Change::Fine => believe(state, next, Some((normalizer, highest(&mark, &now))), None),
        Change::Rose(measure) => {
            // A day that was not over, or that the vendor still filled, grows by any factor.
            let was_whole = accepted.id.fetched_at >= turns.closed_at;
            let words = was_whole.then(|| verdict::rose(measure, measure.amount(&mark), measure.amount(&now)));
            state.rise = words.clone().map(|words| (next.id.clone(), words)).or(state.rise.take());
            believe(state, next, Some((normalizer, highest(&mark, &now))), words)
        }
        Change::Fell { measure, needs_a_person } => {
            let loss = Loss { measure, normalizer, mark, now, needs_a_person };
            fell(state, next, &loss, limits)
        }
    }
}

/// What is lost where nothing is reported any more; `None` where nothing was known.
fn lost(mark: &Reported, accepted: Option<Reported>) -> Option<(Measure, i128)> {
    let known = accepted.filter(|accepted| Measure::of(accepted).is_some())?;
    let most = highest(mark, &known);
    Measure::of(&most).map(|measure| (measure, measure.amount(&most)))
}

/// An answer that takes away too much.
struct Loss {
    measure: Measure,
    normalizer: i64,
    mark: Reported,
    now: Reported,
    needs_a_person: bool,
}

impl Loss {
    /// Whether the answer reports no less than it did at this level, as far as they can be compared.
    fn is_no_less_than(&self, next: &Answer, level: &Level) -> bool {
        let now = next.figures.by(level.normalizer);
        now.is_some_and(|now| self.measure.amount(&now) >= self.measure.amount(&level.reported))
    }

    fn before(&self) -> i128 {
        self.measure.amount(&self.mark)
    }

    fn after(&self) -> i128 {
        self.measure.amount(&self.now)
    }
}

fn fell(state: &mut State, next: &Answer, loss: &Loss, limits: &Limits) -> Opinion {
    if state.disbelieved.iter().any(|disbelieved| are_alike(disbelieved, &next.figures, limits)) {
        state.held = None;
        return Opinion::Disbelieved { reason: "a person kept the earlier answer when one like it came".to_owned() };
    }
    let held = state.held.get_or_insert_with(|| Held::since(next.id.fetched_at));
    if !loss.needs_a_person {
        let earlier = held.levels.iter().find(|level| level.is_a_day_before(next) && loss.is_no_less_than(next, level));
        if let Some(level) = earlier {
            let words = verdict::stayed_low(loss.measure, loss.before(), loss.after(), level.at);
            return believe(state, next, Some((loss.normalizer, loss.now)), Some(words));
        }
        held.note(next, loss);
    }
    held.words = verdict::fell(loss.measure, loss.before(), loss.after(), loss.needs_a_person);
    Opinion::Held { reason: held.words.clone() }
}

/// Whether a person who looked at one of them has seen the other.
fn are_alike(one: &Figures, other: &Figures, limits: &Limits) -> bool {
    let by = |normalizer: i64| one.by(normalizer).zip(other.by(normalizer));
    one.common(other).and_then(by).is_some_and(|(one, other)| limits.are_alike(&one, &other))
}

impl Held {
    fn since(at: Timestamp) -> Self {
        Self { since: at, levels: Vec::new(), words: String::new() }
    }

    /// Takes the answer's level if none was as low. What can't be compared with it no longer counts, and of those of more
    /// than a day ago the lowest is enough.
    fn note(&mut self, next: &Answer, loss: &Loss) {
        self.levels.retain(|level| next.figures.has(level.normalizer));
        while self.levels.get(1).is_some_and(|level| level.is_a_day_before(next)) {
            self.levels.remove(0);
        }
        if !self.levels.iter().any(|level| loss.is_no_less_than(next, level)) {
            let (normalizer, reported) = (loss.normalizer, loss.now);
            self.levels.push(Level { at: next.id.fetched_at, normalizer, reported });
        }
    }
}

impl Level {
    fn is_a_day_before(&self, next: &Answer) -> bool {
        next.id.fetched_at.micros() - self.at.micros() >= A_DAY_MICROS
    }
}

fn believe(state: &mut State, next: &Answer, mark: Option<(i64, Reported)>, reason: Option<String>) -> Opinion {
    state.accepted = Some(Accepted { id: next.id.clone(), figures: next.figures.clone(), mark });
    (state.held, state.waits, state.forgotten) = (None, false, None);
    state.disbelieved.clear();
    Opinion::Accepted { reason }
}

impl Accepted {
    /// The mark in figures of this normalizer. Where it has none, it starts again from the accepted answer.
    fn mark_by(&self, normalizer: i64) -> Reported {
        match self.mark {
            Some((by, mark)) if by == normalizer => mark,
            _ => self.figures.by(normalizer).unwrap_or_default(),
        }
    }
}
