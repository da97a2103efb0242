//! One subscription, as one process works on it: streams that bring messages, and what it holds of them.
//!
//! Pub/Sub's client keeps every message that is held here from going to another process. The bus's own leases, by the
//! injected clock, say how long a worker of this process may keep one. A process that dies says nothing more, and
//! Pub/Sub gives its messages to others when the acknowledgement deadline has passed.

mod stream;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use google_cloud_pubsub::model::Message as Wire;
use google_cloud_pubsub::subscriber::handler::Handler;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(super) use self::stream::Streams;
use super::failure::Asked;
use super::hand::{Hand, Held};
use super::outlet::Outlet;
use super::{PubSubSettings, letter, wire};
use crate::bus::{BusError, Delivery, Topic};
use crate::clock::Clock;

/// How often leases and delays are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// It takes so long until the first message can have come through a new stream.
const WARM_UP: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Intake {
    pub topic: Topic,
    /// Full name.
    pub subscription: String,
    /// Most messages held at once.
    pub in_flight: usize,
    pub settings: PubSubSettings,
    pub clock: Arc<dyn Clock>,
    /// To the topic that the messages come from.
    pub back: Outlet,
    pub dead: Outlet,
    state: Mutex<State>,
    arrived: Notify,
    warm_at: Instant,
}

#[derive(Debug)]
struct State {
    hand: Hand<Handler>,
    /// Why no more messages come.
    failed: Option<BusError>,
}

impl Intake {
    pub(super) fn new(
        (topic, subscription): (Topic, String),
        in_flight: usize,
        settings: PubSubSettings,
        clock: Arc<dyn Clock>,
        (back, dead): (Outlet, Outlet),
    ) -> Self {
        let state = Mutex::new(State { hand: Hand::new(), failed: None });
        let (arrived, warm_at) = (Notify::new(), Instant::now() + WARM_UP);
        Self { topic, subscription, in_flight, settings, clock, back, dead, state, arrived, warm_at }
    }

    pub(super) async fn take(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        let deadline = (Instant::now() + wait).max(self.warm_at);
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            self.sweep().await;
            let taken = self.take_ready(max)?;
            let left = deadline.saturating_duration_since(Instant::now());
            if !taken.is_empty() || left.is_zero() {
                return Ok(taken);
            }
            // Woken or not, the next thing is to look again.
            tokio::time::timeout(left.min(LOOK_EVERY), arrived).await.ok();
        }
    }

    fn take_ready(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        let until = self.lease_end();
        let mut state = self.state();
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        Ok(state.hand.take(max, until, || format!("{:016x}", rand::random::<u64>())))
    }

    pub(super) fn ack(&self, delivery: &Delivery) {
        let mut state = self.state();
        if let Some(held) = state.hand.settle(&delivery.lease) {
            state.hand.forget(delivery);
            held.handler.ack();
        }
    }

    pub(super) async fn nack(&self, delivery: &Delivery, delay: Duration, reason: &str) -> Result<(), BusError> {
        let due = self.now().saturating_add(micros(delay));
        let held = {
            let mut state = self.state();
            let Some(held) = state.hand.settle(&delivery.lease) else { return Ok(()) };
            state.hand.remember(&held.delivery, reason);
            held
        };
        if held.delivery.attempt >= self.settings.bus.max_attempts {
            return self.bury(held, reason).await;
        }
        // Half of what may be in flight is left for new messages; the subscription's retry policy delays the rest.
        if delay.is_zero() {
            held.handler.nack();
        } else if let Some(too_many) = self.state().hand.delay(held, due, self.in_flight / 2) {
            too_many.handler.nack();
        }
        Ok(())
    }

    /// It never leaves this process, so Pub/Sub does not count it.
    pub(super) fn release(&self, delivery: &Delivery) {
        let mut state = self.state();
        if let Some(held) = state.hand.settle(&delivery.lease) {
            state.hand.release(held, self.now());
        }
        drop(state);
        self.arrived.notify_waiters();
    }

    pub(super) async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        let held = self.state().hand.settle(&delivery.lease);
        match held {
            Some(held) => self.bury(held, reason).await,
            None => Ok(()),
        }
    }

    pub(super) fn extend(&self, delivery: &Delivery) {
        let until = self.lease_end();
        self.state().hand.extend(&delivery.lease, until);
    }

    pub(super) fn counts(&self) -> (u64, u64) {
        self.state().hand.counts()
    }

    /// First the letter, then the ack: a death between the two leaves both, and so a second letter with the same id.
    async fn bury(&self, held: Held<Handler>, reason: &str) -> Result<(), BusError> {
        let letter = letter::to_wire(&held.delivery, reason, self.clock.now());
        match self.dead.publish("dead-letter", letter).await {
            Ok(()) => {
                self.state().hand.forget(&held.delivery);
                held.handler.ack();
                Ok(())
            }
            Err(error) => {
                let until = self.lease_end();
                self.state().hand.keep(held, until);
                Err(error)
            }
        }
    }

    async fn arrive(&self, wire: Wire, handler: Handler) {
        let Some(counted) = handler.delivery_attempt() else {
            let reason = format!("{} has no dead-letter policy, so its deliveries are not counted", self.subscription);
            return self.fail(BusError::Refused { action: "pull", reason: reason.into() });
        };
        let arrived = wire::from_wire(self.topic, wire);
        let attempt = arrived.attempts_before.saturating_add(counted.unsigned_abs());
        let delivery = Delivery {
            topic: self.topic,
            message: arrived.message,
            message_id: arrived.message_id,
            attempt,
            lease: String::new(),
            published_at: arrived.published_at,
        };
        let held = Held { delivery, handler };
        match arrived.unreadable {
            Some(reason) => self.give_up(held, &reason).await,
            None if attempt > self.settings.bus.max_attempts => self.give_up_silent(held, attempt - 1).await,
            None => {
                let now = self.now();
                self.state().hand.arrive(held, now);
                self.arrived.notify_waiters();
            }
        }
    }

    /// Gives back the delayed messages whose time has come, those whose worker is silent, and those that have waited
    /// here for as long as a lease while another process may be idle.
    async fn sweep(&self) {
        let now = self.now();
        let (due, lost, unclaimed) = {
            let mut state = self.state();
            let since = now.saturating_sub(micros(self.settings.bus.lease).max(1));
            (state.hand.due(now), state.hand.lost(now), state.hand.unclaimed(since))
        };
        self.hand_back(unclaimed).await;
        due.into_iter().for_each(|held| held.handler.nack());
        for held in lost {
            let attempts = held.delivery.attempt;
            if attempts >= self.settings.bus.max_attempts {
                self.give_up_silent(held, attempts).await;
            } else {
                held.handler.nack();
            }
        }
    }

    async fn give_up_silent(&self, mut held: Held<Handler>, attempts: u32) {
        held.delivery.attempt = attempts;
        let reason = self.state().hand.reason(&held.delivery.message_id, attempts);
        self.give_up(held, &reason).await;
    }

    async fn give_up(&self, mut held: Held<Handler>, reason: &str) {
        // A name of a lease, under which it waits for the next look if it can't be given up now.
        held.delivery.lease = format!("given up {}", held.delivery.message_id);
        let (topic, id) = (self.topic.name(), held.delivery.message_id.clone());
        match self.bury(held, reason).await {
            Ok(()) => tracing::warn!(topic, message.id = id, reason, "message given up"),
            Err(error) => tracing::warn!(topic, message.id = id, error = %error, "message not given up yet"),
        }
    }

    fn fail(&self, error: BusError) {
        self.state().failed = Some(error);
        self.arrived.notify_waiters();
    }

    fn asked(&self) -> Asked<'_> {
        Asked { action: "pull", resource: &self.subscription, permission: "pubsub.subscriptions.consume" }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        self.clock.now().micros()
    }

    fn lease_end(&self) -> i64 {
        self.now().saturating_add(micros(self.settings.bus.lease).max(1))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
