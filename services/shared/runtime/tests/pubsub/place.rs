//! The emulator of this test program, and busses on it that share no topic.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use everycent_emulators::{PROJECT, PubSub, Shared};
use everycent_runtime::bus::conformance::Subject;
use everycent_runtime::bus::pubsub::{Payloads, PubSubBus, PubSubSettings};
use everycent_runtime::bus::{Bus, BusSettings, Delivery, Depth, Message, Topic};
use everycent_runtime::clock::{Clock, ManualClock, SystemClock};
use everycent_runtime::google::endpoints::Endpoints;
use everycent_schemas::Timestamp;

pub const TOPIC: Topic = Topic::SnapshotStored;
/// How long a pull waits for what must come, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// They lead a process of a test to its place.
const HOST: &str = "TEST_HOST";
const PREFIX: &str = "TEST_PREFIX";
/// What must not come has so long to come.
const CHANCE: Duration = Duration::from_millis(700);

fn emulator() -> &'static PubSub {
    static SHARED: Shared<PubSub> = Shared::new();
    SHARED.get(|installed, folder| {
        let pubsub = PubSub::start(installed, folder, 0).unwrap();
        pubsub.wait().unwrap();
        pubsub
    })
}

/// A prefix of topics that nobody else uses.
pub struct Place {
    prefix: String,
    pubsub: &'static PubSub,
}

impl Place {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self { prefix: format!("test-{}", COUNT.fetch_add(1, Ordering::SeqCst)), pubsub: emulator() }
    }

    pub fn settings(&self) -> PubSubSettings {
        let bus = BusSettings { lease: Duration::from_secs(60), max_attempts: 3 };
        PubSubSettings { bus, prefix: self.prefix.clone(), in_flight: 100, streams: 1 }
    }

    pub async fn open(&self, clock: Arc<dyn Clock>, settings: PubSubSettings) -> PubSubBus {
        bus_at(&self.pubsub.host(), clock, settings).await
    }

    /// How many subscriptions a topic has.
    pub async fn subscriptions(&self, topic: Topic) -> usize {
        let (host, prefix) = (self.pubsub.host(), &self.prefix);
        let url = format!("http://{host}/v1/projects/{PROJECT}/topics/{prefix}-{topic}/subscriptions");
        let answer: serde_json::Value =
            reqwest::get(url).await.unwrap().error_for_status().unwrap().json().await.unwrap();
        answer["subscriptions"].as_array().map_or(0, Vec::len)
    }

    /// With its topics and subscriptions.
    pub async fn made(&self, payloads: Payloads) -> PubSubBus {
        let bus = self.open(Arc::new(SystemClock), self.settings()).await;
        bus.provision(payloads).await.unwrap();
        bus
    }

    /// A new bus, on a clock that stands still until it is told to go on.
    pub async fn subject() -> Subject {
        let place = Self::new();
        let clock = ManualClock::at(Timestamp::from_micros(0));
        let bus = place.open(Arc::new(clock.clone()), place.settings()).await;
        bus.provision(Payloads::Unchecked).await.unwrap();
        let advance = Box::new(move |by| {
            clock.advance(chrono::Duration::from_std(by).unwrap());
            Box::pin(tokio::time::sleep(CHANCE)) as _
        });
        Subject { bus: Arc::new(bus), settings: place.settings().bus, advance }
    }

    /// Runs one test of this program as a process of its own, which finds this place.
    pub fn process(&self, test: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--include-ignored", "--nocapture"]);
        command.envs([(HOST, self.pubsub.host()), (PREFIX, self.prefix.clone())]);
        command.stdin(Stdio::null());
        command
    }

    /// The bus on the place of the process that started this one, if one did.
    pub async fn bus_of_parent(bus: BusSettings) -> Option<PubSubBus> {
        let (host, prefix) = (std::env::var(HOST).ok()?, std::env::var(PREFIX).ok()?);
        let settings = PubSubSettings { bus, prefix, in_flight: 100, ..PubSubSettings::default() };
        Some(bus_at(&host, Arc::new(SystemClock), settings).await)
    }
}

pub async fn bus_at(host: &str, clock: Arc<dyn Clock>, settings: PubSubSettings) -> PubSubBus {
    let endpoints = Endpoints::from_env(&|name| (name == "PUBSUB_EMULATOR_HOST").then(|| host.to_owned()));
    PubSubBus::open(PROJECT, &endpoints, clock, settings).await.unwrap()
}

pub fn message(text: &str) -> Message {
    Message { payload: Bytes::copy_from_slice(text.as_bytes()), attributes: [].into() }
}

pub fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.message.payload).into_owned()
}

pub async fn pull_one(bus: &PubSubBus) -> Delivery {
    bus.pull(TOPIC, 1, PATIENCE).await.unwrap().pop().expect("a message comes")
}

/// Whatever comes in a moment.
pub async fn pull_now(bus: &PubSubBus) -> Vec<Delivery> {
    bus.pull(TOPIC, 100, CHANCE).await.unwrap()
}

pub async fn depth(bus: &PubSubBus) -> Depth {
    *bus.depths().await.unwrap().iter().find(|depth| depth.topic == TOPIC).unwrap()
}

/// Asks until it is so.
pub async fn until(is_so: impl AsyncFn() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it becomes so");
}
