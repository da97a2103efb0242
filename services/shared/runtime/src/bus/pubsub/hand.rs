//! What one process holds of one topic, and since when: waiting for a pull, leased to a worker, waiting for its delay.
//!
//! It decides by times that come in as arguments, in microseconds, and talks to nobody. `H` is what answers Pub/Sub.

use std::collections::{BTreeMap, VecDeque};

use crate::bus::Delivery;

/// Reasons of nacks are kept for so many messages.
const MOST_LAST_WORDS: usize = 1000;

/// A message with the way to answer it. Dropping the handler gives it back to Pub/Sub.
#[derive(Debug)]
pub(super) struct Held<H> {
    pub delivery: Delivery,
    pub handler: H,
}

#[derive(Debug)]
struct Leased<H> {
    held: Held<H>,
    until: i64,
}

#[derive(Debug)]
pub(super) struct Hand<H> {
    /// Each with the time since when it waits.
    ready: VecDeque<(i64, Held<H>)>,
    /// By the name of the lease.
    leased: BTreeMap<String, Leased<H>>,
    delayed: Vec<(i64, Held<H>)>,
    /// Attempt and reason of the last nack, by message id.
    last_words: BTreeMap<String, (u32, String)>,
}

impl<H> Hand<H> {
    pub(super) fn new() -> Self {
        Self { ready: VecDeque::new(), leased: BTreeMap::new(), delayed: Vec::new(), last_words: BTreeMap::new() }
    }

    pub(super) fn arrive(&mut self, held: Held<H>, now: i64) {
        self.ready.push_back((now, held));
    }

    /// Leases up to `max` messages until `until`, under names that `name` gives.
    pub(super) fn take(&mut self, max: usize, until: i64, name: impl Fn() -> String) -> Vec<Delivery> {
        let count = max.min(self.ready.len());
        let lease = |(_, mut held): (i64, Held<H>)| {
            held.delivery.lease = name();
            let delivery = held.delivery.clone();
            self.leased.insert(delivery.lease.clone(), Leased { held, until });
            delivery
        };
        self.ready.drain(..count).map(lease).collect()
    }

    pub(super) fn extend(&mut self, lease: &str, until: i64) {
        if let Some(leased) = self.leased.get_mut(lease) {
            leased.until = until;
        }
    }

    /// The message of a lease that is not lost.
    pub(super) fn settle(&mut self, lease: &str) -> Option<Held<H>> {
        self.leased.remove(lease).map(|leased| leased.held)
    }

    /// The answer could not be given: the lease is as it was, until `until`.
    pub(super) fn keep(&mut self, held: Held<H>, until: i64) {
        self.leased.insert(held.delivery.lease.clone(), Leased { held, until });
    }

    pub(super) fn release(&mut self, held: Held<H>, now: i64) {
        self.ready.push_front((now, held));
    }

    /// Those that nobody took since `since`.
    pub(super) fn unclaimed(&mut self, since: i64) -> Vec<Held<H>> {
        let (old, ready) = std::mem::take(&mut self.ready).into_iter().partition(|(at, _)| *at <= since);
        self.ready = ready;
        let old: VecDeque<_> = old;
        old.into_iter().map(|(_, held)| held).collect()
    }

    /// Keeps a message until its delay has passed; gives it back if `most` wait already.
    pub(super) fn delay(&mut self, held: Held<H>, due: i64, most: usize) -> Option<Held<H>> {
        if self.delayed.len() >= most {
            return Some(held);
        }
        self.delayed.push((due, held));
        None
    }

    /// Those whose delay has passed.
    pub(super) fn due(&mut self, now: i64) -> Vec<Held<H>> {
        self.delayed.extract_if(.., |(due, _)| *due <= now).map(|(_, held)| held).collect()
    }

    /// Those whose lease ran out.
    pub(super) fn lost(&mut self, now: i64) -> Vec<Held<H>> {
        let names: Vec<String> =
            self.leased.iter().filter(|(_, leased)| leased.until <= now).map(|(name, _)| name.clone()).collect();
        names.iter().filter_map(|name| self.settle(name)).collect()
    }

    /// Everything, for the end: first what nobody had yet, then what somebody had.
    pub(super) fn empty(&mut self) -> (Vec<Held<H>>, Vec<Held<H>>) {
        let leased = std::mem::take(&mut self.leased).into_values().map(|leased| leased.held);
        let had = leased.chain(std::mem::take(&mut self.delayed).into_iter().map(|(_, held)| held)).collect();
        (self.unclaimed(i64::MAX), had)
    }

    /// How many are (ready or delayed, leased).
    pub(super) fn counts(&self) -> (u64, u64) {
        ((self.ready.len() + self.delayed.len()) as u64, self.leased.len() as u64)
    }

    pub(super) fn remember(&mut self, delivery: &Delivery, reason: &str) {
        self.last_words.insert(delivery.message_id.clone(), (delivery.attempt, reason.to_owned()));
        while self.last_words.len() > MOST_LAST_WORDS {
            // Ids grow with time, so the first is about the oldest.
            self.last_words.pop_first();
        }
    }

    pub(super) fn forget(&mut self, delivery: &Delivery) {
        self.last_words.remove(&delivery.message_id);
    }

    /// Why a message whose worker never answered is given up after `attempts` deliveries.
    pub(super) fn reason(&self, message_id: &str, attempts: u32) -> String {
        match self.last_words.get(message_id) {
            Some((nacked, reason)) if *nacked < attempts => {
                format!("{reason}; after that its worker died {} times", attempts - nacked)
            }
            Some((_, reason)) => reason.clone(),
            None => format!("its worker died {attempts} times"),
        }
    }
}

#[cfg(test)]
mod tests;
