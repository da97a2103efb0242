//! The bus that a sentence is checked on, and how the sentences use it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::bus::{Bus, BusSettings, Delivery, Depth, Message, Topic};

pub(super) const TOPIC: Topic = Topic::SnapshotStored;
/// How long a pull waits for what must come, also on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A bus with nothing in it, its settings, and the way to let its time pass.
pub struct Subject {
    pub bus: Arc<dyn Bus>,
    pub settings: BusSettings,
    pub advance: Box<dyn Fn(Duration) -> BoxFuture<'static, ()>>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("bus", &self.bus).finish_non_exhaustive()
    }
}

impl Subject {
    pub(super) async fn publish(&self, text: &str) {
        self.bus.publish(TOPIC, message(text)).await.expect("publish");
    }

    pub(super) async fn publish_many(&self, count: usize) -> BTreeSet<String> {
        let texts: BTreeSet<String> = (0..count).map(|i| format!("message {i}")).collect();
        for text in &texts {
            self.publish(text).await;
        }
        texts
    }

    /// What is ready now.
    pub(super) async fn pull(&self, max: usize) -> Vec<Delivery> {
        self.bus.pull(TOPIC, max, Duration::ZERO).await.expect("pull")
    }

    /// The next message, which must come.
    pub(super) async fn pull_one(&self) -> Delivery {
        let mut pulled = self.bus.pull(TOPIC, 1, PATIENCE).await.expect("pull");
        pulled.pop().expect("a message is ready")
    }

    pub(super) async fn pass(&self, time: Duration) {
        (self.advance)(time).await;
    }

    pub(super) async fn depth(&self) -> Depth {
        let depths = self.bus.depths().await.expect("depths");
        *depths.iter().find(|depth| depth.topic == TOPIC).expect("a topic with a reader has a depth")
    }
}

pub(super) fn message(text: &str) -> Message {
    Message { payload: Bytes::copy_from_slice(text.as_bytes()), attributes: [].into() }
}

pub(super) fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.message.payload).into_owned()
}
