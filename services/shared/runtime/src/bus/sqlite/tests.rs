#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use everycent_schemas::Timestamp;
use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::clock::ManualClock;

const TOPIC: Topic = Topic::FetchRequested;
const SETTINGS: BusSettings = BusSettings { lease: Duration::from_secs(60), max_attempts: 2 };

#[tokio::test]
async fn messages_and_dead_letters_survive_a_new_opening() {
    let place = Place::new();
    let bus = place.open();
    for text in ["waiting", "held", "hopeless"] {
        publish(&bus, text).await;
    }
    let taken = bus.pull(TOPIC, 3, Duration::ZERO).await.unwrap();
    bus.release(&taken[0]).await.unwrap();
    bus.dead_letter(&taken[2], "hopeless").await.unwrap();
    drop(bus);

    let bus = place.open();
    let depth = bus.depths().await.unwrap()[0];
    assert_eq!(depth, Depth { topic: TOPIC, ready: 1, leased: 1, dead: 1 });
    assert_eq!(texts(&bus.pull(TOPIC, 9, Duration::ZERO).await.unwrap()), ["waiting"]);
    bus.ack(&taken[1]).await.unwrap();
    assert_eq!(bus.depths().await.unwrap()[0].leased, 1, "a lease may be settled through another connection");
    assert_eq!(bus.dead_letters(9).await.unwrap()[0].reason, "hopeless");
}

#[tokio::test]
async fn a_panic_goes_on_in_its_caller_and_the_queue_goes_on_for_the_others() {
    let place = Place::new();
    let bus = place.open();
    let defect = bus.blocking("publish", |_| -> rusqlite::Result<()> { panic!("a defect") });
    assert!(AssertUnwindSafe(defect).catch_unwind().await.is_err(), "it is no outage");
    publish(&bus, "next").await;
    assert_eq!(texts(&bus.pull(TOPIC, 9, Duration::ZERO).await.unwrap()), ["next"]);
}

#[tokio::test]
async fn a_message_keeps_the_time_when_it_was_published_and_a_file_of_an_earlier_release_goes_on() {
    let place = Place::new();
    let bus = place.open();
    publish(&bus, "old").await;
    drop(bus);
    let connection = rusqlite::Connection::open(place.file()).unwrap();
    connection.execute_batch("ALTER TABLE messages DROP COLUMN published_at").unwrap();
    drop(connection);

    let bus = place.open();
    assert_eq!(bus.pull(TOPIC, 1, Duration::ZERO).await.unwrap()[0].published_at, None);
    place.clock.advance(chrono::Duration::seconds(5));
    let published_at = Some(place.clock.now());
    publish(&bus, "new").await;
    for attempt in 1..=2 {
        place.clock.advance(chrono::Duration::seconds(61));
        let pulled = bus.pull(TOPIC, 9, Duration::ZERO).await.unwrap();
        let new = pulled.iter().find(|delivery| delivery.message.payload == "new").unwrap();
        assert_eq!((new.published_at, new.attempt), (published_at, attempt));
    }
}

#[tokio::test]
async fn the_sole_owner_takes_over_what_a_dead_process_held() {
    let place = Place::new();
    let bus = place.open();
    publish(&bus, "held").await;
    let held = bus.pull(TOPIC, 1, Duration::ZERO).await.unwrap().remove(0);
    drop(bus);

    let bus = place.open();
    assert_eq!(bus.release_all_leases().await.unwrap(), 1);
    bus.ack(&held).await.unwrap();
    let again = bus.pull(TOPIC, 1, Duration::ZERO).await.unwrap().remove(0);
    assert_eq!((again.attempt, again.message_id), (2, held.message_id));
    assert_eq!(bus.release_all_leases().await.unwrap(), 1);
    assert!(bus.pull(TOPIC, 1, Duration::ZERO).await.unwrap().is_empty());
    assert_eq!(bus.dead_letters(1).await.unwrap()[0].reason, "its worker died 2 times");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_to_one_file_share_no_message() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    for number in 0..60 {
        publish(if number % 2 == 0 { &one } else { &other }, &number.to_string()).await;
    }
    let mut workers = JoinSet::new();
    for bus in [one.clone(), other.clone(), one, other] {
        workers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let taken = bus.pull(TOPIC, 2, Duration::ZERO).await.unwrap();
                if taken.is_empty() {
                    return mine;
                }
                mine.extend(texts(&taken));
                bus.ack(&taken[0]).await.unwrap();
            }
        });
    }
    let all = workers.join_all().await.concat();
    assert_eq!((all.len(), all.into_iter().collect::<BTreeSet<_>>().len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_pull_notices_what_another_process_publishes() {
    let place = Place::new();
    let asked = Arc::new(CountingClock::default());
    let here = SqliteBus::open(&place.file(), asked.clone(), SETTINGS).unwrap();
    let pull = tokio::spawn(async move { here.pull(TOPIC, 1, Duration::from_secs(600)).await });
    let looks_again_and_again = async {
        while asked.0.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, looks_again_and_again).await.unwrap();
    publish(&place.open(), "from elsewhere").await;
    let pulled = tokio::time::timeout(limit, pull).await.unwrap().unwrap().unwrap();
    assert_eq!(texts(&pulled), ["from elsewhere"]);
}

#[tokio::test]
async fn many_exhausted_messages_do_not_hide_the_next_good_one() {
    let place = Place::new();
    let bus = place.open();
    for number in 0..20 {
        publish(&bus, &number.to_string()).await;
    }
    for _ in 0..SETTINGS.max_attempts {
        assert_eq!(bus.pull(TOPIC, 20, Duration::ZERO).await.unwrap().len(), 20);
        place.clock.advance(chrono::Duration::seconds(60));
    }
    publish(&bus, "good").await;
    assert_eq!(texts(&bus.pull(TOPIC, 1, Duration::ZERO).await.unwrap()), ["good"]);
    assert_eq!(bus.dead_letters(100).await.unwrap().len(), 20);
}

#[tokio::test]
async fn messages_come_in_the_order_in_which_they_became_due() {
    let place = Place::new();
    let bus = place.open();
    for text in ["a", "b", "c"] {
        publish(&bus, text).await;
    }
    let first = bus.pull(TOPIC, 1, Duration::ZERO).await.unwrap().remove(0);
    bus.nack(&first, Duration::from_secs(1), "later").await.unwrap();
    place.clock.advance(chrono::Duration::seconds(2));
    assert_eq!(texts(&bus.pull(TOPIC, 9, Duration::ZERO).await.unwrap()), ["b", "c", "a"]);
}

#[tokio::test]
async fn a_lease_of_no_time_at_all_still_ends_the_pull() {
    let place = Place::new();
    let settings = BusSettings { lease: Duration::ZERO, max_attempts: 0 };
    let bus = SqliteBus::open(&place.file(), Arc::new(place.clock.clone()), settings).unwrap();
    publish(&bus, "once").await;
    assert_eq!(texts(&bus.pull(TOPIC, 9, Duration::ZERO).await.unwrap()), ["once"]);
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let place = Place::new();
    drop(place.open());
    let connection = rusqlite::Connection::open(place.file()).unwrap();
    connection.pragma_update(None, "user_version", open::FORMAT + 1).unwrap();
    let error = place.try_open().unwrap_err();
    assert!(matches!(error, BusError::Refused { action: "open", .. }));
    assert!(error.to_string().contains("has format 2 and this everycent knows only 1: run a newer one"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_named_and_not_touched() {
    let place = Place::new();
    let junk = "no database at all, whatever its name says. ".repeat(100);
    std::fs::write(place.file(), &junk).unwrap();
    let error = place.try_open().unwrap_err();
    assert!(matches!(error, BusError::Refused { .. }));
    let text = error.to_string();
    assert!(text.contains(&place.file().display().to_string()) && text.contains("move it away"), "{text}");
    assert_eq!(std::fs::read_to_string(place.file()).unwrap(), junk);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_queue_is_not_followed() {
    let place = Place::new();
    let target = place.file().with_file_name("theirs");
    std::fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, place.file()).unwrap();
    let error = place.try_open().unwrap_err().to_string();
    assert!(
        error.contains("bus.sqlite: it is a symbolic link") && std::fs::read(&target).unwrap().is_empty(),
        "{error}"
    );
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let place = Place::new();
    let path = place.dir.path().join("missing/bus.sqlite");
    let error = SqliteBus::open(&path, Arc::new(place.clock), SETTINGS).unwrap_err();
    assert!(matches!(error, BusError::Refused { .. }));
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}

#[tokio::test]
async fn a_transaction_is_on_the_disk_when_it_returns() {
    let place = Place::new();
    let bus = place.open();
    let settings = bus.blocking("look", |queue| queue.pragmas()).await.unwrap();
    assert_eq!(settings, ("wal".to_owned(), 2), "write-ahead log, synchronous = FULL");
}

/// Stands still and counts how often it is asked, which a pull does once for each look.
#[derive(Debug, Default)]
struct CountingClock(AtomicU32);

impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_micros(0)
    }
}

struct Place {
    dir: TempDir,
    clock: ManualClock,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: ManualClock::at(Timestamp::from_micros(0)) }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("bus.sqlite")
    }

    fn try_open(&self) -> Result<SqliteBus, BusError> {
        SqliteBus::open(&self.file(), Arc::new(self.clock.clone()), SETTINGS)
    }

    fn open(&self) -> SqliteBus {
        self.try_open().unwrap()
    }
}

async fn publish(bus: &SqliteBus, text: &str) {
    let message = Message { payload: Bytes::copy_from_slice(text.as_bytes()), attributes: [].into() };
    bus.publish(TOPIC, message).await.unwrap();
}

fn texts(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|delivery| String::from_utf8_lossy(&delivery.message.payload).into_owned()).collect()
}
