//! Events on their way to and from the bus.

use everycent_schemas::Timestamp;
use everycent_schemas::events::{
    self, AnswerDecided, BatchMerged, BatchNormalized, Event, FetchFailed, FetchRequested, SnapshotStored,
};

use crate::bus::{Bus, BusError, Message, Topic};
use crate::trace;

/// The attribute that carries the fingerprint of the schema that the payload was written with.
pub(crate) const SCHEMA: &str = "schema";

/// A type of event that travels on a topic of its own.
pub trait Published: Event + Send + Sync {
    const TOPIC: Topic;

    /// What the event does not say and the bus knows.
    #[must_use]
    fn published(self, _at: Option<Timestamp>) -> Self {
        self
    }
}

impl Published for FetchRequested {
    const TOPIC: Topic = Topic::FetchRequested;

    /// One of a scheduler was made when it was published.
    fn published(self, at: Option<Timestamp>) -> Self {
        Self { requested_at: self.requested_at.or(at), ..self }
    }
}

impl Published for SnapshotStored {
    const TOPIC: Topic = Topic::SnapshotStored;
}

impl Published for BatchNormalized {
    const TOPIC: Topic = Topic::BatchNormalized;
}

impl Published for BatchMerged {
    const TOPIC: Topic = Topic::BatchMerged;
}

impl Published for FetchFailed {
    const TOPIC: Topic = Topic::FetchFailed;
}

impl Published for AnswerDecided {
    const TOPIC: Topic = Topic::AnswerDecided;
}

/// Publishes an event to the topic of its type, as a part of the trace that the caller works for.
pub async fn publish<E: Published>(bus: &dyn Bus, event: &E) -> Result<(), BusError> {
    let mut message = encode(event);
    trace::carry(&mut message.attributes);
    bus.publish(E::TOPIC, message).await
}

pub(crate) fn encode<E: Event>(event: &E) -> Message {
    let encoded = events::encode(event);
    let attributes = [(SCHEMA.to_owned(), encoded.fingerprint.to_owned())].into();
    Message { payload: encoded.payload.into(), attributes }
}

/// Reads a message back; says why it is not the event that it should be.
pub fn decode<E: Event>(message: &Message) -> Result<E, String> {
    let fingerprint = message.attributes.get(SCHEMA).ok_or(format!("{} came without its schema", E::NAME))?;
    events::decode(&message.payload, fingerprint).map_err(|error| error.to_string())
}
