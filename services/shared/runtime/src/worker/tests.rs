#![allow(clippy::unwrap_used)]
mod at_once;
mod panics;
mod scene;

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::scene::{Diary, MAX_ATTEMPTS, Place, Script, in_time, quick};
use super::*;
use crate::bus::unreliable::UnreliableBus;
use crate::bus::{BusSettings, Message};
use crate::failure::Reason;
use crate::faults::{Fault, Faults};
use crate::store::StoreError;
use crate::warehouse::{FLUSH_FAR_AWAY, WarehouseError};

#[tokio::test]
async fn a_step_handles_what_is_ready_and_acks_what_is_done() {
    let place = Place::new();
    place.publish(&["a", "b", "c"]).await;
    let worker = place.worker(Script::gathering(2, |_| Outcome::Done));
    assert_eq!(steps(&worker, 3).await, [2, 1, 0]);
    assert_eq!(worker.handler().seen(), [vec!["a", "b"], vec!["c"]]);
    assert_eq!(place.depth().await, (0, 0, 0));
}

#[tokio::test]
async fn each_event_is_settled_by_its_own_outcome() {
    let place = Place::new();
    place.publish(&["done", "later", "hopeless"]).await;
    let worker = place.worker(Script::gathering(3, |source| match source {
        "done" => Outcome::Done,
        "later" => Outcome::Retry { after: Some(Duration::from_secs(30)), reason: "vendor says 429".to_owned() },
        _ => Outcome::dead_letter("cannot be"),
    }));
    assert_eq!(worker.step().await.unwrap(), 3);
    assert_eq!(place.depth().await, (1, 0, 1));
    assert_eq!(place.reasons().await, ["cannot be"]);
    place.pass(29);
    assert_eq!(worker.step().await.unwrap(), 0, "not before its delay");
    place.pass(1);
    assert_eq!(worker.step().await.unwrap(), 1);
    assert_eq!(worker.handler().seen()[1], ["later"]);
}

#[tokio::test]
async fn an_event_that_always_fails_becomes_a_dead_letter_with_its_last_reason() {
    let place = Place::new();
    place.publish(&["unlucky"]).await;
    let worker = place.worker(Script::gathering(1, |_| Outcome::retry("vendor is down")));
    for _ in 0..MAX_ATTEMPTS {
        assert_eq!(worker.step().await.unwrap(), 1);
        place.pass(600);
    }
    assert_eq!(worker.step().await.unwrap(), 0);
    assert_eq!(place.reasons().await, ["vendor is down"]);
}

#[tokio::test]
async fn bytes_that_are_no_event_become_dead_letters_and_their_neighbours_are_handled() {
    let place = Place::new();
    let good = place.publish(&["good"]).await;
    let schema = |value: &str| [("schema".to_owned(), value.to_owned())].into();
    for attributes in [[].into(), schema("0000"), schema(&good.attributes["schema"])] {
        let message = Message { payload: Bytes::from_static(b"\xff\xff"), attributes };
        place.bus.publish(Topic::FetchRequested, message).await.unwrap();
    }
    let worker = place.worker(Script::gathering(10, |_| Outcome::Done));
    assert_eq!(worker.step().await.unwrap(), 4);
    assert_eq!(worker.handler().seen(), [["good"]]);
    assert_eq!(place.depth().await, (0, 0, 3));
    let reasons = place.reasons().await;
    assert!(reasons[0].starts_with("FetchRequested is unreadable: "), "{reasons:?}");
    assert!(reasons[1].contains("schema 0000, which this program does not know"), "{reasons:?}");
    assert_eq!(reasons[2], "FetchRequested came without its schema");
}

#[tokio::test]
async fn what_a_person_must_put_right_stops_the_worker_and_costs_no_attempt() {
    let place = Place::new();
    place.publish(&["done", "blocked", "blocked too"]).await;
    let blocked = |source: &str| if source == "done" { Outcome::Done } else { Outcome::stop("disk is read-only") };
    let worker = place.worker(Script::gathering(3, blocked));
    for _ in 0..MAX_ATTEMPTS + 1 {
        let error = in_time(worker.run(CancellationToken::new())).await.unwrap_err();
        assert_eq!(error.to_string(), "fetch-requested: disk is read-only");
    }
    assert_eq!(place.depth().await, (2, 0, 0), "done is acked, the others wait unharmed");
    let healed = place.worker(Script::gathering(3, |_| Outcome::Done));
    assert_eq!(healed.step().await.unwrap(), 2);
}

#[tokio::test]
async fn a_handler_that_forgets_an_outcome_loses_nothing() {
    let place = Place::new();
    place.publish(&["a", "b"]).await;
    let worker = place.worker(Script { forgetful: true, ..Script::gathering(2, |_| Outcome::Done) });
    worker.step().await.unwrap();
    assert_eq!(place.depth().await, (1, 0, 0));
}

#[tokio::test]
async fn a_lost_reply_to_an_ack_is_told_and_the_work_is_not_done_twice() {
    check_ack(Fault::After, 0).await;
}

#[tokio::test]
async fn an_ack_that_never_arrived_brings_the_event_again() {
    check_ack(Fault::Before, 1).await;
}

async fn check_ack(fault: Fault, again: usize) {
    let place = Place::new();
    place.publish(&["a"]).await;
    let only_ack = Faults::new(move |operation| if operation == "ack" { fault } else { Fault::None });
    let bus = Arc::new(UnreliableBus::new(Arc::new(place.bus.clone()), only_ack));
    let error = Worker::new(bus, Script::gathering(1, |_| Outcome::Done)).step().await.unwrap_err();
    assert!(matches!(error, WorkerError::Bus(BusError::Unavailable { action: "ack", .. })), "{error:?}");
    place.pass(60);
    assert_eq!(place.worker(Script::gathering(1, |_| Outcome::Done)).step().await.unwrap(), again);
}

#[tokio::test]
async fn a_bus_out_of_reach_is_tried_again() {
    let place = Place::new();
    place.publish(&["a"]).await;
    let calls = AtomicU32::new(0);
    let flaky = Faults::new(move |operation| match operation {
        "pull" if calls.fetch_add(1, Ordering::SeqCst) < 3 => Fault::Before,
        _ => Fault::None,
    });
    let bus = Arc::new(UnreliableBus::new(Arc::new(place.bus.clone()), flaky));
    let shutdown = CancellationToken::new();
    let worker = Worker::new(bus, Script::stopping(&shutdown)).with_settings(quick());
    in_time(worker.run(shutdown)).await.unwrap();
    assert_eq!(worker.handler().seen(), [["a"]]);
}

#[tokio::test]
async fn a_shutdown_lets_the_handler_finish_and_settles_its_events() {
    let place = Place::new();
    place.publish(&["in hand", "waiting"]).await;
    let shutdown = CancellationToken::new();
    let worker = place.worker(Script::stopping(&shutdown)).with_settings(quick());
    in_time(worker.run(shutdown)).await.unwrap();
    assert_eq!(worker.handler().seen(), [["in hand"]]);
    assert_eq!(place.depth().await, (1, 0, 0));
}

#[tokio::test]
async fn an_idle_worker_ends_on_shutdown() {
    let place = Place::new();
    let shutdown = CancellationToken::new();
    let worker = place.worker(Script::gathering(1, |_| Outcome::Done)).with_settings(quick());
    let (ended, ()) = tokio::join!(in_time(worker.run(shutdown.clone())), async { shutdown.cancel() });
    ended.unwrap();
}

#[tokio::test]
async fn a_worker_that_lingers_gets_what_comes_shortly_after_the_first() {
    let place = Place::new();
    place.publish(&["first"]).await;
    let shutdown = CancellationToken::new();
    let script = Script::stopping(&shutdown);
    let script = Script { gather: Gather { max: 3, linger: Duration::from_secs(10) }, ..script };
    let worker = place.worker(script);
    let late = async {
        place.until(|depth| depth.leased == 1).await;
        place.publish(&["second"]).await;
        place.until(|depth| depth.leased == 2).await;
        place.publish(&["third"]).await;
    };
    let (ended, ()) = in_time(async { tokio::join!(worker.run(shutdown), late) }).await;
    ended.unwrap();
    assert_eq!(worker.handler().seen(), [["first", "second", "third"]], "full, so it need not wait any longer");
}

#[tokio::test]
async fn leases_are_renewed_while_the_handler_works() {
    let place = Place::new();
    place.publish(&["long"]).await;
    let renewed = Arc::new(Notify::new());
    let tell = Arc::clone(&renewed);
    let faults = Faults::new(move |operation| {
        if operation == "extend" {
            tell.notify_one();
        }
        Fault::None
    });
    let bus = Arc::new(UnreliableBus::new(Arc::new(place.bus.clone()), faults));
    let finish = Arc::new(Notify::new());
    let script = Script { wait_for: Some(Arc::clone(&finish)), ..Script::gathering(1, |_| Outcome::Done) };
    let worker = Worker::new(bus, script).with_settings(quick());
    let watch = async {
        place.until(|depth| depth.leased == 1).await;
        place.pass(59);
        // The second one began after the clock went on; the third shows that it has ended.
        for _ in 0..3 {
            renewed.notified().await;
        }
        place.pass(59);
        assert_eq!(place.depth().await, (0, 1, 0), "still in its hands after 118 of 60 seconds");
        finish.notify_one();
    };
    let (settled, ()) = in_time(async { tokio::join!(worker.step(), watch) }).await;
    assert_eq!(settled.unwrap(), 1);
    assert_eq!(place.depth().await, (0, 0, 0));
}

#[tokio::test]
async fn who_watches_is_told_of_every_event_that_is_taken_also_of_those_that_do_not_read() {
    let place = Place::new();
    place.publish(&["good"]).await;
    let strange = Message { payload: Bytes::new(), attributes: [].into() };
    place.bus.publish(Topic::FetchRequested, strange).await.unwrap();
    let diary = Arc::new(Diary::default());
    let worker = place.worker(Script::gathering(2, |_| Outcome::Done)).watched_by(Arc::clone(&diary) as _);
    assert_eq!(steps(&worker, 2).await, [2, 0]);
    let unread = "fetch-requested: DeadLetter { reason: \"FetchRequested came without its schema\" }";
    let expected = ["fetch-requested: taken 2", unread, "fetch-requested: handled", "fetch-requested: Done"];
    assert_eq!(diary.deeds(), expected);
}

#[tokio::test]
async fn who_watches_is_told_that_the_bus_is_lost_and_that_it_is_back() {
    let place = Place::new();
    place.publish(&["a"]).await;
    let calls = AtomicU32::new(0);
    let flaky = Faults::new(move |operation| match operation {
        "pull" if calls.fetch_add(1, Ordering::SeqCst) < 2 => Fault::Before,
        _ => Fault::None,
    });
    let bus = Arc::new(UnreliableBus::new(Arc::new(place.bus.clone()), flaky));
    let shutdown = CancellationToken::new();
    let diary = Arc::new(Diary::default());
    let worker = Worker::new(bus, Script::stopping(&shutdown)).with_settings(quick());
    in_time(worker.watched_by(Arc::clone(&diary) as _).run(shutdown)).await.unwrap();
    let lines = diary.lines();
    let failed = "bus failed: bus: pull: failed on purpose, nothing done";
    assert_eq!(lines[..4], [failed, failed, "alive", "fetch-requested: taken 1"]);
    assert_eq!(lines.last().unwrap(), "alive", "the ack arrived");
}

#[test]
fn lingering_and_the_wait_for_the_first_renewal_are_well_below_a_lease() {
    let (worker, lease) = (WorkerSettings::default(), BusSettings::default().lease);
    assert!(FLUSH_FAR_AWAY.batches.linger <= worker.renew_every, "a longer one would be cut");
    assert!(worker.renew_every * 2 + worker.idle_wait < lease.mul_f64(0.75));
}

#[test]
fn the_wait_doubles_up_to_its_limit_and_is_never_less_than_half() {
    let settings = WorkerSettings::default();
    for (failures, full_ms) in
        [(0, 1000), (1, 1000), (2, 2000), (5, 16_000), (9, 256_000), (10, 300_000), (u32::MAX, 300_000)]
    {
        for _ in 0..50 {
            let wait = settings.retry.after(failures).as_millis();
            assert!((full_ms / 2..=full_ms).contains(&wait), "{failures} failures: {wait} ms");
        }
    }
}

#[test]
fn a_bus_that_is_long_away_is_asked_again_twice_a_minute_at_least() {
    for failures in [6, 50, u32::MAX] {
        let wait = WorkerSettings::default().bus_retry.after(failures).as_secs();
        assert!((15..=30).contains(&wait), "{failures} failures: {wait} s");
    }
}

#[test]
fn errors_of_the_ports_become_outcomes() {
    let (action, reason) = ("read", Reason::from("r"));
    let name = || "raw/x".to_owned();
    let check = |outcome: Outcome, expected: &str| assert!(format!("{outcome:?}").starts_with(expected), "{outcome:?}");
    check(StoreError::NotFound("raw/x".parse().unwrap()).into(), "DeadLetter");
    check(StoreError::Unavailable { action, name: name(), reason: reason.clone() }.into(), "Retry { after: None");
    check(StoreError::Refused { action, name: name(), reason: reason.clone() }.into(), "Stop");
    check(BusError::Unavailable { action, reason: reason.clone() }.into(), "Retry { after: None");
    check(BusError::Refused { action, reason: reason.clone() }.into(), "Stop");
    check(WarehouseError::Unavailable { action, reason: reason.clone() }.into(), "Retry { after: None");
    check(WarehouseError::Refused { action, reason: reason.clone() }.into(), "Stop");
    check(WarehouseError::BadRows { object: name(), reason }.into(), "DeadLetter");
}

async fn steps(worker: &Worker<Script>, count: usize) -> Vec<usize> {
    let mut settled = Vec::new();
    for _ in 0..count {
        settled.push(worker.step().await.unwrap());
    }
    settled
}
