//! A bus in a file of its own, and a handler that does as it is told.

use std::sync::Mutex;

use everycent_schemas::Timestamp;
use everycent_schemas::events::FetchRequested;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::super::publish::encode;
use super::*;
use crate::bus::sqlite::SqliteBus;
use crate::bus::{BusSettings, Depth, Message};
use crate::clock::ManualClock;

const LEASE: Duration = Duration::from_secs(60);
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// A handler that answers by the event's source and remembers what it got.
pub(super) struct Script {
    pub(super) gather: Gather,
    pub(super) answer: Box<dyn Fn(&str) -> Outcome + Send + Sync>,
    pub(super) seen: Mutex<Vec<Vec<String>>>,
    /// Gives one outcome too few.
    pub(super) forgetful: bool,
    pub(super) wait_for: Option<Arc<Notify>>,
}

impl Script {
    pub(super) fn gathering(max: usize, answer: impl Fn(&str) -> Outcome + Send + Sync + 'static) -> Self {
        let gather = Gather { max, linger: Duration::ZERO };
        Self { gather, answer: Box::new(answer), seen: Mutex::default(), forgetful: false, wait_for: None }
    }

    /// Shuts the worker down while it handles the first event.
    pub(super) fn stopping(shutdown: &CancellationToken) -> Self {
        let shutdown = shutdown.clone();
        Self::gathering(1, move |_| {
            shutdown.cancel();
            Outcome::Done
        })
    }

    pub(super) fn seen(&self) -> Vec<Vec<String>> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Handler for Script {
    type Event = FetchRequested;

    fn gather(&self) -> Gather {
        self.gather
    }

    async fn handle(&self, events: &[FetchRequested]) -> Vec<Outcome> {
        self.seen.lock().unwrap().push(events.iter().map(|event| event.source.clone()).collect());
        if let Some(signal) = &self.wait_for {
            signal.notified().await;
        }
        events.iter().skip(usize::from(self.forgetful)).map(|event| (self.answer)(&event.source)).collect()
    }
}

/// Writes down what a worker tells.
#[derive(Debug, Default)]
pub(super) struct Diary(Mutex<Vec<String>>);

impl Diary {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    /// What was written, without the signs of life.
    pub(super) fn deeds(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|line| *line != "alive").cloned().collect()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Watch for Diary {
    fn alive(&self, _: Topic) {
        self.write("alive".to_owned());
    }

    fn bus_failed(&self, _: Topic, reason: &str) {
        self.write(format!("bus failed: {reason}"));
    }

    fn taken(&self, topic: Topic, events: usize) {
        self.write(format!("{topic}: taken {events}"));
    }

    fn handled(&self, topic: Topic, _: Duration) {
        self.write(format!("{topic}: handled"));
    }

    fn panicked(&self, topic: Topic) {
        self.write(format!("{topic}: panicked"));
    }

    fn settled(&self, topic: Topic, outcome: &Outcome) {
        self.write(format!("{topic}: {outcome:?}"));
    }
}

pub(super) struct Place {
    _dir: TempDir,
    clock: ManualClock,
    pub(super) bus: SqliteBus,
}

impl Place {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(Timestamp::from_micros(0));
        let settings = BusSettings { lease: LEASE, max_attempts: MAX_ATTEMPTS };
        let bus = SqliteBus::open(&dir.path().join("bus.sqlite"), Arc::new(clock.clone()), settings).unwrap();
        Self { _dir: dir, clock, bus }
    }

    pub(super) fn worker(&self, script: Script) -> Worker<Script> {
        Worker::new(Arc::new(self.bus.clone()), script)
    }

    /// Publishes an event for each source; gives the last message as it lies on the bus.
    pub(super) async fn publish(&self, sources: &[&str]) -> Message {
        for source in sources {
            publish(&self.bus, &request(source)).await.unwrap();
        }
        encode(&request(sources[sources.len() - 1]))
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.clock.advance(chrono::Duration::seconds(seconds));
    }

    /// Ready, leased and dead messages.
    pub(super) async fn depth(&self) -> (u64, u64, u64) {
        let depth = self.bus.depths().await.unwrap()[0];
        (depth.ready, depth.leased, depth.dead)
    }

    pub(super) async fn until(&self, holds: impl Fn(Depth) -> bool) {
        while !holds(self.bus.depths().await.unwrap()[0]) {
            tokio::task::yield_now().await;
        }
    }

    /// Why messages were given up, the newest first.
    pub(super) async fn reasons(&self) -> Vec<String> {
        self.bus.dead_letters(100).await.unwrap().into_iter().map(|letter| letter.reason).collect()
    }
}

fn request(source: &str) -> FetchRequested {
    FetchRequested {
        source: source.to_owned(),
        trailing_days: 30,
        account_id: None,
        from_date: None,
        to_date: None,
        requested_at: None,
    }
}

/// Lets a worker that never ends fail its test.
pub(super) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.unwrap()
}

pub(super) fn quick() -> WorkerSettings {
    let moment = Duration::from_millis(5);
    WorkerSettings {
        renew_every: moment,
        idle_wait: moment,
        retry: Backoff::new(moment, moment),
        bus_retry: Backoff::new(moment, moment),
    }
}
