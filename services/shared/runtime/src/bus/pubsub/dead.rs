//! The dead letters of a topic: a look at them, which leaves them where they are, and taking some of them away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use google_cloud_pubsub::client::Subscriber;
use google_cloud_pubsub::subscriber::ShutdownBehavior;

use super::failure::Asked;
use super::letter;
use crate::bus::{BusError, DeadLetter, Topic};

/// Pub/Sub can't count, so this is how many are counted at most.
const MOST: usize = 1000;
/// When nothing came for so long, there is nothing.
const FIRST_WITHIN: Duration = Duration::from_secs(3);
const NEXT_WITHIN: Duration = Duration::from_millis(500);
/// Even if there are more and more.
const MOST_TIME: Duration = Duration::from_secs(30);

/// What the subscription gives at the moment, each message once. A second reader at the same time sees the others.
pub(super) async fn look(
    subscriber: &Subscriber,
    topic: Topic,
    subscription: &str,
) -> Result<Vec<DeadLetter>, BusError> {
    forget(subscriber, topic, subscription, &BTreeSet::new()).await
}

/// Takes away the letters with these ids, every copy of each, and gives back the others: those it gives are still there.
pub(super) async fn forget(
    subscriber: &Subscriber,
    topic: Topic,
    subscription: &str,
    ids: &BTreeSet<&str>,
) -> Result<Vec<DeadLetter>, BusError> {
    let action = if ids.is_empty() { "read dead letters" } else { "forget dead letters" };
    let asked = Asked { action, resource: subscription, permission: "pubsub.subscriptions.consume" };
    let mut stream = subscriber
        .subscribe(subscription)
        .set_max_outstanding_messages(MOST as i64)
        .set_max_lease_extension(Duration::from_secs(10))
        .set_shutdown_behavior(ShutdownBehavior::WaitForProcessing)
        .build();
    let until = tokio::time::Instant::now() + MOST_TIME;
    let (mut letters, mut handlers) = (BTreeMap::new(), Vec::new());
    let mut within = FIRST_WITHIN;
    while handlers.len() < MOST && tokio::time::Instant::now() < until {
        match tokio::time::timeout(within, stream.next()).await {
            Ok(Some(Ok((message, handler)))) => {
                let letter = letter::from_wire(topic, message);
                if ids.contains(letter.message_id.as_str()) {
                    handler.ack();
                } else {
                    letters.insert(letter.message_id.clone(), letter);
                    handlers.push(handler);
                }
            }
            Ok(Some(Err(error))) => return Err(asked.failed(error)),
            Ok(None) | Err(_) => break,
        }
        within = NEXT_WITHIN;
    }
    // Gives back what it holds, when the stream that they would come to again has ended.
    let end = stream.shutdown_token();
    drop(stream);
    drop(handlers);
    if tokio::time::timeout(MOST_TIME, end.shutdown()).await.is_err() {
        tracing::warn!(subscription, "dead letters not given back; they come again after their deadline");
    }
    Ok(letters.into_values().collect())
}
