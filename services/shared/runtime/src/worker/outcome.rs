//! What became of an event, and what errors of the ports make of it.

use std::time::Duration;

use crate::bus::BusError;
use crate::store::StoreError;
use crate::warehouse::WarehouseError;

/// What a handler says of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its work is done and durable.
    Done,
    /// It failed for now. Without `after` the wait doubles from attempt to attempt.
    Retry { after: Option<Duration>, reason: String },
    /// It can't be done, whoever tries it.
    DeadLetter { reason: String },
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

impl From<StoreError> for Outcome {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::retry(error),
            StoreError::Refused { .. } => Self::stop(error),
            // Objects are stored before the event that points to them, so it will not appear later.
            StoreError::NotFound(_) => Self::dead_letter(error),
        }
    }
}

impl From<BusError> for Outcome {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Unavailable { .. } => Self::retry(error),
            BusError::Refused { .. } => Self::stop(error),
        }
    }
}

impl From<WarehouseError> for Outcome {
    fn from(error: WarehouseError) -> Self {
        match error {
            WarehouseError::Unavailable { .. } => Self::retry(error),
            WarehouseError::Refused { .. } => Self::stop(error),
            WarehouseError::BadRows { .. } => Self::dead_letter(error),
        }
    }
}
