//! The life of a worker: it takes events as long as it has a hand free, and ends with what is in hand.

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use super::{Handler, Worker, WorkerError};
use crate::bus::Delivery;
use crate::failure::{Retryability, Retryable, chain};

type Ended = Result<usize, WorkerError>;

impl<H: Handler> Worker<H> {
    /// Works until `shutdown`, and then ends with what is in hand. While the bus is out of reach it tries again; what a
    /// person must put right ends it with the error, and what else is in hand then comes again when its lease runs out.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), WorkerError> {
        let at_once = self.handler.at_once().max(1);
        let mut in_hand = FuturesUnordered::new();
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            let mut ended = Vec::new();
            let free = at_once - in_hand.len();
            match beside(&mut in_hand, &mut ended, self.take(free, &shutdown)).await {
                Ok(deliveries) => {
                    let rounds = deliveries.chunks(self.gather_max()).map(|some| self.work_on(some.to_vec()));
                    in_hand.extend(rounds);
                }
                Err(error) => ended.push(Err(error)),
            }
            if in_hand.len() == at_once {
                ended.extend(in_hand.next().await);
            }
            if let Some(wait) = self.judge(ended, &mut failures)? {
                let mut later = Vec::new();
                // Cancelled or not, the loop decides what is next.
                let wait = tokio::time::timeout(wait, shutdown.cancelled());
                beside(&mut in_hand, &mut later, wait).await.ok();
                self.judge(later, &mut failures)?;
            }
        }
        while let Some(ended) = in_hand.next().await {
            self.judge(vec![ended], &mut failures)?;
        }
        Ok(())
    }

    /// How long to wait before the bus is asked again, if it is out of reach.
    fn judge(&self, ended: Vec<Ended>, failures: &mut usize) -> Result<Option<Duration>, WorkerError> {
        let mut out_of_reach = None;
        for ended in ended {
            match ended {
                Ok(_) => {}
                Err(WorkerError::Bus(error)) if error.retryability() == Retryability::Transient => {
                    out_of_reach = Some(chain(&error));
                }
                Err(error) => return Err(error),
            }
        }
        let Some(error) = out_of_reach else {
            *failures = 0;
            return Ok(None);
        };
        *failures += 1;
        self.watch.bus_failed(Self::topic(), &error);
        let wait = self.settings.bus_retry.after(*failures as u32);
        tracing::warn!(topic = Self::topic().name(), error, wait_ms = wait.as_millis(), "bus out of reach");
        Ok(Some(wait))
    }

    /// Waits for events for so many hands, and gathers more as the handler wishes.
    async fn take(&self, free: usize, shutdown: &CancellationToken) -> Result<Vec<Delivery>, WorkerError> {
        let max = self.gather_max().saturating_mul(free);
        let mut deliveries = self.bus.pull(Self::topic(), max, self.settings.idle_wait).await?;
        self.watch.alive(Self::topic());
        if !deliveries.is_empty() {
            self.linger(&mut deliveries, shutdown).await;
        }
        Ok(deliveries)
    }
}

/// Does something while what is in hand goes on. A pull is so never dropped half way.
async fn beside<T, W: Future<Output = Ended>>(
    in_hand: &mut FuturesUnordered<W>,
    ended: &mut Vec<Ended>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Some(end) = in_hand.next() => ended.push(end),
        }
    }
}
