//! A durable queue in one SQLite file, for any number of workers and processes on one machine.
//!
//! The injected clock decides about leases and delays; the system's timer only about how long a pull waits.

mod failure;
mod open;
mod queue;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;

use self::queue::Queue;
use super::{Bus, BusError, BusSettings, DeadLetter, Delivery, Depth, Message, Topic};
use crate::clock::Clock;
use crate::threads;

/// How often a waiting pull looks for what other processes published and for delays that passed.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// No pull takes more at once.
const MOST_PER_PULL: usize = 1000;

/// Clones share one connection.
#[derive(Debug, Clone)]
pub struct SqliteBus(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    queue: Mutex<Queue>,
    clock: Arc<dyn Clock>,
    /// Wakes pulls of this process when something became ready.
    ready: Notify,
}

impl SqliteBus {
    /// Opens the queue, and creates it where the file is missing or empty.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, settings: BusSettings) -> Result<Self, BusError> {
        let connection = open::open(path)?;
        let queue = Mutex::new(Queue::new(connection, settings));
        Ok(Self(Arc::new(Inner { file: path.to_path_buf(), queue, clock, ready: Notify::new() })))
    }

    /// Opens the queue to look at it: whatever would change it fails.
    pub fn open_read_only(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, BusError> {
        let queue = Mutex::new(Queue::new(open::open_read_only(path)?, BusSettings::default()));
        Ok(Self(Arc::new(Inner { file: path.to_path_buf(), queue, clock, ready: Notify::new() })))
    }

    /// Makes every leased message ready; says how many. Only for the sole owner of the file, at its start: whoever held
    /// them is dead.
    pub async fn release_all_leases(&self) -> Result<u64, BusError> {
        let now = self.now();
        let released = self.blocking("release leases", move |queue| queue.release_all(now)).await?;
        self.0.ready.notify_waiters();
        Ok(released)
    }

    fn now(&self) -> i64 {
        self.0.clock.now().micros()
    }

    async fn blocking<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Queue) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, BusError> {
        let inner = Arc::clone(&self.0);
        let done = threads::compute(move || {
            // A transaction that a panic left is rolled back.
            work(&mut inner.queue.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.map_err(|error| failure::bus_error(action, &self.0.file, error))
    }
}

#[async_trait]
impl Bus for SqliteBus {
    async fn publish(&self, topic: Topic, message: Message) -> Result<(), BusError> {
        if !topic.has_reader() {
            return Ok(());
        }
        let now = self.now();
        self.blocking("publish", move |queue| queue.publish(topic, &message, now)).await?;
        self.0.ready.notify_waiters();
        Ok(())
    }

    async fn pull(&self, topic: Topic, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        let deadline = Instant::now() + wait;
        loop {
            let mut ready = std::pin::pin!(self.0.ready.notified());
            ready.as_mut().enable();
            let now = self.now();
            let taken = self.blocking("pull", move |queue| queue.take(topic, max.min(MOST_PER_PULL), now)).await?;
            let left = deadline.saturating_duration_since(Instant::now());
            if !taken.is_empty() || max == 0 || left.is_zero() {
                return Ok(taken);
            }
            // Woken or not, the next thing is to look again.
            tokio::time::timeout(left.min(LOOK_EVERY), ready).await.ok();
        }
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), BusError> {
        let delivery = delivery.clone();
        self.blocking("ack", move |queue| queue.ack(&delivery)).await
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration, reason: &str) -> Result<(), BusError> {
        let (delivery, reason, now) = (delivery.clone(), reason.to_owned(), self.now());
        self.blocking("nack", move |queue| queue.nack(&delivery, delay, &reason, now)).await?;
        self.0.ready.notify_waiters();
        Ok(())
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), BusError> {
        let (delivery, now) = (delivery.clone(), self.now());
        self.blocking("release", move |queue| queue.release(&delivery, now)).await?;
        self.0.ready.notify_waiters();
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        let (delivery, reason, now) = (delivery.clone(), reason.to_owned(), self.now());
        self.blocking("dead-letter", move |queue| queue.dead_letter(&delivery, &reason, now)).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<(), BusError> {
        let (delivery, now) = (delivery.clone(), self.now());
        self.blocking("extend", move |queue| queue.extend(&delivery, now)).await
    }

    async fn depths(&self) -> Result<Vec<Depth>, BusError> {
        let now = self.now();
        self.blocking("count", move |queue| queue.depths(now)).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.blocking("read dead letters", move |queue| queue.dead_letters(limit)).await
    }

    async fn forget_dead_letters(&self, letters: &[DeadLetter]) -> Result<(), BusError> {
        let letters = letters.to_vec();
        self.blocking("forget dead letters", move |queue| queue.forget_dead_letters(&letters)).await
    }
}

#[cfg(test)]
mod tests;
