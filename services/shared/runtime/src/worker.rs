//! The loop that every service runs: take events, hand them to the handler, settle them one by one.
//!
//! It owns leases, attempts and backoff, and goes on with the trace that came with an event. It never knows what an event
//! means.

mod gather;
mod outcome;
mod panics;
mod publish;
mod round;
mod span;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::backoff::{self, Backoff};
use crate::bus::{Bus, BusError, Topic};
use crate::failure::{Retryability, Retryable, chain};

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

    /// Works until `shutdown`, and then ends with what is in hand. While the bus is out of reach it tries again; what a
    /// person must put right ends it with the error.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), WorkerError> {
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            match self.round(&shutdown).await {
                Ok(_) => failures = 0,
                Err(WorkerError::Bus(error)) if error.retryability() == Retryability::Transient => {
                    failures += 1;
                    let error = chain(&error);
                    self.watch.bus_failed(Self::topic(), &error);
                    let wait = self.settings.bus_retry.after(failures);
                    tracing::warn!(topic = Self::topic().name(), error, wait_ms = wait.as_millis(), "bus out of reach");
                    // Cancelled or not, the loop decides what is next.
                    tokio::time::timeout(wait, shutdown.cancelled()).await.ok();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn topic() -> Topic {
        H::Event::TOPIC
    }
}
