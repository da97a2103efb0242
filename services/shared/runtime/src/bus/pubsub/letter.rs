//! Dead letters as messages on a dead-letter topic: the message as it was, and beside it what became of it.

use google_cloud_pubsub::model::Message as Wire;

use super::request;
use super::wire::{MESSAGE_ID, as_published, bare, published_at};
use crate::bus::{DeadLetter, Delivery, Message, Topic};
use everycent_schemas::Timestamp;

const REASON: &str = "everycent-dead-reason";
const ATTEMPTS: &str = "everycent-dead-attempts";
const AT: &str = "everycent-dead-at";
/// Pub/Sub's own count, on what it gave up itself.
const COUNTED: &str = "CloudPubSubDeadLetterSourceDeliveryCount";
/// Pub/Sub takes no longer attribute.
const LONGEST_REASON: usize = 1024;

pub(super) fn to_wire(delivery: &Delivery, reason: &str, at: Timestamp) -> Wire {
    let mut wire = bare(delivery.message.clone());
    let end = reason.floor_char_boundary(LONGEST_REASON);
    let added = [
        (REASON, reason[..end].to_owned()),
        (ATTEMPTS, delivery.attempt.to_string()),
        (MESSAGE_ID, delivery.message_id.clone()),
        (AT, at.micros().to_string()),
    ];
    wire.attributes.extend(added.map(|(name, value)| (name.to_owned(), value)));
    wire
}

pub(super) fn from_wire(topic: Topic, wire: Wire) -> DeadLetter {
    let attribute = |name: &str| wire.attributes.get(name);
    let counted = attribute(COUNTED).and_then(|text| text.parse().ok()).unwrap_or(0);
    let at =
        attribute(AT).and_then(|text| text.parse().ok()).map(Timestamp::from_micros).or_else(|| published_at(&wire));
    DeadLetter {
        topic,
        message_id: attribute(MESSAGE_ID).unwrap_or(&wire.message_id).clone(),
        attempts: attribute(ATTEMPTS).and_then(|text| text.parse().ok()).unwrap_or(counted),
        reason: attribute(REASON).cloned().unwrap_or_else(|| format!("Pub/Sub gave it up after {counted} deliveries")),
        at: at.unwrap_or(Timestamp::from_micros(0)),
        message: as_every_bus_carries_it(topic, as_published(wire)),
    }
}

/// What Pub/Sub gave up itself is still as it travelled. One that does not read stays so.
fn as_every_bus_carries_it(topic: Topic, message: Message) -> Message {
    if topic == Topic::FetchRequested { request::from_json(message).0 } else { message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use everycent_schemas::events::{self, FetchRequested};

    fn delivery() -> Delivery {
        Delivery {
            topic: Topic::FetchFailed,
            message: Message { payload: "x".into(), attributes: [("schema".to_owned(), "c3".to_owned())].into() },
            message_id: "7".to_owned(),
            attempt: 3,
            lease: "1".to_owned(),
            published_at: None,
        }
    }

    #[test]
    fn a_dead_letter_says_what_became_of_the_message() {
        let at = Timestamp::from_micros(5);
        let wire = to_wire(&delivery(), "no JSON", at).set_message_id("8");
        let Delivery { topic, message, message_id, attempt, .. } = delivery();
        let expected = DeadLetter { topic, message_id, message, attempts: attempt, reason: "no JSON".into(), at };
        assert_eq!(from_wire(Topic::FetchFailed, wire), expected);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let wire = to_wire(&delivery(), &"ü".repeat(2000), Timestamp::from_micros(5));
        assert_eq!(wire.attributes[REASON].len(), 1024);
        let odd = to_wire(&delivery(), &format!("a{}", "ü".repeat(2000)), Timestamp::from_micros(5));
        assert_eq!(odd.attributes[REASON].len(), 1023);
    }

    #[test]
    fn what_pubsub_gave_up_itself_is_told_as_such() {
        let published = google_cloud_wkt::Timestamp::clamp(2, 3000);
        let wire = Wire::new().set_data("x").set_message_id("9").set_publish_time(published);
        let wire = wire.set_attributes([(COUNTED, "20"), ("schema", "c3")]);
        let letter = from_wire(Topic::FetchFailed, wire);
        assert_eq!((letter.message_id.as_str(), letter.attempts), ("9", 20));
        assert_eq!(letter.message, delivery().message);
        assert_eq!((letter.reason.as_str(), letter.at.micros()), ("Pub/Sub gave it up after 20 deliveries", 2_000_003));
    }

    #[test]
    fn a_request_that_pubsub_gave_up_itself_reads_as_one() {
        let json = r#"{"source": "cursor/spend", "trailing_days": 7}"#;
        let letter = from_wire(Topic::FetchRequested, Wire::new().set_data(json).set_message_id("9"));
        let Message { payload, attributes } = &letter.message;
        let request = events::decode::<FetchRequested>(payload, &attributes["schema"]);
        assert_eq!(request.map(|request| request.trailing_days).ok(), Some(7));
        let junk = from_wire(Topic::FetchRequested, Wire::new().set_data("{").set_message_id("9"));
        assert_eq!(junk.message.payload, "{");
    }
}
