//! The bus: events between the services, delivered at least once.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
#[cfg(feature = "google")]
pub mod pubsub;
pub mod sqlite;
#[cfg(test)]
mod tests;
pub mod unreliable;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use everycent_schemas::Timestamp;
use strum::VariantArray;

use crate::failure::{Reason, Retryability, Retryable};

/// What an event is about; each topic has one type of event and at most one kind of reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray)]
pub enum Topic {
    FetchRequested,
    SnapshotStored,
    BatchNormalized,
    BatchMerged,
    FetchFailed,
    AnswerDecided,
}

impl Topic {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub fn name(self) -> &'static str {
        match self {
            Self::FetchRequested => "fetch-requested",
            Self::SnapshotStored => "snapshot-stored",
            Self::BatchNormalized => "batch-normalized",
            Self::BatchMerged => "batch-merged",
            Self::FetchFailed => "fetch-failed",
            Self::AnswerDecided => "answer-decided",
        }
    }

    /// Whether one of our services reads the topic. What nobody reads is not kept.
    pub fn has_reader(self) -> bool {
        self != Self::BatchMerged
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An event in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub payload: Bytes,
    /// Text beside the payload: the schema's fingerprint and the trace context.
    pub attributes: BTreeMap<String, String>,
}

/// A message in the hands of one worker, until its lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub topic: Topic,
    pub message: Message,
    /// Names the message through all its deliveries.
    pub message_id: String,
    /// Which delivery this is, from 1.
    pub attempt: u32,
    /// Names this delivery.
    pub lease: String,
    /// When the message was published, as the bus noted it. The same in all its deliveries.
    pub published_at: Option<Timestamp>,
}

/// How patient the bus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusSettings {
    /// How long a worker may keep a message without a word.
    pub lease: Duration,
    /// Deliveries without an ack, after which a message is given up.
    pub max_attempts: u32,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self { lease: Duration::from_secs(60), max_attempts: 10 }
    }
}

/// How many messages a topic holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    pub topic: Topic,
    /// Waiting for a worker, or for their delay to pass.
    pub ready: u64,
    /// In the hands of a worker.
    pub leased: u64,
    /// Given up.
    pub dead: u64,
}

/// A message that was given up, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub topic: Topic,
    pub message_id: String,
    pub message: Message,
    pub attempts: u32,
    pub reason: String,
    pub at: Timestamp,
}

/// Why the bus did not do it.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// Trying again may help. A publish may have happened.
    #[error("bus: {action}: {reason}")]
    Unavailable {
        action: &'static str,
        #[source]
        reason: Reason,
    },
    /// Trying again does not help until a person did something.
    #[error("bus: {action}: {reason}")]
    Refused {
        action: &'static str,
        #[source]
        reason: Reason,
    },
}

impl Retryable for BusError {
    fn retryability(&self) -> Retryability {
        match self {
            Self::Unavailable { .. } => Retryability::Transient,
            Self::Refused { .. } => Retryability::Permanent,
        }
    }
}

/// A durable queue for each topic.
///
/// Contract, which `conformance` checks for every body:
/// - A publish that returned is delivered at least once, also when the process or the machine dies; one that failed
///   may be delivered.
/// - A delivery is leased: no other worker gets the message before the lease ran out. An unanswered one comes again,
///   with a higher `attempt`, and so does one whose worker died.
/// - Messages may come more than once and in any order.
/// - Ack, nack, release and dead-letter settle the delivery they name. After its lease was lost they do nothing and are
///   no error: the message is somebody else's.
/// - A message that was delivered `max_attempts` times without an ack becomes a dead letter with the reason of its last
///   nack; it is never lost and never delivered for ever. A released delivery does not count.
/// - A pull whose future is dropped may have leased messages; they come again when the lease runs out.
/// - After `close` every lease of this process may be lost at once; what was acked stays acked.
#[async_trait]
pub trait Bus: Debug + Send + Sync {
    /// Publishes to a topic; of what goes to one that nobody reads, nothing is kept.
    async fn publish(&self, topic: Topic, message: Message) -> Result<(), BusError>;

    /// Up to `max` messages, waiting up to `wait` for the first.
    async fn pull(&self, topic: Topic, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError>;

    /// The work is done; the message is forgotten.
    async fn ack(&self, delivery: &Delivery) -> Result<(), BusError>;

    /// The work failed for now; the message comes again after `delay`.
    async fn nack(&self, delivery: &Delivery, delay: Duration, reason: &str) -> Result<(), BusError>;

    /// The work was not tried; the message comes again at once, and `attempt` stays what it was.
    async fn release(&self, delivery: &Delivery) -> Result<(), BusError>;

    /// The work can't be done; the message is kept aside with the reason.
    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), BusError>;

    /// The work goes on; the lease is renewed from now.
    async fn extend(&self, delivery: &Delivery) -> Result<(), BusError>;

    /// What each topic with a reader holds.
    async fn depths(&self) -> Result<Vec<Depth>, BusError>;

    /// The newest dead letters, at most `limit`.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BusError>;

    /// Drops dead letters: their work was done after all, was sent again, or is not wanted any more. One that is gone already
    /// is no error, and between machines one that another process looks at in this moment may stay.
    async fn forget_dead_letters(&self, letters: &[DeadLetter]) -> Result<(), BusError>;

    /// Follows what is published to a topic from now on, beside whoever reads it. For those who wait for work that is done
    /// elsewhere, so only a bus between machines can do it.
    async fn follow(&self, topic: Topic) -> Result<Box<dyn Follow>, BusError> {
        let reason = format!("{topic}: nobody works elsewhere on this bus").into();
        Err(BusError::Refused { action: "follow", reason })
    }

    /// The process is about to end: what it holds and nobody works on goes back at once.
    async fn close(&self) {}
}

/// One who follows a topic.
#[async_trait]
pub trait Follow: Send {
    /// What was published since the last call, at least once each; waits up to `wait` for the first.
    async fn next(&mut self, wait: Duration) -> Result<Vec<Message>, BusError>;

    /// Nothing of it is left behind.
    async fn end(self: Box<Self>);
}
