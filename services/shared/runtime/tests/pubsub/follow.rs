//! Following a topic beside its readers.

use std::time::Duration;

use everycent_runtime::bus::pubsub::Payloads;
use everycent_runtime::bus::{Bus, Follow, Topic};

use super::place::{PATIENCE, Place, TOPIC, message, pull_one, text};

async fn followed(follower: &mut dyn Follow, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let messages = follower.next(PATIENCE).await.unwrap();
        assert!(!messages.is_empty(), "nothing more came after {seen:?}");
        seen.extend(messages.iter().map(|message| String::from_utf8_lossy(&message.payload).into_owned()));
    }
    seen.sort();
    seen
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn every_follower_sees_what_is_published_since_and_the_reader_too() {
    let place = Place::new();
    let bus = place.made(Payloads::Unchecked).await;
    bus.publish(TOPIC, message("before")).await.unwrap();
    let mut one = bus.follow(TOPIC).await.unwrap();
    let mut other = bus.follow(TOPIC).await.unwrap();
    bus.publish(TOPIC, message("a")).await.unwrap();
    bus.publish(TOPIC, message("b")).await.unwrap();
    assert_eq!(followed(one.as_mut(), 2).await, ["a", "b"]);
    assert_eq!(followed(other.as_mut(), 2).await, ["a", "b"]);
    let mut read = Vec::new();
    for _ in 0..3 {
        let delivery = pull_one(&bus).await;
        bus.ack(&delivery).await.unwrap();
        read.push(text(&delivery));
    }
    read.sort();
    assert_eq!(read, ["a", "b", "before"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn what_nobody_reads_can_be_followed_and_nothing_is_left_behind() {
    let place = Place::new();
    let bus = place.made(Payloads::Unchecked).await;
    let mut follower = bus.follow(Topic::BatchMerged).await.unwrap();
    bus.publish(Topic::BatchMerged, message("merged")).await.unwrap();
    assert_eq!(followed(follower.as_mut(), 1).await, ["merged"]);
    assert_eq!(place.subscriptions(Topic::BatchMerged).await, 1);
    follower.end().await;
    assert_eq!(place.subscriptions(Topic::BatchMerged).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn looks_in_vain_lose_nothing() {
    let place = Place::new();
    let bus = place.made(Payloads::Unchecked).await;
    let mut follower = bus.follow(TOPIC).await.unwrap();
    for _ in 0..15 {
        assert!(follower.next(Duration::from_millis(100)).await.unwrap().is_empty());
    }
    bus.publish(TOPIC, message("late")).await.unwrap();
    let looked = async {
        loop {
            let came = follower.next(Duration::from_millis(100)).await.unwrap();
            if let Some(first) = came.first() {
                return String::from_utf8_lossy(&first.payload).into_owned();
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, looked).await.unwrap(), "late");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_topic_that_is_missing_cannot_be_followed_and_is_named() {
    let place = Place::new();
    let bus = place.open(std::sync::Arc::new(everycent_runtime::clock::SystemClock), place.settings()).await;
    let error = bus.follow(TOPIC).await.err().unwrap().to_string();
    assert!(error.contains("follow: "), "{error}");
    assert!(error.contains("-snapshot-stored does not exist"), "{error}");
}
