//! What workers tell, to whoever counts it and whoever judges their health.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::health::Health;
use crate::bus::Topic;
use crate::failure::message;
use crate::metrics::Metrics;
use crate::worker::{Outcome, Watch};

/// The metrics and the health of one service.
#[derive(Debug)]
pub(super) struct Watched {
    pub metrics: Metrics,
    health: Health,
    stop: CancellationToken,
}

impl Watched {
    pub(super) fn new(service: &str, stop: CancellationToken) -> Self {
        Self { metrics: Metrics::new(service), health: Health::default(), stop }
    }

    /// A worker of the topic begins.
    pub(super) fn begin(&self, topic: Topic) {
        self.metrics.expect(topic);
        self.health.begin(topic, Instant::now());
    }

    /// Whether any worker ever began.
    pub(super) fn has_begun(&self) -> bool {
        self.health.has_begun()
    }

    /// The work is over, by itself or with an error.
    pub(super) fn end(&self, error: Option<&anyhow::Error>) {
        self.health
            .end(error.map_or_else(|| "stopped".to_owned(), |error| format!("stopped: {}", message(error.as_ref()))));
    }

    /// `Ok` while it works; otherwise why it does not.
    pub(super) fn verdict(&self) -> Result<(), String> {
        self.health.verdict(Instant::now(), self.stop.is_cancelled())
    }
}

impl Watch for Watched {
    fn alive(&self, topic: Topic) {
        self.health.alive(topic, Instant::now());
    }

    fn bus_failed(&self, topic: Topic, reason: &str) {
        self.metrics.bus_failed(topic);
        self.health.bus_failed(topic, reason, Instant::now());
    }

    fn taken(&self, topic: Topic, events: usize) {
        self.metrics.taken(topic, events);
        self.health.taken(topic, events, Instant::now());
    }

    fn handled(&self, topic: Topic, took: Duration) {
        self.metrics.handled(topic, took);
    }

    fn panicked(&self, topic: Topic) {
        self.metrics.panicked(topic);
    }

    fn settled(&self, topic: Topic, outcome: &Outcome) {
        self.metrics.settled(topic, outcome);
        self.health.settled(topic);
    }
}
