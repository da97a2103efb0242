//! Whether a service works, judged by what its workers do.
//!
//! A long merge is work: its leases are renewed all the time. A loop that neither turns nor renews is stuck.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::bus::Topic;

/// How long the bus may be out of reach.
pub(super) const BUS_PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long a worker may show no sign of life. It pulls every second and renews every 20 seconds.
pub(super) const LIFE_PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long it may have the same events in hand, however alive it is.
pub(super) const WORK_PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    workers: BTreeMap<Topic, Life>,
    ended: Option<String>,
}

/// One worker.
#[derive(Debug)]
struct Life {
    alive_at: Instant,
    in_hand: usize,
    busy_since: Option<Instant>,
    /// Since when the bus is out of reach, and what it said last.
    lost: Option<(Instant, String)>,
}

impl Health {
    pub(super) fn begin(&self, topic: Topic, now: Instant) {
        self.state().workers.insert(topic, Life { alive_at: now, in_hand: 0, busy_since: None, lost: None });
    }

    pub(super) fn has_begun(&self) -> bool {
        !self.state().workers.is_empty()
    }

    pub(super) fn end(&self, reason: String) {
        self.state().ended = Some(reason);
    }

    pub(super) fn alive(&self, topic: Topic, now: Instant) {
        self.change(topic, |life| (life.alive_at, life.lost) = (now, None));
    }

    pub(super) fn bus_failed(&self, topic: Topic, reason: &str, now: Instant) {
        self.change(topic, |life| {
            let since = life.lost.take().map_or(now, |(since, _)| since);
            life.lost = Some((since, reason.to_owned()));
        });
    }

    pub(super) fn taken(&self, topic: Topic, events: usize, now: Instant) {
        self.change(topic, |life| {
            life.in_hand += events;
            life.busy_since.get_or_insert(now);
        });
    }

    pub(super) fn settled(&self, topic: Topic) {
        self.change(topic, |life| {
            life.in_hand = life.in_hand.saturating_sub(1);
            if life.in_hand == 0 {
                life.busy_since = None;
            }
        });
    }

    /// `Ok` while every worker works; otherwise one line that says what is wrong.
    pub(super) fn verdict(&self, now: Instant, stopping: bool) -> Result<(), String> {
        let state = self.state();
        match &state.ended {
            Some(reason) => return Err(reason.clone()),
            None if stopping => return Err("stopping".to_owned()),
            None if state.workers.is_empty() => return Err("starting".to_owned()),
            None => {}
        }
        state.workers.iter().try_for_each(|(topic, life)| life.verdict(now).map_err(|why| format!("{topic}: {why}")))
    }

    fn change(&self, topic: Topic, change: impl FnOnce(&mut Life)) {
        if let Some(life) = self.state().workers.get_mut(&topic) {
            change(life);
        }
    }

    /// What was noted before a panic elsewhere is still true.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Life {
    fn verdict(&self, now: Instant) -> Result<(), String> {
        let seconds = |since: Instant| now.saturating_duration_since(since).as_secs();
        let beyond = |since: Instant, patience: Duration| now.saturating_duration_since(since) > patience;
        match (&self.lost, self.busy_since) {
            (Some((since, reason)), _) if beyond(*since, BUS_PATIENCE) => {
                Err(format!("the bus is out of reach for {} seconds: {reason}", seconds(*since)))
            }
            (None, _) if beyond(self.alive_at, LIFE_PATIENCE) => {
                Err(format!("no sign of life for {} seconds", seconds(self.alive_at)))
            }
            (_, Some(since)) if beyond(since, WORK_PATIENCE) => {
                Err(format!("the same events in hand for {} seconds", seconds(since)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: Topic = Topic::BatchNormalized;
    const SECOND: Duration = Duration::from_secs(1);

    fn begun() -> (Health, Instant) {
        let (health, now) = (Health::default(), Instant::now());
        health.begin(TOPIC, now);
        (health, now)
    }

    fn why(health: &Health, now: Instant) -> String {
        health.verdict(now, false).err().unwrap_or_default()
    }

    #[test]
    fn a_service_is_healthy_from_its_first_worker_until_it_is_told_to_stop() {
        let health = Health::default();
        let now = Instant::now();
        assert_eq!(why(&health, now), "starting");
        health.begin(TOPIC, now);
        assert_eq!(why(&health, now), "");
        assert_eq!(health.verdict(now, true), Err("stopping".to_owned()));
        health.end("stopped: disk is read-only".to_owned());
        assert_eq!(health.verdict(now, true), Err("stopped: disk is read-only".to_owned()));
    }

    #[test]
    fn a_bus_out_of_reach_is_forgiven_for_a_while_and_forgotten_when_it_is_back() {
        let (health, now) = begun();
        health.bus_failed(TOPIC, "no route", now);
        health.bus_failed(TOPIC, "refused", now + BUS_PATIENCE);
        assert_eq!(why(&health, now + BUS_PATIENCE), "");
        let late = now + BUS_PATIENCE + SECOND;
        assert_eq!(why(&health, late), "batch-normalized: the bus is out of reach for 301 seconds: refused");
        health.alive(TOPIC, late);
        assert_eq!(why(&health, late), "");
    }

    #[test]
    fn a_loop_that_neither_turns_nor_renews_is_stuck() {
        let (health, now) = begun();
        assert_eq!(why(&health, now + LIFE_PATIENCE), "");
        let late = now + LIFE_PATIENCE + SECOND;
        assert_eq!(why(&health, late), "batch-normalized: no sign of life for 301 seconds");
    }

    #[test]
    fn long_work_is_healthy_while_its_leases_are_renewed_and_not_for_ever() {
        let (health, now) = begun();
        health.taken(TOPIC, 2, now);
        let later = now + WORK_PATIENCE;
        health.alive(TOPIC, later);
        assert_eq!(why(&health, later), "");
        health.settled(TOPIC);
        assert!(why(&health, later + SECOND).contains("the same events in hand for 21601 seconds"));
        health.settled(TOPIC);
        assert_eq!(why(&health, later + SECOND), "");
    }

    #[test]
    fn one_worker_that_is_stuck_makes_the_service_unhealthy() {
        let (health, now) = begun();
        health.begin(Topic::FetchFailed, now);
        let late = now + LIFE_PATIENCE + SECOND;
        health.alive(TOPIC, late);
        assert!(why(&health, late).starts_with("fetch-failed: no sign of life"));
    }
}
