#![allow(clippy::unwrap_used)]
use std::cell::Cell;

use super::*;
use crate::bus::{Message, Topic};

#[test]
fn messages_come_in_their_order_and_a_released_one_first() {
    let mut hand = hand(&["a", "b", "c"]);
    let taken = take(&mut hand, 2, 10);
    assert_eq!(ids(&taken), ["a", "b"]);
    let released = hand.settle(&taken[1].lease).unwrap();
    hand.release(released, 1);
    assert_eq!(ids(&take(&mut hand, 9, 10)), ["b", "c"]);
    assert_eq!(hand.counts(), (0, 3));
}

#[test]
fn a_lease_is_lost_at_its_end_unless_it_was_extended() {
    let mut hand = hand(&["a", "b"]);
    let taken = take(&mut hand, 2, 10);
    hand.extend(&taken[1].lease, 11);
    assert!(hand.lost(9).is_empty());
    assert_eq!(held_ids(&hand.lost(10)), ["a"]);
    assert!(hand.settle(&taken[0].lease).is_none(), "its lease is nobody's");
    assert_eq!(held_ids(&hand.lost(11)), ["b"]);
}

#[test]
fn a_delay_passes_and_only_so_many_wait() {
    let mut hand = hand(&["a", "b"]);
    for delivery in take(&mut hand, 2, 10) {
        let held = hand.settle(&delivery.lease).unwrap();
        let refused = hand.delay(held, 20, 1);
        assert_eq!(refused.is_some(), delivery.message_id == "b");
    }
    assert!(hand.due(19).is_empty());
    assert_eq!(held_ids(&hand.due(20)), ["a"]);
    assert_eq!(hand.counts(), (0, 0));
}

#[test]
fn what_nobody_takes_is_found_by_its_age() {
    let mut hand = hand(&["old", "released"]);
    let taken = take(&mut hand, 2, 100);
    for (delivery, now) in taken.iter().zip([5, 6]) {
        let held = hand.settle(&delivery.lease).unwrap();
        hand.release(held, now);
    }
    assert!(hand.unclaimed(4).is_empty());
    assert_eq!(held_ids(&hand.unclaimed(5)), ["old"]);
    assert_eq!(ids(&take(&mut hand, 9, 100)), ["released"]);
}

#[test]
fn the_end_tells_what_nobody_had_from_what_somebody_had() {
    let mut hand = hand(&["had", "delayed", "untouched"]);
    let taken = take(&mut hand, 2, 10);
    let delayed = hand.settle(&taken[1].lease).unwrap();
    hand.delay(delayed, 20, 9);
    let (untouched, had) = hand.empty();
    assert_eq!((held_ids(&untouched), held_ids(&had)), (vec!["untouched"], vec!["had", "delayed"]));
    assert_eq!(hand.counts(), (0, 0));
}

#[test]
fn the_reason_of_a_message_whose_workers_died_keeps_the_last_nack() {
    let mut hand = hand(&["a"]);
    let delivery = take(&mut hand, 1, 10).remove(0);
    assert_eq!(hand.reason("a", 3), "its worker died 3 times");
    hand.remember(&delivery, "vendor is down");
    assert_eq!(hand.reason("a", 3), "vendor is down; after that its worker died 2 times");
    hand.forget(&delivery);
    assert_eq!(hand.reason("a", 3), "its worker died 3 times");
}

fn hand(ids: &[&str]) -> Hand<()> {
    let mut hand = Hand::new();
    for id in ids {
        let delivery = Delivery {
            topic: Topic::SnapshotStored,
            message: Message { payload: Default::default(), attributes: Default::default() },
            message_id: (*id).to_owned(),
            attempt: 1,
            lease: String::new(),
            published_at: None,
        };
        hand.arrive(Held { delivery, handler: () }, 0);
    }
    hand
}

fn take(hand: &mut Hand<()>, max: usize, until: i64) -> Vec<Delivery> {
    thread_local!(static NEXT: Cell<u32> = const { Cell::new(0) });
    hand.take(max, until, || {
        NEXT.set(NEXT.get() + 1);
        NEXT.get().to_string()
    })
}

fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message_id.as_str()).collect()
}

fn held_ids(held: &[Held<()>]) -> Vec<&str> {
    held.iter().map(|held| held.delivery.message_id.as_str()).collect()
}
