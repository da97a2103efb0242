//! What only a bus between machines has: closing, dying, missing topics, schemas.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use everycent_runtime::bus::pubsub::{Payloads, PubSubBus, PubSubSettings};
use everycent_runtime::bus::{Bus, BusError, BusSettings, Depth, Message, Topic};
use everycent_runtime::clock::{ManualClock, SystemClock};
use everycent_runtime::worker;
use everycent_schemas::Timestamp;
use everycent_schemas::events::{self, FetchRequested, SnapshotStored};

use super::place::{PATIENCE, Place, TOPIC, depth, message, pull_now, pull_one, text, until};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_missing_topic_or_subscription_is_named() {
    let place = Place::new();
    let bus = place.open(Arc::new(SystemClock), place.settings()).await;
    let publish = bus.publish(TOPIC, message("x")).await.unwrap_err();
    assert!(matches!(publish, BusError::Refused { action: "publish", .. }), "{publish}");
    assert!(publish.to_string().contains("-snapshot-stored does not exist"), "{publish}");
    for _ in 0..2 {
        let pull = bus.pull(TOPIC, 1, PATIENCE).await.unwrap_err();
        assert!(matches!(pull, BusError::Refused { action: "pull", .. }), "{pull}");
        assert!(pull.to_string().contains("-snapshot-stored-sub does not exist"), "{pull}");
    }
    let dead = bus.dead_letters(1).await.unwrap_err();
    assert!(matches!(dead, BusError::Refused { .. }), "{dead}");
    bus.provision(Payloads::Unchecked).await.unwrap();
    bus.publish(TOPIC, message("there now")).await.unwrap();
    assert_eq!(text(&pull_one(&bus).await), "there now");
    bus.provision(Payloads::Unchecked).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_closed_bus_gives_back_what_it_held_and_counts_only_what_was_tried() {
    let place = Place::new();
    let bus = place.made(Payloads::Unchecked).await;
    for name in ["acked", "tried", "untried"] {
        bus.publish(TOPIC, message(name)).await.unwrap();
    }
    let mut taken = Vec::new();
    while taken.len() < 3 {
        taken.extend(bus.pull(TOPIC, 3, PATIENCE).await.unwrap());
    }
    taken.sort_by_key(text);
    bus.ack(&taken[0]).await.unwrap();
    bus.release(&taken[2]).await.unwrap();
    bus.close().await;

    let other = place.open(Arc::new(SystemClock), place.settings()).await;
    let mut again = [pull_one(&other).await, pull_one(&other).await];
    again.sort_by_key(text);
    let seen: Vec<_> =
        again.iter().map(|delivery| (text(delivery), delivery.message_id.clone(), delivery.attempt)).collect();
    let expected = [("tried", &taken[1], 2), ("untried", &taken[2], 1)];
    assert_eq!(seen, expected.map(|(text, before, attempt)| (text.to_owned(), before.message_id.clone(), attempt)));
    assert!(pull_now(&other).await.is_empty(), "what was acked does not come again");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn the_messages_of_killed_processes_come_again_after_the_deadline() {
    if let Some(bus) = Place::bus_of_parent(SHORT).await {
        return hold_ten(&bus).await;
    }
    let place = Place::new();
    let bus = place.open(Arc::new(SystemClock), short(place.settings())).await;
    bus.provision(Payloads::Unchecked).await.unwrap();
    let published: BTreeSet<String> = (0..10).map(|number| format!("message {number}")).collect();
    for name in &published {
        bus.publish(TOPIC, message(name)).await.unwrap();
    }
    for _ in 0..3 {
        let test = "service::the_messages_of_killed_processes_come_again_after_the_deadline";
        let mut victim = place.process(test).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let held = lines.map(Result::unwrap).find(|line| line.contains("holds 10"));
        assert!(held.is_some(), "the victim took all of them");
        victim.kill().unwrap();
        victim.wait().unwrap();
    }

    let mut again = BTreeSet::new();
    while again.len() < published.len() {
        let pulled = bus.pull(TOPIC, 10, PATIENCE).await.unwrap();
        assert!(!pulled.is_empty(), "{} came again", again.len());
        for delivery in pulled {
            assert_eq!(delivery.attempt, 4);
            bus.ack(&delivery).await.unwrap();
            again.insert(text(&delivery));
        }
    }
    assert_eq!(again, published);
}

/// Takes ten messages and never answers: what a process does that is then killed.
async fn hold_ten(bus: &PubSubBus) {
    let mut held = 0;
    while held < 10 {
        held += bus.pull(TOPIC, 10, PATIENCE).await.unwrap().len();
    }
    println!("holds {held}");
    std::future::pending::<()>().await;
}

/// The shortest lease that Pub/Sub knows.
const SHORT: BusSettings = BusSettings { lease: Duration::from_secs(10), max_attempts: 5 };

fn short(settings: PubSubSettings) -> PubSubSettings {
    PubSubSettings { bus: SHORT, ..settings }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn two_processes_share_no_message_and_work_that_goes_on_keeps_its_lease() {
    let place = Place::new();
    let one = place.open(Arc::new(SystemClock), short(place.settings())).await;
    one.provision(Payloads::Unchecked).await.unwrap();
    one.publish(TOPIC, message("long work")).await.unwrap();
    let held = pull_one(&one).await;
    let other = place.open(Arc::new(SystemClock), short(place.settings())).await;
    for _ in 0..3 {
        assert!(other.pull(TOPIC, 1, Duration::from_secs(5)).await.unwrap().is_empty(), "15 s over a lease of 10 s");
        one.extend(&held).await.unwrap();
    }
    one.close().await;
    assert_eq!(pull_one(&other).await.attempt, 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn what_a_busy_process_does_not_take_goes_to_an_idle_one_uncounted() {
    let place = Place::new();
    let clock = ManualClock::at(Timestamp::from_micros(0));
    let busy = place.open(Arc::new(clock.clone()), place.settings()).await;
    busy.provision(Payloads::Unchecked).await.unwrap();
    for number in 0..20 {
        busy.publish(TOPIC, message(&number.to_string())).await.unwrap();
    }
    let held = pull_one(&busy).await;
    until(async || depth(&busy).await.ready == 19).await;
    let idle = place.open(Arc::new(SystemClock), place.settings()).await;
    assert!(pull_now(&idle).await.is_empty(), "the busy one has all of them");
    // Pub/Sub may bring what the busy one gives back to the busy one; then it gives it back once more.
    let given = tokio::time::timeout(PATIENCE, async {
        loop {
            busy.extend(&held).await.unwrap();
            clock.advance(chrono::Duration::seconds(30));
            if let Some(given) = pull_now(&idle).await.pop() {
                break given;
            }
        }
    });
    assert_eq!(given.await.expect("some come to the idle one").attempt, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn depths_tell_what_this_process_holds() {
    let place = Place::new();
    let bus = place.made(Payloads::Unchecked).await;
    for name in ["a", "b", "c"] {
        bus.publish(TOPIC, message(name)).await.unwrap();
    }
    assert_eq!(
        depth(&bus).await,
        Depth { topic: TOPIC, ready: 0, leased: 0, dead: 0 },
        "what Pub/Sub holds is not known"
    );
    let (buried, delayed, held) = (pull_one(&bus).await, pull_one(&bus).await, pull_one(&bus).await);
    bus.dead_letter(&buried, "hopeless").await.unwrap();
    bus.nack(&delayed, Duration::from_secs(3600), "later").await.unwrap();
    assert_eq!(depth(&bus).await, Depth { topic: TOPIC, ready: 1, leased: 1, dead: 1 });
    bus.ack(&held).await.unwrap();
    assert_eq!(depth(&bus).await, Depth { topic: TOPIC, ready: 1, leased: 0, dead: 1 });
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn topics_with_schemas_take_events_and_refuse_the_rest() {
    let place = Place::new();
    let bus = place.made(Payloads::Checked).await;
    let stored = SnapshotStored {
        snapshot_id: "0123".into(),
        source: "cursor/spend".into(),
        account_id: "acme".into(),
        from_date: "2025-10-03".parse().unwrap(),
        to_date: "2025-10-03".parse().unwrap(),
        fetched_at: Timestamp::from_micros(1),
        manifest: "raw/manifest.json".into(),
        pages: 1,
        body_bytes: 10,
        published_at: Timestamp::from_micros(2),
        only_from: None,
        only_to: Some("2025-10-03".parse().unwrap()),
    };
    worker::publish(&bus, &stored).await.unwrap();
    let delivery = pull_one(&bus).await;
    let fingerprint = &delivery.message.attributes["schema"];
    assert_eq!(events::decode::<SnapshotStored>(&delivery.message.payload, fingerprint).unwrap(), stored);
    assert_eq!(delivery.message.attributes.len(), 1, "what Pub/Sub adds is not seen");
    let refused = bus.publish(TOPIC, message("no event")).await.unwrap_err();
    assert!(matches!(refused, BusError::Refused { action: "publish", .. }), "{refused}");
}

/// The schema's JSON encoding wants every field, also those that have a default.
const SCHEDULED: &str = r#"{"source": "cursor/spend", "trailing_days": 7, "account_id": null, "from_date": null,
    "to_date": null, "requested_at": null}"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_request_travels_as_json_that_a_scheduler_could_have_written() {
    let place = Place::new();
    let bus = place.made(Payloads::Checked).await;
    let request = FetchRequested {
        source: "cursor/spend".into(),
        trailing_days: 0,
        account_id: Some("acme".into()),
        from_date: Some("2025-10-03".parse().unwrap()),
        to_date: Some("2025-10-04".parse().unwrap()),
        requested_at: Some(Timestamp::from_micros(2)),
    };
    worker::publish(&bus, &request).await.unwrap();
    assert_eq!(pull_request(&bus).await, request);
    let scheduled = Message { payload: SCHEDULED.into(), attributes: [].into() };
    bus.publish(Topic::FetchRequested, scheduled).await.unwrap();
    let scheduled = pull_request(&bus).await;
    assert_eq!((scheduled.source.as_str(), scheduled.trailing_days, scheduled.account_id), ("cursor/spend", 7, None));
}

async fn pull_request(bus: &PubSubBus) -> FetchRequested {
    let delivery = bus.pull(Topic::FetchRequested, 1, PATIENCE).await.unwrap().pop().expect("a request comes");
    bus.ack(&delivery).await.unwrap();
    events::decode(&delivery.message.payload, &delivery.message.attributes["schema"]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn an_unreadable_request_becomes_a_dead_letter_with_its_reason() {
    let place = Place::new();
    let bus = place.made(Payloads::Unchecked).await;
    bus.publish(Topic::FetchRequested, message("no JSON")).await.unwrap();
    bus.publish(Topic::FetchRequested, message(r#"{"source":"cursor/spend"}"#)).await.unwrap();
    assert_eq!(pull_request(&bus).await.source, "cursor/spend");
    until(async || !bus.dead_letters(9).await.unwrap().is_empty()).await;
    let letters = bus.dead_letters(9).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0].message, letters[0].attempts), (&message("no JSON"), 1));
    assert!(letters[0].reason.starts_with("FetchRequested is unreadable: "), "{}", letters[0].reason);
    assert_eq!(bus.dead_letters(9).await.unwrap(), letters, "a look leaves them where they are");
}
