//! The streams that bring a subscription's messages, from their opening to their end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use google_cloud_pubsub::client::Subscriber;
use google_cloud_pubsub::subscriber::handler::Handler;
use google_cloud_pubsub::subscriber::{MessageStream, ShutdownBehavior};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Intake, LOOK_EVERY};
use crate::bus::BusError;
use crate::bus::pubsub::hand::Held;
use crate::bus::pubsub::wire;

/// Leases end by the bus's clock; the client must not end one before.
const LONGEST_HOLD: Duration = Duration::from_secs(24 * 60 * 60);
/// An end that takes longer is left to the acknowledgement deadline.
const PATIENCE: Duration = Duration::from_secs(10);

/// Running streams. Dropped without [`Streams::close`], they give back what they can.
#[derive(Debug)]
pub(in crate::bus::pubsub) struct Streams {
    pub intake: Arc<Intake>,
    readers: Vec<JoinHandle<MessageStream>>,
    stop: DropGuard,
}

impl Streams {
    pub(in crate::bus::pubsub) fn open(subscriber: &Subscriber, intake: Intake) -> Self {
        let (intake, stop) = (Arc::new(intake), CancellationToken::new());
        let streams = intake.settings.streams.max(1);
        let each = i64::try_from(intake.in_flight.div_ceil(streams)).unwrap_or(i64::MAX);
        let open = |_| {
            let stream = subscriber
                .subscribe(&intake.subscription)
                .set_max_outstanding_messages(each)
                .set_max_lease(LONGEST_HOLD)
                .set_max_lease_extension(intake.settings.ack_deadline())
                // Until the last answer is given: `close` answers all that is held.
                .set_shutdown_behavior(ShutdownBehavior::WaitForProcessing)
                .build();
            tokio::spawn(read(Arc::clone(&intake), stream, stop.clone()))
        };
        let readers = (0..streams).map(open).collect();
        tokio::spawn(look_after(Arc::clone(&intake), stop.clone()));
        Self { intake, readers, stop: stop.drop_guard() }
    }

    /// What nobody had tried goes back as a copy, uncounted; the rest is given back to Pub/Sub, and what was acked
    /// before stays acked. The streams end first: what goes back must not come to them again.
    pub(in crate::bus::pubsub) async fn close(self) {
        drop(self.stop);
        let mut ends = Vec::new();
        for reader in self.readers {
            if let Ok(mut stream) = reader.await {
                while let Some(Some(Ok((message, handler)))) = stream.next().now_or_never() {
                    self.intake.arrive(message, handler).await;
                }
                ends.push(stream.shutdown_token());
            }
        }
        let (untried, tried) = self.intake.state().hand.empty();
        tried.into_iter().for_each(|held| held.handler.nack());
        self.intake.hand_back(untried).await;
        for end in ends {
            if tokio::time::timeout(PATIENCE, end.shutdown()).await.is_err() {
                let subscription = self.intake.subscription.as_str();
                tracing::warn!(subscription, "stream did not end; its messages come again after their deadline");
            }
        }
    }
}

/// Never dropped half way while it waits for a message: the client would open its stream anew.
async fn read(intake: Arc<Intake>, mut stream: MessageStream, stop: CancellationToken) -> MessageStream {
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            next = stream.next() => next,
        };
        match next {
            Some(Ok((message, handler))) => intake.arrive(message, handler).await,
            Some(Err(error)) => {
                intake.fail(intake.asked().failed(error));
                return stream;
            }
            None if stop.is_cancelled() => return stream,
            None => {
                let reason = format!("{}: the stream ended", intake.subscription);
                intake.fail(BusError::Unavailable { action: "pull", reason: reason.into() });
                return stream;
            }
        }
    }
}

async fn look_after(intake: Arc<Intake>, stop: CancellationToken) {
    while tokio::time::timeout(LOOK_EVERY, stop.cancelled()).await.is_err() {
        intake.sweep().await;
    }
}

impl Intake {
    /// Publishes copies of messages that nobody has tried, with the attempts they had, and forgets the messages.
    pub(super) async fn hand_back(&self, untried: Vec<Held<Handler>>) {
        let copies = untried.into_iter().map(async |held| {
            let delivery = held.delivery;
            let attempts = delivery.attempt.saturating_sub(1);
            let message_id = delivery.message_id.clone();
            let copy = wire::handed_back(delivery, attempts);
            match self.back.publish("hand back", copy).await {
                Ok(()) => held.handler.ack(),
                Err(error) => {
                    tracing::warn!(message.id = message_id, error = %error, "message given back as tried");
                    held.handler.nack();
                }
            }
        });
        join_all(copies).await;
    }
}
