//! Google Pub/Sub as the bus, between any number of machines.
//!
//! Each topic has a subscription `<prefix>-<topic>-sub` that all workers share, and a topic `<prefix>-<topic>-dead` with
//! a subscription for what was given up. They are made by whoever sets up the project; a missing one is an error that
//! names it.
//!
//! Where Pub/Sub is weaker than the port:
//! - It counts deliveries as well as it can (`attempt` may be off by some), and nobody can ask it how many messages wait:
//!   `depths` tells what this process holds, and how many dead letters it finds, up to a thousand of each topic.
//! - It delays no single message. A nacked message waits out its delay in this process, and then the subscription's
//!   retry policy. When the process ends before, or too many wait, it comes sooner.
//! - An ack that is lost on its way is not noticed, and the message comes again.
//! - The reason of a nack is kept in this process only, and missing on a letter that another process writes.

mod client;
mod dead;
mod failure;
mod follow;
mod hand;
mod intake;
mod letter;
mod names;
mod outlet;
mod provision;
mod request;
mod settings;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use google_cloud_pubsub::client::{BasePublisher, Subscriber, SubscriptionAdmin};

use self::client::client;
use self::intake::{Intake, Streams};
use self::names::Names;
use self::outlet::Outlet;
use super::{Bus, BusError, DeadLetter, Delivery, Depth, Follow, Message, Topic};
use crate::clock::Clock;
use crate::google::endpoints::Endpoints;

pub use provision::Payloads;
pub use settings::PubSubSettings;

/// Clones share their streams.
#[derive(Debug, Clone)]
pub struct PubSubBus(Arc<Inner>);

struct Inner {
    names: Names,
    settings: PubSubSettings,
    endpoint: Option<String>,
    clock: Arc<dyn Clock>,
    subscriber: Subscriber,
    base: BasePublisher,
    outlets: BTreeMap<Topic, Outlet>,
    streams: Mutex<BTreeMap<Topic, Streams>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PubSub").field("names", &self.names).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl PubSubBus {
    /// Makes the clients; asks Pub/Sub nothing yet.
    pub async fn open(
        project: &str,
        endpoints: &Endpoints,
        clock: Arc<dyn Clock>,
        settings: PubSubSettings,
    ) -> Result<Self, BusError> {
        let endpoint = endpoints.pubsub.clone();
        let names = Names::new(project, &settings.prefix);
        let subscriber = client!(bare Subscriber::builder(), &endpoint)?;
        let base = client!(BasePublisher::builder(), &endpoint)?;
        let outlets = Topic::ALL.iter().map(|topic| (*topic, Outlet::new(&base, names.topic(*topic)))).collect();
        let streams = Mutex::default();
        Ok(Self(Arc::new(Inner { names, settings, endpoint, clock, subscriber, base, outlets, streams })))
    }

    /// The intake of a topic, with its streams; opened at the first pull.
    fn opened(&self, topic: Topic, max: usize) -> Arc<Intake> {
        let inner = &*self.0;
        let open = || {
            let in_flight = inner.settings.in_flight.max(max.saturating_mul(2)).max(2);
            let back = inner.outlets[&topic].clone();
            let dead = Outlet::new(&inner.base, inner.names.dead_topic(topic));
            let place = (topic, inner.names.subscription(topic));
            let (settings, clock) = (inner.settings.clone(), Arc::clone(&inner.clock));
            Streams::open(&inner.subscriber, Intake::new(place, in_flight, settings, clock, (back, dead)))
        };
        Arc::clone(&self.streams().entry(topic).or_insert_with(open).intake)
    }

    /// The intake of a delivery. Without one, its lease is lost.
    fn intake(&self, delivery: &Delivery) -> Option<Arc<Intake>> {
        self.streams().get(&delivery.topic).map(|streams| Arc::clone(&streams.intake))
    }

    fn streams(&self) -> MutexGuard<'_, BTreeMap<Topic, Streams>> {
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn letters(&self, topic: Topic) -> Result<Vec<DeadLetter>, BusError> {
        dead::look(&self.0.subscriber, topic, &self.0.names.dead_subscription(topic)).await
    }

    async fn depth(&self, topic: Topic) -> Result<Depth, BusError> {
        let dead = self.letters(topic).await?.len() as u64;
        let held = self.streams().get(&topic).map(|streams| Arc::clone(&streams.intake));
        let (ready, leased) = held.map_or((0, 0), |intake| intake.counts());
        Ok(Depth { topic, ready, leased, dead })
    }
}

#[async_trait]
impl Bus for PubSubBus {
    async fn publish(&self, topic: Topic, message: Message) -> Result<(), BusError> {
        self.0.outlets[&topic].publish("publish", wire::to_wire(topic, message)).await
    }

    async fn pull(&self, topic: Topic, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        if max == 0 || !topic.has_reader() {
            return Ok(Vec::new());
        }
        let pulled = self.opened(topic, max).take(max, wait).await;
        if pulled.is_err() {
            // The next pull opens it anew.
            self.streams().remove(&topic);
        }
        pulled
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), BusError> {
        if let Some(intake) = self.intake(delivery) {
            intake.ack(delivery);
        }
        Ok(())
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration, reason: &str) -> Result<(), BusError> {
        match self.intake(delivery) {
            Some(intake) => intake.nack(delivery, delay, reason).await,
            None => Ok(()),
        }
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), BusError> {
        if let Some(intake) = self.intake(delivery) {
            intake.release(delivery);
        }
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        match self.intake(delivery) {
            Some(intake) => intake.dead_letter(delivery, reason).await,
            None => Ok(()),
        }
    }

    async fn extend(&self, delivery: &Delivery) -> Result<(), BusError> {
        if let Some(intake) = self.intake(delivery) {
            intake.extend(delivery);
        }
        Ok(())
    }

    async fn depths(&self) -> Result<Vec<Depth>, BusError> {
        try_join_all(Topic::ALL.iter().copied().filter(|topic| topic.has_reader()).map(|topic| self.depth(topic))).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        let read = Topic::ALL.iter().copied().filter(|topic| topic.has_reader());
        let mut letters = try_join_all(read.map(|topic| self.letters(topic))).await?.concat();
        letters.sort_by_key(|letter| std::cmp::Reverse(letter.at));
        letters.truncate(limit);
        Ok(letters)
    }

    /// A letter that another reader looks at in this moment stays.
    async fn forget_dead_letters(&self, letters: &[DeadLetter]) -> Result<(), BusError> {
        let mut by_topic: BTreeMap<Topic, BTreeSet<&str>> = BTreeMap::new();
        for letter in letters {
            by_topic.entry(letter.topic).or_default().insert(&letter.message_id);
        }
        let Inner { subscriber, names, .. } = &*self.0;
        let forgotten = by_topic.iter().map(async |(topic, ids)| {
            dead::forget(subscriber, *topic, &names.dead_subscription(*topic), ids).await.map(drop)
        });
        try_join_all(forgotten).await.map(drop)
    }

    async fn follow(&self, topic: Topic) -> Result<Box<dyn Follow>, BusError> {
        let Inner { subscriber, names, endpoint, .. } = &*self.0;
        let admin = client!(SubscriptionAdmin::builder(), endpoint)?;
        Ok(Box::new(follow::Follower::begin(subscriber, admin, names, topic).await?))
    }

    async fn close(&self) {
        let open = std::mem::take(&mut *self.streams());
        futures_util::future::join_all(open.into_values().map(Streams::close)).await;
    }
}
