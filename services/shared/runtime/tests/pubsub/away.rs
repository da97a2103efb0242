//! Pub/Sub that is away for a while.

use std::sync::Arc;

use everycent_emulators::{Installed, PubSub};
use everycent_runtime::bus::pubsub::{Payloads, PubSubSettings};
use everycent_runtime::bus::{Bus, BusError};
use everycent_runtime::clock::SystemClock;

use super::place::{PATIENCE, TOPIC, bus_at, message, pull_one, text};

/// The emulator keeps nothing, so its topics are made again; a reader that was there before reads on.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_bus_reads_and_publishes_on_when_pubsub_was_away() {
    let installed = Installed::for_tests();
    let folder = tempfile::tempdir().unwrap();
    let mut pubsub = PubSub::start(&installed, folder.path(), 0).unwrap();
    pubsub.wait().unwrap();
    let bus = bus_at(&pubsub.host(), Arc::new(SystemClock), PubSubSettings::default()).await;
    bus.provision(Payloads::Unchecked).await.unwrap();
    bus.publish(TOPIC, message("before")).await.unwrap();
    let before = pull_one(&bus).await;
    bus.ack(&before).await.unwrap();

    pubsub.restart().unwrap();
    bus.provision(Payloads::Unchecked).await.unwrap();
    bus.publish(TOPIC, message("after")).await.unwrap();
    let after = tokio::time::timeout(PATIENCE, async {
        loop {
            match bus.pull(TOPIC, 1, PATIENCE).await {
                Ok(pulled) if !pulled.is_empty() => break pulled,
                // What it said of the time in which there was no subscription.
                Ok(_) | Err(BusError::Refused { action: "pull", .. } | BusError::Unavailable { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
    let after = after.await.expect("it reads on");
    assert_eq!(after.iter().map(text).collect::<Vec<_>>(), ["after"]);
    bus.ack(&after[0]).await.unwrap();
}
