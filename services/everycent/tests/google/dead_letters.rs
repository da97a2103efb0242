//! Dead letters on Pub/Sub, as their operator sees them and sends them again.

use std::sync::Arc;
use std::time::Duration;

use everycent_emulators::PROJECT;
use everycent_runtime::bus::pubsub::{PubSubBus, PubSubSettings};
use everycent_runtime::bus::{Bus, Delivery, Topic};
use everycent_runtime::clock::SystemClock;
use everycent_runtime::google::endpoints::Endpoints;
use everycent_runtime::worker::{Published, decode, publish};
use everycent_schemas::events::{FetchFailed, FetchRequested};
use serde_json::Value;

use super::cloud::Cloud;
use super::support::Scene;

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(60);

async fn pull(bus: &PubSubBus, topic: Topic) -> Delivery {
    bus.pull(topic, 1, PATIENCE).await.unwrap().pop().expect("a message comes")
}

async fn bury(bus: &PubSubBus, topic: Topic, event: &impl Published) -> String {
    publish(bus, event).await.unwrap();
    let delivery = pull(bus, topic).await;
    bus.dead_letter(&delivery, "the store was away").await.unwrap();
    delivery.message_id
}

fn request() -> FetchRequested {
    FetchRequested {
        source: "anthropic/cost_report".into(),
        account_id: Some("default".into()),
        from_date: Some("2025-10-03".parse().unwrap()),
        to_date: Some("2025-10-09".parse().unwrap()),
        trailing_days: 0,
        requested_at: None,
    }
}

fn failure() -> FetchFailed {
    FetchFailed {
        source: "cursor/spend".into(),
        account_id: "default".into(),
        from_date: "2025-10-03".parse().unwrap(),
        to_date: "2025-10-03".parse().unwrap(),
        reason: "refused".into(),
        failed_at: everycent_schemas::Timestamp::from_micros(1),
        unavailable: false,
    }
}

#[test]
#[ignore = "needs emulators of Google's services: make emulators"]
fn a_letter_on_pubsub_is_sent_again_or_forgotten_and_gone_then() {
    let cloud = Cloud::begin(Scene::october());
    cloud.run("setup").exits(0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let host = cloud.emulators.pubsub.host();
    let endpoints = Endpoints { pubsub: Some(format!("http://{host}")), ..Endpoints::default() };
    let bus = PubSubBus::open(PROJECT, &endpoints, Arc::new(SystemClock), PubSubSettings::default());
    let bus = runtime.block_on(bus).unwrap();
    let [requested, failed] = runtime.block_on(async {
        let requested = bury(&bus, Topic::FetchRequested, &request()).await;
        [requested, bury(&bus, Topic::FetchFailed, &failure()).await]
    });
    let listed = || {
        let list = cloud.run("dead-letters list --json").exits(0).json();
        let mut ids: Vec<Value> =
            list["dead_letters"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        ids.sort_by_key(ToString::to_string);
        ids
    };
    let mut both = vec![Value::from(requested.clone()), Value::from(failed.clone())];
    both.sort_by_key(ToString::to_string);
    assert_eq!(listed(), both);
    cloud.run("dead-letters").exits(0).says(&["anthropic/cost_report of account `default`, 2025-10-03 to 2025-10-09"]);

    cloud.run(&format!("dead-letters redeliver {requested}")).exits(0).says(&["1 message sent again", "The services"]);
    assert_eq!(listed(), [Value::from(failed.clone())]);
    let again = runtime.block_on(pull(&bus, Topic::FetchRequested));
    assert_eq!(decode::<FetchRequested>(&again.message).unwrap(), request());
    runtime.block_on(bus.ack(&again)).unwrap();

    cloud.run(&format!("dead-letters forget {failed}")).exits(0).says(&["1 dead letter forgotten", "the note that"]);
    cloud.run("dead-letters").exits(0).says(&["No message was given up"]);
    runtime.block_on(bus.close());
}
