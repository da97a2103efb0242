//! One topic to publish to.

use std::time::Duration;

use google_cloud_pubsub::client::{BasePublisher, Publisher};
use google_cloud_pubsub::model::Message as Wire;

use super::failure::Asked;
use crate::bus::BusError;

/// Messages of about the same time travel together.
const COMPANY: Duration = Duration::from_millis(5);
const MOST_TOGETHER: u32 = 500;
const MOST_BYTES_TOGETHER: u32 = 900_000;
/// The client tries again by itself for less than that.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
pub(super) struct Outlet {
    topic: String,
    publisher: Publisher,
}

impl Outlet {
    pub(super) fn new(base: &BasePublisher, topic: String) -> Self {
        let publisher = base
            .publisher(&topic)
            .set_delay_threshold(COMPANY)
            .set_message_count_threshold(MOST_TOGETHER)
            .set_byte_threshold(MOST_BYTES_TOGETHER)
            .build();
        Self { topic, publisher }
    }

    /// Returns when Pub/Sub has it. After [`BusError::Unavailable`] it may have it nevertheless.
    pub(super) async fn publish(&self, action: &'static str, message: Wire) -> Result<(), BusError> {
        let asked = Asked { action, resource: &self.topic, permission: "pubsub.topics.publish" };
        match tokio::time::timeout(PATIENCE, self.publisher.publish(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(asked.publish_failed(error)),
            Err(late) => Err(asked.unavailable(late)),
        }
    }
}
