//! Which answer about a day is believed, worked out from all of them at once.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::weight::{Unit, Weight};

/// What a person said of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    Accept,
    Keep,
}

/// One answer about one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub fetched_at: i64,
    pub weight: Weight,
    pub word: Option<Word>,
    /// It has nothing about the day nor about earlier ones, and something about later ones.
    pub remembers_only_later: bool,
    /// When the first event of the day happened, in microseconds, where it is the first day that the answer has something of.
    pub begins_at: Option<i64>,
    /// The same of any day.
    pub first_at: Option<i64>,
    pub is_late: bool,
}

/// What is thought of an answer when it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thought {
    Believed,
    Held,
    /// A person did not believe it, or one like it.
    Refused,
    /// It is of a time that does not remember the day.
    Forgetful,
    Late,
}

/// What became of all answers about one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Judgement {
    /// The word in `answers` for each answer, in their order, and whether there is a reason.
    pub verdicts: Vec<(&'static str, bool)>,
    /// The place of the answer whose rows count.
    pub accepted: Option<usize>,
    /// The places of those that were not heard.
    pub late: Vec<usize>,
    /// When the first answer was fetched that is held.
    pub held_since: Option<i64>,
}

/// Judges the answers about one day, which are in order. A report that says how things stand is always believed. Before
/// `closed_at` a day may go on, and before `settled_at` a little may be taken back.
///
/// What is late is not heard: it came when the day was judged for good.
pub(super) fn judge(answers: &[Said], is_always_believed: bool, (closed_at, settled_at): (i64, i64)) -> Judgement {
    let mut court = Court { is_always_believed, closed_at, settled_at, ..Court::default() };
    let hear = |answer: &Said| if answer.is_late { (Thought::Late, true) } else { court.hear(*answer) };
    let thoughts: Vec<(Thought, bool)> = answers.iter().map(hear).collect();
    let last = |wanted: Thought| thoughts.iter().rposition(|(thought, _)| *thought == wanted);
    let (accepted, refused) = (last(Thought::Believed), last(Thought::Refused));
    let word = |(place, (thought, is_odd)): (usize, &(Thought, bool))| {
        let word = match (Some(place).cmp(&accepted), thought) {
            (Ordering::Equal, _) => "accepted",
            // What was refused is no longer held, and neither is what came before it.
            (Ordering::Greater, Thought::Held) if Some(place) > refused => "held",
            _ => "superseded",
        };
        (word, *is_odd)
    };
    let verdicts = thoughts.iter().enumerate().map(word).collect();
    let late = (0..answers.len()).filter(|place| answers[*place].is_late).collect();
    Judgement { verdicts, accepted, late, held_since: court.held.first().map(|(first, _)| first.fetched_at) }
}

#[derive(Debug, Default)]
struct Court {
    is_always_believed: bool,
    closed_at: i64,
    settled_at: i64,
    believed: Option<Said>,
    /// The most that was believed since a loss was.
    mark: Weight,
    /// When the first event happened of those days.
    mark_first_at: Option<i64>,
    /// The answers that are held, and whether each of them needs a person.
    held: Vec<(Said, bool)>,
    /// What a person did not believe since something was believed.
    refused: Vec<Weight>,
}

impl Court {
    /// What is thought of it, and whether something is odd about it.
    fn hear(&mut self, answer: Said) -> (Thought, bool) {
        match (answer.word, self.believed) {
            (Some(Word::Accept), _) => {
                self.believe(answer);
                (Thought::Believed, true)
            }
            (Some(Word::Keep), Some(_)) => {
                self.held.clear();
                self.refused.push(answer.weight);
                (Thought::Refused, true)
            }
            (_, Some(before)) if !self.is_always_believed => self.compare(answer, before),
            _ => {
                self.believe(answer);
                (Thought::Believed, false)
            }
        }
    }

    fn believe(&mut self, answer: Said) {
        (self.believed, self.mark, self.mark_first_at) = (Some(answer), answer.weight, answer.first_at);
        self.held.clear();
        self.refused.clear();
    }

    fn compare(&mut self, answer: Said, before: Said) -> (Thought, bool) {
        let unit = self.mark.unit().or(answer.weight.unit());
        let loss = unit.map(|unit| Loss::of(unit, &self.mark, &answer.weight));
        let may_not_be_taken_back =
            answer.fetched_at >= self.settled_at || loss.as_ref().is_some_and(Loss::is_too_much);
        let lost_its_beginning = self.mark_first_at.zip(answer.begins_at).is_some_and(|(before, now)| before < now);
        if lost_its_beginning && answer.weight.is_anywhere_less_than(&self.mark) {
            return (Thought::Forgetful, true);
        }
        if answer.remembers_only_later && may_not_be_taken_back && before.weight.unit().is_some() {
            return (Thought::Forgetful, true);
        }
        match &loss {
            Some(loss) if loss.is_too_much() => self.hold(answer, loss),
            _ => {
                let was_over = before.fetched_at >= self.closed_at;
                let is_odd = was_over && loss.is_some_and(|loss| loss.is_a_tenfold_rise());
                let (mark, first_at) = (self.mark.highest(&answer.weight), self.mark_first_at);
                self.believe(answer);
                (self.mark, self.mark_first_at) = (mark, first_at.into_iter().chain(answer.first_at).min());
                (Thought::Believed, is_odd)
            }
        }
    }

    fn hold(&mut self, answer: Said, loss: &Loss) -> (Thought, bool) {
        if self.refused.iter().any(|refused| are_alike(refused, &answer.weight)) {
            self.held.clear();
            return (Thought::Refused, true);
        }
        let was_as_low_a_day_ago = |(held, needs_a_person): &(Said, bool)| {
            !needs_a_person
                && held.fetched_at + A_DAY <= answer.fetched_at
                && held.weight.amount(loss.unit) <= answer.weight.amount(loss.unit)
        };
        if !loss.needs_a_person() && self.held.iter().any(was_as_low_a_day_ago) {
            self.believe(answer);
            return (Thought::Believed, true);
        }
        self.held.push((answer, loss.needs_a_person()));
        (Thought::Held, true)
    }
}

/// Whether neither of them would be held after the other.
fn are_alike(one: &Weight, other: &Weight) -> bool {
    let is_held =
        |before: &Weight, after: &Weight| before.unit().is_some_and(|unit| Loss::of(unit, before, after).is_too_much());
    !is_held(one, other) && !is_held(other, one)
}

/// In microseconds.
const A_DAY: i64 = 86_400_000_000;

/// What an answer has less than the mark.
#[derive(Debug)]
struct Loss {
    unit: Unit,
    before: Decimal,
    after: Decimal,
}

impl Loss {
    fn of(unit: Unit, mark: &Weight, now: &Weight) -> Self {
        Self { unit, before: mark.amount(unit), after: now.amount(unit) }
    }

    fn lost(&self) -> Decimal {
        self.before - self.after
    }

    fn is_too_much(&self) -> bool {
        self.is_all() || (self.lost() * Decimal::from(4) > self.before.abs() && self.lost() > self.small())
    }

    fn needs_a_person(&self) -> bool {
        self.is_all() || (self.lost() * Decimal::TWO > self.before.abs() && self.lost() > self.large())
    }

    fn is_all(&self) -> bool {
        let little = match self.unit {
            Unit::Dollars => Decimal::new(5, 1),
            Unit::Tokens => Decimal::from(5_000),
            Unit::Pieces => Decimal::from(10),
        };
        let is_nothing_left = self.after.is_zero() || self.before > Decimal::ZERO && self.after < Decimal::ZERO;
        is_nothing_left && self.before.abs() >= little
    }

    fn is_a_tenfold_rise(&self) -> bool {
        let is_more = self.after > self.before * Decimal::TEN && self.after - self.before > self.small();
        self.before >= Decimal::ZERO && is_more
    }

    fn small(&self) -> Decimal {
        match self.unit {
            Unit::Dollars => Decimal::ONE,
            Unit::Tokens => Decimal::from(10_000),
            Unit::Pieces => Decimal::from(20),
        }
    }

    fn large(&self) -> Decimal {
        match self.unit {
            Unit::Dollars => Decimal::from(20),
            Unit::Tokens => Decimal::from(200_000),
            Unit::Pieces => Decimal::from(400),
        }
    }
}
