//! Several windows at once: within their places, beside other accounts, and without cost to each other.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use everycent_domain::vendor::Vendor;
use everycent_fetcher::{FetchAccount, Fetcher, FetcherSettings};
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::{Bus, BusSettings, Topic};
use everycent_runtime::clock::{Clock, ManualClock};
use everycent_runtime::progress::Observer;
use everycent_runtime::secret::Secret;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::vendor::{Auth, VendorClient, VendorSettings};
use everycent_runtime::worker::{Worker, WorkerSettings, decode, publish};
use everycent_schemas::events::{FetchFailed, FetchRequested, SnapshotStored};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use vendor_sim::{Endpoint, Fault, FaultKind, Simulator, When, WorldClock, worlds};

const CLAUDE_CODE: &str = "anthropic/claude_code";
const MEMBERS: &str = "cursor/members";
const PLACES: u32 = 3;

/// Vendors, a queue, and a fetcher with so many places an account.
struct Scene {
    simulator: Simulator,
    bus: SqliteBus,
    clock: ManualClock,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::at("2025-10-18T06:00:00.000000Z".parse().unwrap());
        let mut world = worlds::october();
        world.options.clock = WorldClock::At(clock.now().to_chrono());
        let simulator = Simulator::start(world).await.unwrap();
        let file = folder.path().join("bus.sqlite");
        let bus = SqliteBus::open(&file, Arc::new(clock.clone()), BusSettings::default()).unwrap();
        Self { simulator, bus, clock, stop: CancellationToken::new(), _folder: folder }
    }

    fn account(&self, auth: Auth) -> FetchAccount {
        let vendor = if auth.vendor() == "cursor" { Vendor::Cursor } else { Vendor::Anthropic };
        let mut settings = VendorSettings::new(self.simulator.url().parse().unwrap(), auth, "the test's key");
        settings.retry.max_attempts = NonZeroU32::MIN;
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        FetchAccount {
            vendor,
            account_id: "acme".into(),
            sources: vendor.sources().collect(),
            are_chosen: false,
            client: Ok(Arc::new(VendorClient::new(settings, clock).unwrap())),
        }
    }

    fn fetcher(&self) -> Worker<Fetcher> {
        let accounts = [
            self.account(Auth::AnthropicKey(Secret::new(self.simulator.anthropic_key()))),
            self.account(Auth::CursorBasic(Secret::new(self.simulator.cursor_key()))),
        ];
        let windows_in_flight = [(Vendor::Anthropic, NonZeroU32::new(PLACES).unwrap())].into();
        let settings = FetcherSettings { windows_in_flight, ..FetcherSettings::default() };
        let bus: Arc<dyn Bus> = Arc::new(self.bus.clone());
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let store = Arc::new(MemoryStore::default());
        let fetcher = Fetcher::new(accounts, store, Arc::clone(&bus), clock, settings, Observer::silent());
        let settings = WorkerSettings { idle_wait: Duration::from_millis(5), ..WorkerSettings::default() };
        Worker::new(bus, fetcher.until(self.stop.clone())).with_settings(settings)
    }

    async fn ask(&self, source: &str, first: u32, last: u32) {
        let day = |day: u32| Some(format!("2025-10-{day:02}").parse().unwrap());
        let event = FetchRequested {
            source: source.to_owned(),
            trailing_days: 0,
            account_id: Some("acme".into()),
            from_date: day(first),
            to_date: day(last),
            requested_at: None,
        };
        publish(&self.bus, &event).await.unwrap();
    }

    /// A request for each day.
    async fn ask_for_each(&self, days: std::ops::RangeInclusive<u32>) {
        for day in days {
            self.ask(CLAUDE_CODE, day, day).await;
        }
    }

    fn hold(&self) {
        self.simulator.inject(Fault::on(Endpoint::AnthropicClaudeCode, FaultKind::Held));
    }

    async fn until_held(&self, count: usize) {
        while self.simulator.held() < count {
            tokio::task::yield_now().await;
        }
    }

    /// The next so many windows that were stored, in the order of their days.
    async fn stored(&self, count: usize) -> Vec<String> {
        let mut stored = Vec::new();
        while stored.len() < count {
            for delivery in self.bus.pull(Topic::SnapshotStored, 100, Duration::from_millis(20)).await.unwrap() {
                let event = decode::<SnapshotStored>(&delivery.message).unwrap();
                stored.push(format!("{} {}", event.source, event.from_date));
                self.bus.ack(&delivery).await.unwrap();
            }
        }
        stored.sort();
        stored
    }

    /// The account's first window, which goes alone.
    async fn meet(&self) {
        self.ask_for_each(1..=1).await;
        self.stored(1).await;
    }

    /// Runs a fetcher beside what is watched, which ends it.
    async fn watch<T>(&self, watched: impl Future<Output = T>) -> T {
        let fetcher = self.fetcher();
        let both = async {
            tokio::join!(fetcher.run(self.stop.clone()), async {
                let seen = watched.await;
                self.stop.cancel();
                seen
            })
        };
        let (ended, seen) = tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
        ended.unwrap();
        seen
    }
}

fn days(days: std::ops::RangeInclusive<u32>) -> Vec<String> {
    days.map(|day| format!("{CLAUDE_CODE} 2025-10-{day:02}")).collect()
}

#[tokio::test]
async fn windows_are_asked_while_others_wait_and_no_more_than_there_are_places() {
    let scene = Scene::new().await;
    let stored = scene.watch(async {
        scene.meet().await;
        scene.hold();
        scene.ask_for_each(2..=9).await;
        scene.until_held(PLACES as usize).await;
        // The other vendor is asked meanwhile, though its request came last.
        scene.ask(MEMBERS, 17, 17).await;
        assert_eq!(scene.stored(1).await, [format!("{MEMBERS} 2025-10-17")]);
        assert_eq!(scene.simulator.held(), PLACES as usize);
        scene.simulator.clear_faults();
        scene.stored(8).await
    });
    assert_eq!(stored.await, days(2..=9));
    assert_eq!(scene.simulator.held_at_most(), PLACES as usize);
    assert_eq!(scene.simulator.over_the_rate(), 0);
}

#[tokio::test]
async fn the_windows_of_one_request_are_asked_side_by_side_as_well() {
    let scene = Scene::new().await;
    let stored = scene.watch(async {
        scene.meet().await;
        scene.hold();
        scene.ask(CLAUDE_CODE, 2, 9).await;
        scene.until_held(PLACES as usize).await;
        scene.simulator.clear_faults();
        scene.stored(8).await
    });
    assert_eq!(stored.await, days(2..=9));
    assert_eq!(scene.simulator.held_at_most(), PLACES as usize);
}

#[tokio::test]
async fn the_first_window_of_an_account_goes_alone_and_asks_once_what_the_key_opens() {
    let scene = Scene::new().await;
    scene.hold();
    scene
        .watch(async {
            scene.ask_for_each(1..=5).await;
            scene.until_held(1).await;
            scene.ask(MEMBERS, 17, 17).await;
            scene.stored(1).await;
            assert_eq!(scene.simulator.held(), 1);
            scene.simulator.clear_faults();
            scene.stored(5).await
        })
        .await;
    let requests = scene.simulator.requests();
    assert_eq!(requests.iter().filter(|request| request.endpoint == Some(Endpoint::AnthropicMe)).count(), 1);
}

#[tokio::test]
async fn a_day_is_never_asked_for_twice_at_the_same_time() {
    let scene = Scene::new().await;
    scene
        .watch(async {
            scene.meet().await;
            scene.hold();
            scene.ask_for_each(2..=2).await;
            scene.ask(CLAUDE_CODE, 2, 3).await;
            scene.until_held(1).await;
            scene.ask(MEMBERS, 17, 17).await;
            scene.stored(1).await;
            let held = |day: &str| {
                let requests = scene.simulator.requests();
                requests.iter().filter(|request| request.query.iter().any(|(_, value)| value == day)).count()
            };
            assert_eq!(held("2025-10-02"), 1);
            scene.simulator.clear_faults();
            assert_eq!(scene.stored(3).await, [days(2..=2), days(2..=3)].concat());
            assert_eq!(held("2025-10-02"), 2);
        })
        .await;
}

#[tokio::test]
async fn a_window_that_fails_costs_its_neighbours_nothing() {
    let scene = Scene::new().await;
    let day = "2025-10-05".parse().unwrap();
    scene.simulator.inject(Fault::on(Endpoint::AnthropicClaudeCode, FaultKind::Status(500)).when(When::Day(day)));
    scene.watch(async {
        scene.ask(CLAUDE_CODE, 2, 9).await;
        assert_eq!(scene.stored(7).await, [days(2..=4), days(6..=9)].concat());
        let failed = scene.bus.pull(Topic::FetchFailed, 10, Duration::from_secs(10)).await.unwrap();
        let failed: Vec<FetchFailed> = failed.iter().map(|delivery| decode(&delivery.message).unwrap()).collect();
        assert!(matches!(&failed[..], [one] if one.from_date == one.to_date && one.from_date.to_string() == "2025-10-05"));
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_ends_what_was_begun_and_leaves_the_rest_untried_on_the_bus() {
    let scene = Scene::new().await;
    scene
        .watch(async {
            scene.meet().await;
            scene.hold();
            scene.ask_for_each(2..=9).await;
            scene.until_held(PLACES as usize).await;
            scene.stop.cancel();
            scene.simulator.clear_faults();
        })
        .await;
    assert_eq!(scene.stored(PLACES as usize).await, days(2..=4));
    let left = scene.bus.pull(Topic::FetchRequested, 100, Duration::ZERO).await.unwrap();
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|delivery| delivery.attempt == 1), "{left:?}");
}
