//! What is thought of an answer when its turn comes, in words for people.

use everycent_schemas::{AnswerVerdict, Timestamp};

use super::figures::Measure;

/// What is thought of an answer when its turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// Believed; `reason` where something was odd about it.
    Accepted { reason: Option<String> },
    /// Not believed yet.
    Held { reason: String },
    /// A person did not believe it, or one like it.
    Disbelieved { reason: String },
    /// It has nothing about the day, or about its beginning, because the vendor remembers only what came later.
    Forgotten { reason: String },
    /// Not compared yet.
    Waits,
}

impl Opinion {
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Accepted { reason } => reason.as_deref(),
            Self::Held { reason } | Self::Disbelieved { reason } | Self::Forgotten { reason } => Some(reason),
            Self::Waits => Some("waits until the accepted answer was made again by the same normalizer"),
        }
    }

    /// The verdict on the answer, where a later one was accepted, or not believed, or neither.
    pub fn verdict(&self, later_accepted: bool, later_disbelieved: bool) -> AnswerVerdict {
        match self {
            _ if later_accepted => AnswerVerdict::Superseded,
            Self::Accepted { .. } => AnswerVerdict::Accepted,
            Self::Held { .. } if later_disbelieved => AnswerVerdict::Superseded,
            Self::Held { .. } | Self::Waits => AnswerVerdict::Held,
            Self::Disbelieved { .. } | Self::Forgotten { .. } => AnswerVerdict::Superseded,
        }
    }
}

pub(super) fn fell(measure: Measure, before: i128, after: i128, needs_a_person: bool) -> String {
    let ends = if needs_a_person {
        "a person has to accept it"
    } else {
        "it is accepted once an answer of a day later reports no less"
    };
    format!("fell from {} to {}; {ends}", measure.text(before), measure.text(after))
}

pub(super) fn forgotten(measure: Measure, before: i128) -> String {
    format!(
        "has nothing where {} lay, nor about any day before, but something about later days: the vendor remembers only those",
        measure.text(before)
    )
}

/// Both are known where this is said.
pub(super) fn begins_later(before: Option<Timestamp>, now: Option<Timestamp>) -> String {
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    format!(
        "has nothing before {}, where what happened from {} on lay, nor about any day before: the vendor remembers no more",
        text(now),
        text(before)
    )
}

pub(super) fn stayed_low(measure: Measure, before: i128, after: i128, since: Timestamp) -> String {
    format!("fell from {} to {}, and an answer of {since} reported no more", measure.text(before), measure.text(after))
}

pub(super) fn rose(measure: Measure, before: i128, after: i128) -> String {
    format!("reports {} where {} was believed before, more than tenfold", measure.text(after), measure.text(before))
}
