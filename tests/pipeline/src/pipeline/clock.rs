//! A clock that only a test moves on, and that never tells the same instant twice.

use chrono::Duration;
use everycent_runtime::clock::{Clock, ManualClock};
use everycent_schemas::Timestamp;

#[derive(Debug, Clone)]
pub(super) struct TickingClock(ManualClock);

impl TickingClock {
    pub(super) fn at(now: Timestamp) -> Self {
        Self(ManualClock::at(now))
    }

    pub(super) fn advance(&self, by: Duration) {
        self.0.advance(by);
    }
}

impl Clock for TickingClock {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::microseconds(1));
        self.0.now()
    }
}
