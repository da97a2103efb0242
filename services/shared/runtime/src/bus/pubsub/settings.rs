//! What a bus of Pub/Sub can be set to.

use std::time::Duration;

use crate::bus::BusSettings;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PubSubSettings {
    pub bus: BusSettings,
    /// The names of all topics and subscriptions begin with it.
    pub prefix: String,
    /// Messages of a topic that this process holds at once: at least so many, and twice what its first pull asks for.
    pub in_flight: usize,
    /// Streams of a subscription; more of them bring more messages a second.
    pub streams: usize,
}

/// Enough for a store or a warehouse that is away for an hour: what fails is tried again after a second, then after twice
/// that, up to five minutes.
const MAX_ATTEMPTS: u32 = 30;

impl Default for PubSubSettings {
    fn default() -> Self {
        let bus = BusSettings { max_attempts: MAX_ATTEMPTS, ..BusSettings::default() };
        Self { bus, prefix: "everycent".to_owned(), in_flight: 4, streams: 1 }
    }
}

impl PubSubSettings {
    /// After so long the messages of a dead process come again; as near to a lease as Pub/Sub allows.
    pub(super) fn ack_deadline(&self) -> Duration {
        self.bus.lease.clamp(Duration::from_secs(10), Duration::from_secs(600))
    }
}
