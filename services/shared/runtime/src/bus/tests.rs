#![allow(clippy::unwrap_used)]
use std::sync::{Arc, Mutex};

use everycent_schemas::Timestamp;

use super::conformance::{Subject, conformance};
use super::sqlite::SqliteBus;
use super::unreliable::UnreliableBus;
use super::*;
use crate::clock::ManualClock;
use crate::faults::{Fault, Faults};

#[tokio::test(flavor = "multi_thread")]
async fn the_sqlite_bus_conforms() {
    let files = Mutex::new(Vec::new());
    conformance(async || subject(&files, |bus| bus)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unreliable_bus_conforms_while_nothing_fails() {
    let files = Mutex::new(Vec::new());
    conformance(async || subject(&files, |bus| Arc::new(UnreliableBus::new(bus, Faults::none())))).await;
}

#[tokio::test]
async fn a_lost_reply_to_a_publish_has_published() {
    check_publish(Fault::Before, 0).await;
    check_publish(Fault::After, 1).await;
}

async fn check_publish(fault: Fault, published: u64) {
    let files = Mutex::new(Vec::new());
    let inner = subject(&files, |bus| bus).bus;
    let bus = UnreliableBus::new(Arc::clone(&inner), Faults::new(move |_| fault));
    let message = Message { payload: Bytes::new(), attributes: [].into() };
    let result = bus.publish(Topic::FetchRequested, message).await;
    assert!(matches!(result, Err(BusError::Unavailable { action: "publish", .. })), "{result:?}");
    assert_eq!(inner.depths().await.unwrap()[0].ready, published, "{fault:?}");
}

fn subject(files: &Mutex<Vec<tempfile::TempDir>>, wrap: impl Fn(Arc<dyn Bus>) -> Arc<dyn Bus>) -> Subject {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(Timestamp::from_micros(0));
    let settings = BusSettings { lease: Duration::from_secs(60), max_attempts: 3 };
    let bus = SqliteBus::open(&dir.path().join("bus.sqlite"), Arc::new(clock.clone()), settings).unwrap();
    files.lock().unwrap().push(dir);
    let advance = Box::new(move |by| {
        clock.advance(chrono::Duration::from_std(by).unwrap());
        Box::pin(std::future::ready(())) as _
    });
    Subject { bus: wrap(Arc::new(bus)), settings, advance }
}
