//! Following a topic beside its readers: a subscription of one's own, for as long as one looks.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use google_cloud_pubsub::Result as Answer;
use google_cloud_pubsub::client::{Subscriber, SubscriptionAdmin};
use google_cloud_pubsub::model::{ExpirationPolicy, Message as Wire, Subscription};
use google_cloud_pubsub::subscriber::handler::Handler;
use google_cloud_pubsub::subscriber::{MessageStream, ShutdownBehavior, ShutdownToken};
use google_cloud_wkt::Duration as WireDuration;
use tokio::time::Instant;

use super::failure::Asked;
use super::names::Names;
use super::wire;
use crate::bus::{BusError, Follow, Message, Topic};

/// Of a follower that died, Pub/Sub takes the subscription away then; sooner it may not be.
const FORGOTTEN_AFTER_SECONDS: i64 = 24 * 60 * 60;
/// What the follower did not take yet is kept for so long; it has to be less than the life of the subscription.
const KEPT_SECONDS: i64 = 6 * 60 * 60;
/// What came together is given together.
const TOGETHER: Duration = Duration::from_millis(20);
/// An end that takes longer is left to Pub/Sub.
const PATIENCE: Duration = Duration::from_secs(10);

/// The next message on its way, and the stream with it. Kept from look to look: dropped half way, the client would open
/// its stream anew.
type Reading = BoxFuture<'static, (MessageStream, Option<Answer<(Wire, Handler)>>)>;

fn read(mut stream: MessageStream) -> Reading {
    Box::pin(async move {
        let next = stream.next().await;
        (stream, next)
    })
}

pub(super) struct Follower {
    topic: Topic,
    /// Full name of the subscription.
    subscription: String,
    admin: SubscriptionAdmin,
    end: ShutdownToken,
    reading: Reading,
}

impl Follower {
    /// Returns when nothing more that is published can be missed.
    pub(super) async fn begin(
        subscriber: &Subscriber,
        admin: SubscriptionAdmin,
        names: &Names,
        topic: Topic,
    ) -> Result<Self, BusError> {
        let (followed, subscription) = (names.topic(topic), names.follower(topic, rand::random()));
        let expires = ExpirationPolicy::new().set_ttl(WireDuration::clamp(FORGOTTEN_AFTER_SECONDS, 0));
        let wanted = Subscription::new()
            .set_name(&subscription)
            .set_topic(&followed)
            .set_message_retention_duration(WireDuration::clamp(KEPT_SECONDS, 0))
            .set_expiration_policy(expires);
        // What may be missing, or not ours to follow, is the topic.
        let asked = Asked { action: "follow", resource: &followed, permission: "pubsub.topics.attachSubscription" };
        let made = admin.create_subscription().with_request(wanted).send().await;
        made.map_err(|error| asked.failed(error))?;
        let stream = subscriber
            .subscribe(&subscription)
            .set_max_lease_extension(Duration::from_secs(10))
            .set_shutdown_behavior(ShutdownBehavior::NackImmediately)
            .build();
        Ok(Self { topic, subscription, admin, end: stream.shutdown_token(), reading: read(stream) })
    }
}

#[async_trait]
impl Follow for Follower {
    async fn next(&mut self, wait: Duration) -> Result<Vec<Message>, BusError> {
        let asked =
            Asked { action: "follow", resource: &self.subscription, permission: "pubsub.subscriptions.consume" };
        let mut messages = Vec::new();
        let mut until = Instant::now() + wait;
        while let Ok((stream, next)) = tokio::time::timeout_at(until, &mut self.reading).await {
            self.reading = read(stream);
            match next {
                Some(Ok((message, handler))) => {
                    messages.push(wire::from_wire(self.topic, message).message);
                    handler.ack();
                    until = until.min(Instant::now() + TOGETHER);
                }
                Some(Err(error)) => return Err(asked.failed(error)),
                None => return Err(asked.unavailable(std::io::Error::other("the stream ended"))),
            }
        }
        Ok(messages)
    }

    async fn end(self: Box<Self>) {
        let Self { subscription, admin, end, reading, .. } = *self;
        drop(reading);
        let deleted = async {
            end.shutdown().await;
            admin.delete_subscription().set_subscription(&subscription).send().await
        };
        match tokio::time::timeout(PATIENCE, deleted).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(subscription, error = %error, "not deleted; it ends by itself in a day"),
            Err(_) => tracing::warn!(subscription, "not deleted; it ends by itself in a day"),
        }
    }
}
