//! What became of an event, and what errors of the ports make of it.

use std::time::Duration;

use crate::failure::{Retryability, Retryable, message};

/// What a handler says of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its work is done and durable.
    Done,
    /// It failed for now. Without `after` the wait doubles from attempt to attempt.
    Retry { after: Option<Duration>, reason: String },
    /// It can't be done, whoever tries it.
    DeadLetter { reason: String },
    /// It was not tried, for the process is about to end. The event is released without counting the attempt.
    Release,
    /// It was not tried, or in vain, because of something around it that a person must put right: a read-only disk, a
    /// missing permission. The event is released without counting the attempt, and the worker ends with the reason.
    Stop { reason: String },
}

impl Outcome {
    /// To be tried again after the worker's own wait.
    pub fn retry(reason: impl ToString) -> Self {
        Self::Retry { after: None, reason: reason.to_string() }
    }

    /// Of an event that its handler said nothing of.
    pub(super) fn missing() -> Self {
        Self::retry("its handler gave no outcome")
    }

    pub fn dead_letter(reason: impl ToString) -> Self {
        Self::DeadLetter { reason: reason.to_string() }
    }

    pub fn stop(reason: impl ToString) -> Self {
        Self::Stop { reason: reason.to_string() }
    }
}

/// The one place that says what an error does to an event. The reason is for a person.
impl<E: Retryable> From<E> for Outcome {
    fn from(error: E) -> Self {
        let reason = message(&error);
        match error.retryability() {
            Retryability::Transient => Self::Retry { after: None, reason },
            Retryability::Permanent => Self::Stop { reason },
            Retryability::Impossible => Self::DeadLetter { reason },
        }
    }
}
