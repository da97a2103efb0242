//! The bus on Pub/Sub, against Google's emulator.
#![cfg(feature = "google")]
#![allow(clippy::unwrap_used)]

#[path = "pubsub/away.rs"]
mod away;
#[path = "pubsub/follow.rs"]
mod follow;
#[path = "pubsub/place.rs"]
mod place;
#[path = "pubsub/service.rs"]
mod service;

use everycent_runtime::bus::conformance::conformance_except;

use place::Place;

/// What Pub/Sub can't do, and the emulator neither.
const LEFT_OUT: [(&str, &str); 1] = [(
    "depths_count_what_is_where",
    "Pub/Sub tells nobody how many messages wait; `depths_tell_what_this_process_holds` checks what is known",
)];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn the_pubsub_bus_conforms() {
    conformance_except(&LEFT_OUT, Place::subject).await;
}
