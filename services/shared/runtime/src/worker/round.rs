//! One round of a worker: from the pull to the last settled delivery.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::publish::{Published, decode};
use super::{Handler, Outcome, Watch, Worker, WorkerError, span};
use crate::bus::{Bus, Delivery};
use crate::failure::{Retryability, Retryable, chain};

impl<H: Handler> Worker<H> {
    pub(super) fn gather_max(&self) -> usize {
        self.handler.gather().max.max(1)
    }

    /// A pull is never dropped half way, which would leave messages leased to nobody; so a shutdown waits for it. The first
    /// renewal comes after the lingering, so the two together are well below a lease.
    pub(super) async fn linger(&self, deliveries: &mut Vec<Delivery>, shutdown: &CancellationToken) {
        let until = Instant::now() + self.handler.gather().linger.min(self.settings.renew_every);
        loop {
            let (room, left) =
                (self.gather_max().saturating_sub(deliveries.len()), until.saturating_duration_since(Instant::now()));
            if room == 0 || left.is_zero() || shutdown.is_cancelled() {
                return;
            }
            match self.bus.pull(Self::topic(), room, left.min(self.settings.idle_wait)).await {
                Ok(more) => {
                    self.watch.alive(Self::topic());
                    deliveries.extend(more);
                }
                // What is in hand is worked on; the next round meets the error again.
                Err(_) => return,
            }
        }
    }

    /// Handles the deliveries and settles each; says how many there were. The gravest error is given after all were tried.
    pub(super) async fn work_on(&self, deliveries: Vec<Delivery>) -> Result<usize, WorkerError> {
        let count = deliveries.len();
        let mut result = Ok(count);
        if count == 0 {
            return result;
        }
        self.watch.taken(Self::topic(), count);
        // Until all are settled, for an answer of the bus may be long in coming. What is settled has no lease to renew.
        let renewal = self.renew(deliveries.clone());
        let (deliveries, events) = self.decode_all(deliveries, &mut result).await;
        if !events.is_empty() {
            let span = span::handling(&deliveries);
            self.handle(&deliveries, &events, &mut result).instrument(span).await;
        }
        drop(renewal);
        result
    }

    async fn handle(&self, deliveries: &[Delivery], events: &[H::Event], result: &mut Result<usize, WorkerError>) {
        let began = Instant::now();
        let outcomes = self.outcomes(events).await;
        self.watch.handled(Self::topic(), began.elapsed());
        span::mark(&Span::current(), &outcomes);
        let mut outcomes = outcomes.into_iter();
        for delivery in deliveries {
            let outcome = outcomes.next().unwrap_or_else(Outcome::missing);
            keep_gravest(result, self.settle(delivery, outcome).await);
        }
    }

    /// What can't be decoded is a dead letter; the rest goes on, each delivery with its event.
    async fn decode_all(
        &self,
        pulled: Vec<Delivery>,
        result: &mut Result<usize, WorkerError>,
    ) -> (Vec<Delivery>, Vec<H::Event>) {
        let (mut deliveries, mut events) = (Vec::new(), Vec::new());
        for delivery in pulled {
            match decode::<H::Event>(&delivery.message) {
                Ok(event) => {
                    let event = event.published(delivery.published_at);
                    deliveries.push(delivery);
                    events.push(event);
                }
                Err(reason) => {
                    let span = span::handling(std::slice::from_ref(&delivery));
                    let outcome = Outcome::dead_letter(reason);
                    span::mark(&span, std::slice::from_ref(&outcome));
                    keep_gravest(result, self.settle(&delivery, outcome).instrument(span).await);
                }
            }
        }
        (deliveries, events)
    }

    /// Answers the bus; an event that stops the worker is an error here.
    async fn settle(&self, delivery: &Delivery, outcome: Outcome) -> Result<(), WorkerError> {
        let log = |text: &str, reason: &str| {
            let (topic, attempt) = (delivery.topic.name(), delivery.attempt);
            tracing::warn!(topic, message.id = delivery.message_id, attempt, reason, "{text}");
        };
        self.watch.settled(delivery.topic, &outcome);
        let settled = match outcome {
            Outcome::Done => self.bus.ack(delivery).await,
            Outcome::Retry { after, reason } => {
                log("event failed and comes again", &reason);
                let after = after.unwrap_or_else(|| self.settings.retry.after(delivery.attempt));
                self.bus.nack(delivery, after, &reason).await
            }
            Outcome::DeadLetter { reason } => {
                log("event given up", &reason);
                self.bus.dead_letter(delivery, &reason).await
            }
            Outcome::Release => self.bus.release(delivery).await,
            Outcome::Stop { reason } => {
                if let Err(error) = self.bus.release(delivery).await {
                    log("event not released; it comes again when its lease runs out", &chain(&error));
                }
                return Err(WorkerError::Stopped { topic: delivery.topic, reason });
            }
        };
        settled?;
        self.watch.alive(delivery.topic);
        Ok(())
    }

    /// Renews the leases until it is dropped, in a task of its own, so that a busy handler does not keep it from it.
    fn renew(&self, deliveries: Vec<Delivery>) -> JoinSet<()> {
        let (bus, watch) = (Arc::clone(&self.bus), Arc::clone(&self.watch));
        let every = self.settings.renew_every.max(Duration::from_millis(1));
        let mut renewal = JoinSet::new();
        renewal.spawn(async move {
            let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                for delivery in &deliveries {
                    renew_one(bus.as_ref(), watch.as_ref(), delivery).await;
                }
            }
        });
        renewal
    }
}

async fn renew_one(bus: &dyn Bus, watch: &dyn Watch, delivery: &Delivery) {
    match bus.extend(delivery).await {
        Ok(()) => watch.alive(delivery.topic),
        Err(error) => {
            let error = chain(&error);
            watch.bus_failed(delivery.topic, &error);
            tracing::warn!(message.id = delivery.message_id, error, "lease not renewed");
        }
    }
}

/// A reason to stop outweighs a bus that is out of reach for a moment.
fn keep_gravest(result: &mut Result<usize, WorkerError>, next: Result<(), WorkerError>) {
    let passing = |error: &WorkerError| matches!(error, WorkerError::Bus(error) if error.retryability() == Retryability::Transient);
    if let Err(error) = next {
        let weaker = result.as_ref().err().is_none_or(passing);
        if result.is_ok() || (weaker && !passing(&error)) {
            *result = Err(error);
        }
    }
}
