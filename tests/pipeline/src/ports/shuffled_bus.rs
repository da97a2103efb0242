//! A bus that delivers in any order and in groups of any size, as its contract allows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use everycent_runtime::bus::{Bus, BusError, DeadLetter, Delivery, Depth, Message, Topic};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// More than a test ever has in one topic.
const ALL: usize = 1000;

/// Takes all that is ready, keeps some of it by the dice, and gives back the rest.
#[derive(Debug)]
pub(crate) struct ShuffledBus {
    inner: Arc<dyn Bus>,
    dice: Mutex<ChaCha8Rng>,
}

impl ShuffledBus {
    pub(crate) fn new(inner: Arc<dyn Bus>, seed: u64) -> Self {
        Self { inner, dice: Mutex::new(ChaCha8Rng::seed_from_u64(seed)) }
    }

    /// Shuffles, and says how many to keep: all of them as often as any smaller number.
    fn throw(&self, deliveries: &mut [Delivery], max: usize) -> usize {
        let mut dice = self.dice.lock().expect("invariant: nothing panics while it holds the dice");
        deliveries.shuffle(&mut *dice);
        let most = deliveries.len().min(max);
        if most < 2 || dice.random_bool(0.5) { most } else { dice.random_range(1..most) }
    }
}

#[async_trait]
impl Bus for ShuffledBus {
    async fn publish(&self, topic: Topic, message: Message) -> Result<(), BusError> {
        self.inner.publish(topic, message).await
    }

    async fn pull(&self, topic: Topic, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        let mut deliveries = self.inner.pull(topic, ALL, wait).await?;
        let kept = self.throw(&mut deliveries, max);
        for returned in deliveries.split_off(kept) {
            self.inner.release(&returned).await?;
        }
        Ok(deliveries)
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.inner.ack(delivery).await
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration, reason: &str) -> Result<(), BusError> {
        self.inner.nack(delivery, delay, reason).await
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.inner.release(delivery).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        self.inner.dead_letter(delivery, reason).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.inner.extend(delivery).await
    }

    async fn depths(&self) -> Result<Vec<Depth>, BusError> {
        self.inner.depths().await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.inner.dead_letters(limit).await
    }

    async fn forget_dead_letters(&self, letters: &[DeadLetter]) -> Result<(), BusError> {
        self.inner.forget_dead_letters(letters).await
    }
}
