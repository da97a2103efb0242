//! Makes the topics and subscriptions where nobody else does: emulators, tests, a first try. What is there already is
//! left as it is.

use std::time::Duration;

use everycent_schemas::events::{
    AnswerDecided, BatchMerged, BatchNormalized, Event, FetchFailed, FetchRequested, SnapshotStored,
};
use google_cloud_gax::error::rpc::Code;
use google_cloud_pubsub::client::{SchemaService, SubscriptionAdmin, TopicAdmin};
use google_cloud_pubsub::model::{
    DeadLetterPolicy, Encoding, ExpirationPolicy, RetryPolicy, Schema, SchemaSettings, Subscription,
    Topic as WireTopic, schema,
};
use google_cloud_wkt::Duration as WireDuration;

use super::client::client;
use super::failure::{Asked, code};
use super::{PubSubBus, PubSubSettings};
use crate::bus::{BusError, Topic};

/// What Pub/Sub lets through a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payloads {
    /// Anything.
    Unchecked,
    /// What fits the topic's Avro schema.
    Checked,
}

const PATIENCE: Duration = Duration::from_secs(60);

impl PubSubBus {
    pub async fn provision(&self, payloads: Payloads) -> Result<(), BusError> {
        let admins = Admins::connect(&self.0.endpoint).await?;
        for topic in Topic::ALL {
            admins.provision(self, *topic, payloads).await?;
        }
        Ok(())
    }
}

struct Admins {
    topics: TopicAdmin,
    subscriptions: SubscriptionAdmin,
    schemas: SchemaService,
}

impl Admins {
    async fn connect(endpoint: &Option<String>) -> Result<Self, BusError> {
        Ok(Self {
            topics: client!(TopicAdmin::builder(), endpoint)?,
            subscriptions: client!(SubscriptionAdmin::builder(), endpoint)?,
            schemas: client!(SchemaService::builder(), endpoint)?,
        })
    }

    async fn provision(&self, bus: &PubSubBus, topic: Topic, payloads: Payloads) -> Result<(), BusError> {
        let (names, settings) = (&bus.0.names, &bus.0.settings);
        let mut wanted = WireTopic::new().set_name(names.topic(topic));
        if payloads == Payloads::Checked {
            self.make_schema(bus, topic).await?;
            let encoding = if topic == Topic::FetchRequested { Encoding::Json } else { Encoding::Binary };
            wanted = wanted
                .set_schema_settings(SchemaSettings::new().set_schema(names.schema(topic)).set_encoding(encoding));
        }
        self.make_topic(wanted).await?;
        if !topic.has_reader() {
            return Ok(());
        }
        let (dead, dead_subscription) = (names.dead_topic(topic), names.dead_subscription(topic));
        self.make_topic(WireTopic::new().set_name(&dead)).await?;
        self.make_subscription(subscription(&dead_subscription, &dead)).await?;
        let live = subscription(&names.subscription(topic), &names.topic(topic));
        let live = with_dead_letters(live, settings, dead);
        // The emulator's retry policy loses messages whose readers died more than once.
        self.make_subscription(if bus.0.endpoint.is_some() { live } else { with_backoff(live) }).await
    }

    async fn make_schema(&self, bus: &PubSubBus, topic: Topic) -> Result<(), BusError> {
        let names = &bus.0.names;
        let (project, name) = (names.project(), names.schema(topic));
        let asked = Asked { action: "provision", resource: &name, permission: "pubsub.schemas.create" };
        let schema = Schema::new().set_name(&name).set_type(schema::Type::Avro).set_definition(definition(topic));
        let made =
            self.schemas.create_schema().set_parent(project).set_schema_id(names.schema_id(topic)).set_schema(schema);
        made_or_there(asked, made.send()).await
    }

    async fn make_topic(&self, topic: WireTopic) -> Result<(), BusError> {
        let name = topic.name.clone();
        let asked = Asked { action: "provision", resource: &name, permission: "pubsub.topics.create" };
        made_or_there(asked, self.topics.create_topic().with_request(topic).send()).await
    }

    async fn make_subscription(&self, subscription: Subscription) -> Result<(), BusError> {
        let name = subscription.name.clone();
        let asked = Asked { action: "provision", resource: &name, permission: "pubsub.subscriptions.create" };
        made_or_there(asked, self.subscriptions.create_subscription().with_request(subscription).send()).await
    }
}

/// One that never expires; without a word it would after a month in which nobody read.
fn subscription(name: &str, topic: &str) -> Subscription {
    Subscription::new().set_name(name).set_topic(topic).set_expiration_policy(ExpirationPolicy::new())
}

fn with_dead_letters(subscription: Subscription, settings: &PubSubSettings, dead: String) -> Subscription {
    let deadline = i32::try_from(settings.ack_deadline().as_secs()).unwrap_or(i32::MAX);
    // The bus gives up first, with a reason. Pub/Sub's own limit stands behind it, and makes it count deliveries.
    let attempts = i32::try_from(settings.bus.max_attempts).unwrap_or(i32::MAX).saturating_mul(2).clamp(5, 100);
    subscription
        .set_ack_deadline_seconds(deadline)
        .set_dead_letter_policy(DeadLetterPolicy::new().set_dead_letter_topic(dead).set_max_delivery_attempts(attempts))
}

fn with_backoff(subscription: Subscription) -> Subscription {
    let (least, most) = (WireDuration::clamp(1, 0), WireDuration::clamp(600, 0));
    subscription.set_retry_policy(RetryPolicy::new().set_minimum_backoff(least).set_maximum_backoff(most))
}

fn definition(topic: Topic) -> &'static str {
    match topic {
        Topic::FetchRequested => FetchRequested::schema().json,
        Topic::SnapshotStored => SnapshotStored::schema().json,
        Topic::BatchNormalized => BatchNormalized::schema().json,
        Topic::BatchMerged => BatchMerged::schema().json,
        Topic::FetchFailed => FetchFailed::schema().json,
        Topic::AnswerDecided => AnswerDecided::schema().json,
    }
}

async fn made_or_there<T>(
    asked: Asked<'_>,
    made: impl Future<Output = google_cloud_pubsub::Result<T>>,
) -> Result<(), BusError> {
    match tokio::time::timeout(PATIENCE, made).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if code(&error) == Some(Code::AlreadyExists) => Ok(()),
        Ok(Err(error)) => Err(asked.failed(error)),
        Err(late) => Err(asked.unavailable(late)),
    }
}
