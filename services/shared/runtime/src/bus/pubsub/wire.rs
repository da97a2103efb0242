//! Messages as they travel on Pub/Sub.
//!
//! The payload is the bare Avro datum that every bus carries, with the schema's fingerprint as an attribute: what a
//! topic with an Avro schema in binary encoding takes, and what one without a schema takes as well. Only
//! [`Topic::FetchRequested`] travels as Avro JSON, so that a scheduler can send it. There is no ordering key: the
//! services need no order.

use everycent_schemas::Timestamp;
use google_cloud_pubsub::model::Message as Wire;

use super::request;
use crate::bus::{Delivery, Message, Topic};

/// The id that a message had first, on a copy that was handed back.
pub(super) const MESSAGE_ID: &str = "everycent-message-id";
/// Deliveries that counted before the copy was made.
const ATTEMPTS: &str = "everycent-attempts";
/// When the first of them was published, in microseconds.
const PUBLISHED_AT: &str = "everycent-published-at";
/// Attributes that Pub/Sub adds.
const NOT_OURS: [&str; 2] = ["googclient_", "CloudPubSub"];
/// Attributes that this bus adds.
pub(super) const OURS: &str = "everycent-";

/// A message that arrived.
#[derive(Debug, PartialEq)]
pub(super) struct Arrived {
    pub message: Message,
    pub message_id: String,
    /// Deliveries that counted before Pub/Sub began to count this copy.
    pub attempts_before: u32,
    /// Why it can be nobody's event.
    pub unreadable: Option<String>,
    /// When Pub/Sub took it, the first time.
    pub published_at: Option<Timestamp>,
}

pub(super) fn to_wire(topic: Topic, message: Message) -> Wire {
    let message = if topic == Topic::FetchRequested { request::to_json(message) } else { message };
    bare(message)
}

/// As it is, whatever the topic.
pub(super) fn bare(message: Message) -> Wire {
    Wire::new().set_data(message.payload).set_attributes(message.attributes)
}

/// A copy that goes back because nobody tried it. It keeps its id, the time of its publishing, and the attempts that it had.
pub(super) fn handed_back(delivery: Delivery, attempts: u32) -> Wire {
    let mut wire = to_wire(delivery.topic, delivery.message);
    wire.attributes.insert(MESSAGE_ID.to_owned(), delivery.message_id);
    wire.attributes.insert(ATTEMPTS.to_owned(), attempts.to_string());
    if let Some(at) = delivery.published_at {
        wire.attributes.insert(PUBLISHED_AT.to_owned(), at.micros().to_string());
    }
    wire
}

pub(super) fn from_wire(topic: Topic, wire: Wire) -> Arrived {
    let message_id = wire.attributes.get(MESSAGE_ID).unwrap_or(&wire.message_id).clone();
    let attempts_before = wire.attributes.get(ATTEMPTS).and_then(|text| text.parse().ok()).unwrap_or(0);
    let first = wire.attributes.get(PUBLISHED_AT).and_then(|text| text.parse().ok()).map(Timestamp::from_micros);
    let published_at = first.or_else(|| published_at(&wire));
    let message = as_published(wire);
    let (message, unreadable) = match topic {
        Topic::FetchRequested => request::from_json(message),
        _ => (message, None),
    };
    Arrived { message, message_id, attempts_before, unreadable, published_at }
}

pub(super) fn published_at(wire: &Wire) -> Option<Timestamp> {
    let micros = |at: &google_cloud_wkt::Timestamp| at.seconds() * 1_000_000 + i64::from(at.nanos()) / 1000;
    wire.publish_time.as_ref().map(micros).map(Timestamp::from_micros)
}

/// Without what was added on the way.
pub(super) fn as_published(wire: Wire) -> Message {
    let added = |name: &str| name.starts_with(OURS) || NOT_OURS.iter().any(|prefix| name.starts_with(prefix));
    let attributes = wire.attributes.into_iter().filter(|(name, _)| !added(name)).collect();
    Message { payload: wire.data, attributes }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn message() -> Message {
        let attributes = [("schema".to_owned(), "c3a5".to_owned())].into();
        Message { payload: Bytes::from_static(&[0, 255]), attributes }
    }

    #[test]
    fn a_message_arrives_as_it_was_published() {
        let published = google_cloud_wkt::Timestamp::clamp(2, 3000);
        let mut wire = to_wire(Topic::SnapshotStored, message()).set_message_id("7").set_publish_time(published);
        wire.attributes.insert("googclient_schemaencoding".to_owned(), "BINARY".to_owned());
        let arrived = from_wire(Topic::SnapshotStored, wire);
        let published_at = Some(Timestamp::from_micros(2_000_003));
        let (message, message_id) = (message(), "7".to_owned());
        let expected = Arrived { message, message_id, attempts_before: 0, unreadable: None, published_at };
        assert_eq!(arrived, expected);
    }

    #[test]
    fn a_message_that_was_handed_back_keeps_its_id_its_attempts_and_the_time_of_its_publishing() {
        let delivery = Delivery {
            topic: Topic::SnapshotStored,
            message: message(),
            message_id: "7".to_owned(),
            attempt: 3,
            lease: String::new(),
            published_at: Some(Timestamp::from_micros(2_000_003)),
        };
        let again = google_cloud_wkt::Timestamp::clamp(90_000, 0);
        let wire = handed_back(delivery, 2).set_message_id("8").set_publish_time(again);
        let arrived = from_wire(Topic::SnapshotStored, wire);
        assert_eq!((arrived.message, arrived.message_id.as_str(), arrived.attempts_before), (message(), "7", 2));
        assert_eq!(arrived.published_at, Some(Timestamp::from_micros(2_000_003)));
    }
}
