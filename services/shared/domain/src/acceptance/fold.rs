//! The fold over the answers of a bucket.

use everycent_schemas::events::Reported;
use everycent_schemas::{AnswerVerdict, Decision, Timestamp};

use super::figures::{Figures, Measure, highest};
use super::limits::{Change, Limits};
use super::state::{Accepted, AnswerId, Held, State};
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

/// A held loss is believed when an answer of so much later reports no less.
const A_DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Judges all answers of a bucket, which are in order. `closed_at` is when the day was surely reported for the first
/// time: until then a figure that rises is a day that goes on.
pub fn fold<'a>(
    answers: impl IntoIterator<Item = &'a Answer>,
    limits: &Limits,
    closed_at: Timestamp,
) -> (State, Vec<Judged>) {
    let (mut state, mut opinions) = (State::default(), Vec::new());
    for answer in answers {
        let (next, opinion) = step(state, answer, limits, closed_at);
        state = next;
        opinions.push(opinion);
    }
    (state, judged(&opinions))
}

/// What became of answers that were judged one after another.
pub fn judged(opinions: &[Opinion]) -> Vec<Judged> {
    let last = opinions.iter().rposition(|opinion| matches!(opinion, Opinion::Accepted { .. }));
    let judged = |(place, opinion): (usize, &Opinion)| Judged {
        verdict: opinion.verdict(last.is_some_and(|last| place < last)),
        reason: opinion.reason().map(ToOwned::to_owned),
    };
    opinions.iter().enumerate().map(judged).collect()
}

/// Judges the next answer, which is newer than all before it.
pub fn step(mut state: State, next: &Answer, limits: &Limits, closed_at: Timestamp) -> (State, Opinion) {
    state.newest = Some(next.id.clone());
    let opinion = opinion(&mut state, next, limits, closed_at);
    (state, opinion)
}

fn opinion(state: &mut State, next: &Answer, limits: &Limits, closed_at: Timestamp) -> Opinion {
    match next.decision {
        Some(Decision::Accept) => {
            state.disbelieved = None;
            return believe(state, next, next.figures.latest(), Some("a person accepted it".to_owned()));
        }
        Some(Decision::Keep) if state.accepted.is_some() => {
            (state.held, state.disbelieved) = (None, next.figures.latest());
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
    match limits.change(&mark, &now) {
        Change::Fine => believe(state, next, Some((normalizer, highest(&mark, &now))), None),
        Change::Rose(measure) => {
            // The figure of a day that was not over may have been low.
            let was_whole = accepted.id.fetched_at >= closed_at;
            let words = was_whole.then(|| verdict::rose(measure, measure.amount(&mark), measure.amount(&now)));
            believe(state, next, Some((normalizer, highest(&mark, &now))), words)
        }
        Change::Fell { measure, needs_a_person } => {
            let loss = Loss { measure, normalizer, mark, now, needs_a_person };
            fell(state, next, &loss)
        }
    }
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
    /// Whether the answer reports no less than these figures, as far as they can be compared.
    fn is_no_less_than(&self, next: &Answer, (normalizer, figures): &(i64, Reported)) -> bool {
        let now = next.figures.by(*normalizer);
        now.is_some_and(|now| self.measure.amount(&now) >= self.measure.amount(figures))
    }

    fn before(&self) -> i128 {
        self.measure.amount(&self.mark)
    }

    fn after(&self) -> i128 {
        self.measure.amount(&self.now)
    }
}

fn fell(state: &mut State, next: &Answer, loss: &Loss) -> Opinion {
    if state.disbelieved.as_ref().is_some_and(|disbelieved| loss.is_no_less_than(next, disbelieved)) {
        state.held = None;
        return Opinion::Disbelieved { reason: "a person kept the earlier answer when one like it came".to_owned() };
    }
    let held = state.held.as_ref().filter(|held| loss.is_no_less_than(next, &held.least));
    if let Some(held) = held {
        let is_a_day_later = next.id.fetched_at.micros() - held.since.micros() >= A_DAY_MICROS;
        if is_a_day_later && !loss.needs_a_person {
            let words = verdict::stayed_low(loss.measure, loss.before(), loss.after(), held.since);
            return believe(state, next, Some((loss.normalizer, loss.now)), Some(words));
        }
    }
    let words = verdict::fell(loss.measure, loss.before(), loss.after(), loss.needs_a_person);
    let (since, least) =
        held.map_or((next.id.fetched_at, (loss.normalizer, loss.now)), |held| (held.since, held.least));
    state.held = Some(Held { since, least, words: words.clone() });
    Opinion::Held { reason: words }
}

fn believe(state: &mut State, next: &Answer, mark: Option<(i64, Reported)>, reason: Option<String>) -> Opinion {
    state.accepted = Some(Accepted { id: next.id.clone(), figures: next.figures.clone(), mark });
    (state.held, state.waits) = (None, false);
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
