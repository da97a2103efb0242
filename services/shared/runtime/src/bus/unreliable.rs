//! A bus that fails when it is told to, before or after the work was done.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Bus, BusError, DeadLetter, Delivery, Depth, Message, Topic};
use crate::faults::Faults;

/// Asks its faults about every call, by the method's name. A `pull` that fails afterwards has leased messages that
/// nobody holds.
#[derive(Debug, Clone)]
pub struct UnreliableBus {
    inner: Arc<dyn Bus>,
    faults: Faults,
}

impl UnreliableBus {
    pub fn new(inner: Arc<dyn Bus>, faults: Faults) -> Self {
        Self { inner, faults }
    }

    async fn apply<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, BusError>>,
    ) -> Result<T, BusError> {
        self.faults.apply(action, work, |reason| BusError::Unavailable { action, reason: reason.into() }).await
    }
}

#[async_trait]
impl Bus for UnreliableBus {
    async fn publish(&self, topic: Topic, message: Message) -> Result<(), BusError> {
        self.apply("publish", self.inner.publish(topic, message)).await
    }

    async fn pull(&self, topic: Topic, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        self.apply("pull", self.inner.pull(topic, max, wait)).await
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.apply("ack", self.inner.ack(delivery)).await
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration, reason: &str) -> Result<(), BusError> {
        self.apply("nack", self.inner.nack(delivery, delay, reason)).await
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.apply("release", self.inner.release(delivery)).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        self.apply("dead_letter", self.inner.dead_letter(delivery, reason)).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.apply("extend", self.inner.extend(delivery)).await
    }

    async fn depths(&self) -> Result<Vec<Depth>, BusError> {
        self.apply("depths", self.inner.depths()).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.apply("dead_letters", self.inner.dead_letters(limit)).await
    }

    async fn forget_dead_letters(&self, letters: &[DeadLetter]) -> Result<(), BusError> {
        self.apply("forget_dead_letters", self.inner.forget_dead_letters(letters)).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
