//! How much a day may lose without anybody looking.

use everycent_schemas::events::Reported;

use super::figures::Measure;

/// In nano-dollars, tokens or pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// A loss of no more than this is accepted, and a rise of no more than this is not worth a word.
    pub small: i128,
    /// A loss of more than this, and of more than half, waits for a person.
    pub large: i128,
    /// Where this or more lay, nothing at all waits for a person.
    pub all: i128,
}

/// How much a report may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A loss of no more than this part is accepted.
    pub percent: u32,
    pub usd: Thresholds,
    pub tokens: Thresholds,
    pub count: Thresholds,
    /// Every answer is accepted: what is reported is how things stand, or a person's word.
    pub unlimited: bool,
}

const NANOS: i128 = 1_000_000_000;

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A part of which the loss is more than a person would want to wait for.
const HALF_PERCENT: i128 = 50;
/// A figure that rises above so many times the earlier one is worth a word.
const TIMES: i128 = 10;

/// Fewer than that may leave a list, whatever part of it they are.
const FEW: i64 = 5;

/// What an answer does to what was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It takes away little or nothing.
    Fine,
    /// It rises so far that it is worth a word.
    Rose(Measure),
    /// It takes away too much.
    Fell { measure: Measure, needs_a_person: bool },
}

impl Limits {
    pub const DEFAULT: Self = Self {
        percent: 25,
        usd: Thresholds { small: NANOS, large: 20 * NANOS, all: NANOS / 2 },
        // In the same proportions.
        tokens: Thresholds { small: 10_000, large: 200_000, all: 5_000 },
        count: Thresholds { small: 20, large: 400, all: 10 },
        unlimited: false,
    };
    pub const UNLIMITED: Self = Self { unlimited: true, ..Self::DEFAULT };

    pub(super) fn thresholds(&self, measure: Measure) -> Thresholds {
        match measure {
            Measure::Usd => self.usd,
            Measure::Tokens => self.tokens,
            Measure::Count => self.count,
        }
    }

    /// Whether neither of two answers would be held after the other.
    pub(super) fn are_alike(&self, one: &Reported, other: &Reported) -> bool {
        let takes_too_much = |before, now| matches!(self.change(before, now), Change::Fell { .. });
        !takes_too_much(one, other) && !takes_too_much(other, one)
    }

    /// Whether a list of so many came back so much shorter that it is worth a word.
    pub fn is_much_shorter(&self, before: i64, now: i64) -> bool {
        let lost = before - now;
        lost >= FEW && i128::from(lost) * 100 > i128::from(before) * i128::from(self.percent)
    }

    /// Compares an answer with the mark.
    pub(super) fn change(&self, mark: &Reported, now: &Reported) -> Change {
        // Where nothing lay, anything is more than ten times as much.
        let measure = Measure::of(mark).or_else(|| Measure::of(now));
        let Some(measure) = measure.filter(|_| !self.unlimited) else { return Change::Fine };
        let (before, after) = (measure.amount(mark), measure.amount(now));
        let Thresholds { small, large, all } = self.thresholds(measure);
        let lost = before - after;
        // Credits may make a day less than nothing: then it is the size of it of which a part is lost.
        let size = before.abs();
        let more_than = |percent: i128| lost * 100 > size * percent;
        let is_gone = size >= all && (after == 0 || before > 0 && after < 0);
        if is_gone || (more_than(self.percent.into()) && lost > small) {
            let needs_a_person = is_gone || (more_than(HALF_PERCENT) && lost > large);
            return Change::Fell { measure, needs_a_person };
        }
        let rose = before >= 0 && after > before * TIMES && after - before > small;
        if rose { Change::Rose(measure) } else { Change::Fine }
    }
}
