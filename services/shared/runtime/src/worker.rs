//! The loop that every service runs: take events, hand them to the handler, settle them one by one.
//!
//! It owns leases, attempts and backoff, and goes on with the trace that came with an event. It never knows what an event
//! means.

mod gather;
mod outcome;
mod panics;
mod publish;
mod round;
mod run;
mod span;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::backoff::{self, Backoff};
use crate::bus::{Bus, BusError, Topic};

pub use gather::Gather;
pub use outcome::Outcome;
pub use publish::{Published, decode, publish};
#[cfg(feature = "google")]
pub(crate) use publish::{SCHEMA, encode};
use watch::Unwatched;
pub use watch::Watch;

/// What a service does with its events.
#[async_trait]
pub trait Handler: Send + Sync {
    /// The type of event, which tells the topic.
    type Event: Published;

    fn gather(&self) -> Gather;

    /// How often [`Self::handle`] is called side by side. More than one is for a handler that mostly waits.
    fn at_once(&self) -> usize {
        1
    }

    /// Handles at least one event; gives one outcome for each, in their order. An event may come again after any outcome.
    /// The reasons in outcomes are logged and kept: ids, counts and causes, never bodies.
    async fn handle(&self, events: &[Self::Event]) -> Vec<Outcome>;
}

/// Several workers may share a handler.
#[async_trait]
impl<H: Handler> Handler for Arc<H> {
    type Event = H::Event;

    fn gather(&self) -> Gather {
        (**self).gather()
    }

    fn at_once(&self) -> usize {
        (**self).at_once()
    }

    async fn handle(&self, events: &[Self::Event]) -> Vec<Outcome> {
        (**self).handle(events).await
    }
}

/// How patient a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerSettings {
    /// How often leases are renewed while the handler works; well below a lease.
    pub renew_every: Duration,
    /// How long one pull waits for the first event, and so how long a shutdown may take.
    pub idle_wait: Duration,
    /// Between the attempts at an event.
    pub retry: Backoff,
    /// Before a bus that is out of reach is asked again.
    pub bus_retry: Backoff,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            renew_every: Duration::from_secs(20),
            idle_wait: Duration::from_secs(1),
            retry: backoff::EVENT,
            bus_retry: backoff::BUS,
        }
    }
}

/// Why a worker ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A handler said [`Outcome::Stop`]. Its events are released and wait for the next start.
    #[error("{topic}: {reason}")]
    Stopped { topic: Topic, reason: String },
}

/// Runs one handler. Several may run at the same time.
#[derive(Debug)]
pub struct Worker<H> {
    bus: Arc<dyn Bus>,
    handler: H,
    settings: WorkerSettings,
    watch: Arc<dyn Watch>,
}

impl<H: Handler> Worker<H> {
    pub fn new(bus: Arc<dyn Bus>, handler: H) -> Self {
        Self { bus, handler, settings: WorkerSettings::default(), watch: Arc::new(Unwatched) }
    }

    pub fn with_settings(self, settings: WorkerSettings) -> Self {
        Self { settings, ..self }
    }

    pub fn watched_by(self, watch: Arc<dyn Watch>) -> Self {
        Self { watch, ..self }
    }

    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Takes what is ready now, handles and settles it; says how many events that were. With an error the events of this
    /// round may come again.
    pub async fn step(&self) -> Result<usize, WorkerError> {
        let deliveries = self.bus.pull(Self::topic(), self.gather_max(), Duration::ZERO).await?;
        self.work_on(deliveries).await
    }

    fn topic() -> Topic {
        H::Event::TOPIC
    }
}
