//! Events a second through the bus on Pub/Sub: published many at a time, and taken by a worker that does nothing with
//! them but say that it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use async_trait::async_trait;
use everycent_emulators::{Emulators, PROJECT};
use everycent_runtime::bus::pubsub::{Payloads, PubSubBus, PubSubSettings};
use everycent_runtime::bus::{Bus, Topic};
use everycent_runtime::clock::SystemClock;
use everycent_runtime::google::endpoints::Endpoints;
use everycent_runtime::worker::{Gather, Handler, Outcome, Worker, publish};
use everycent_schemas::events::SnapshotStored;
use everycent_schemas::{Day, Timestamp};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

const EVENTS: usize = 20_000;
const REPETITIONS: usize = 3;
const STREAMS: [usize; 2] = [1, 4];
/// Publishes under way at the same time.
const AT_ONCE: usize = 64;
/// Events that the worker takes at once, at most.
const GATHER: usize = 100;
/// What was not acked would come again within it.
const AGAIN: Duration = Duration::from_secs(5);

pub async fn run(emulators: &Emulators) -> anyhow::Result<()> {
    println!("Pub/Sub: {EVENTS} events, {AT_ONCE} publishes at a time, a worker that takes up to {GATHER} at once");
    let mut published = Vec::new();
    let mut handled = STREAMS.map(|streams| (streams, Vec::new()));
    let mut twice = 0;
    for _ in 0..REPETITIONS {
        for (streams, times) in &mut handled {
            let settings = settings(*streams);
            let bus = open(emulators, &settings).await?;
            bus.provision(Payloads::Checked).await?;
            published.push(publish_all(&bus).await?);
            let (took, again) = handle_all(&bus).await?;
            let left = left(&open(emulators, &settings).await?).await?;
            ensure!(left == 0, "{left} events and more were not acked");
            times.push(took);
            twice += again;
        }
    }
    print("published", published);
    for (streams, times) in handled {
        print(&format!("handled and acked, streams: {streams}"), times);
    }
    println!("  delivered more than once: {twice}\n");
    Ok(())
}

/// With topics that nobody else uses.
fn settings(streams: usize) -> PubSubSettings {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("bench-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    PubSubSettings { prefix, streams, ..PubSubSettings::default() }
}

async fn open(emulators: &Emulators, settings: &PubSubSettings) -> anyhow::Result<PubSubBus> {
    let host = emulators.pubsub.host();
    let endpoints = Endpoints::from_env(&|name| (name == "PUBSUB_EMULATOR_HOST").then(|| host.clone()));
    Ok(PubSubBus::open(PROJECT, &endpoints, Arc::new(SystemClock), settings.clone()).await?)
}

fn event(number: usize) -> SnapshotStored {
    let day = Day::new(2025, 10, 3).expect("invariant: a day of the calendar");
    SnapshotStored {
        snapshot_id: number.to_string().into(),
        source: "anthropic/cost_report".to_owned(),
        account_id: "bench".into(),
        from_date: day,
        to_date: day,
        fetched_at: Timestamp::from_micros(1),
        manifest: "raw/anthropic/cost_report/bench/2025-10-03_2025-10-03/0_0/manifest.json".to_owned(),
        pages: 1,
        body_bytes: 40_000,
        published_at: Timestamp::from_micros(2),
        only_from: None,
        only_to: None,
    }
}

async fn publish_all(bus: &PubSubBus) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let mut publishers = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (bus, next) = (bus.clone(), Arc::clone(&next));
        publishers.spawn(async move {
            loop {
                let number = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(EVENTS);
                if number >= EVENTS {
                    return anyhow::Ok(());
                }
                publish(&bus, &event(number)).await?;
            }
        });
    }
    while let Some(ended) = publishers.join_next().await {
        ended??;
    }
    Ok(started.elapsed())
}

/// From the first event that is handled to the last; and how many came again.
async fn handle_all(bus: &PubSubBus) -> anyhow::Result<(Duration, usize)> {
    let stop = CancellationToken::new();
    let counter = Arc::new(Counter { seen: Mutex::new(Seen::new()), stop: stop.clone() });
    Worker::new(Arc::new(bus.clone()), Arc::clone(&counter)).run(stop).await?;
    bus.close().await;
    let seen = counter.seen.lock().await;
    let (Some(first), Some(last)) = (seen.first, seen.last) else { anyhow::bail!("no event came") };
    ensure!(seen.left == 0, "{} events did not come", seen.left);
    Ok((last - first, seen.again))
}

/// What comes to another process. The first gave back at its end what it had not acked.
async fn left(bus: &PubSubBus) -> anyhow::Result<usize> {
    let left = bus.pull(Topic::SnapshotStored, GATHER, AGAIN).await?.len();
    bus.close().await;
    Ok(left)
}

/// Handles events by counting them, and stops the worker after the last.
struct Counter {
    seen: Mutex<Seen>,
    stop: CancellationToken,
}

struct Seen {
    came: Vec<bool>,
    left: usize,
    again: usize,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Seen {
    fn new() -> Self {
        Self { came: vec![false; EVENTS], left: EVENTS, again: 0, first: None, last: None }
    }

    fn take(&mut self, event: &SnapshotStored) {
        let place = event.snapshot_id.as_str().parse().ok().and_then(|number: usize| self.came.get_mut(number));
        match place.map(|came| std::mem::replace(came, true)) {
            Some(false) => self.left -= 1,
            _ => self.again += 1,
        }
    }
}

#[async_trait]
impl Handler for Counter {
    type Event = SnapshotStored;

    fn gather(&self) -> Gather {
        Gather { max: GATHER, linger: Duration::ZERO }
    }

    async fn handle(&self, events: &[SnapshotStored]) -> Vec<Outcome> {
        let mut seen = self.seen.lock().await;
        seen.first.get_or_insert_with(Instant::now);
        events.iter().for_each(|event| seen.take(event));
        seen.last = Some(Instant::now());
        if seen.left == 0 {
            self.stop.cancel();
        }
        vec![Outcome::Done; events.len()]
    }
}

fn print(label: &str, mut times: Vec<Duration>) {
    times.sort();
    let speed = |took: Duration| EVENTS as u128 * 1_000_000 / took.as_micros().max(1);
    let (median, least, most) = (times[times.len() / 2], times[times.len() - 1], times[0]);
    println!("  {label:<32} {:>7} events/s ({} to {})", speed(median), speed(least), speed(most));
}
