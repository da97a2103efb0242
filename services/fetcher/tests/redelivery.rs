//! A request that comes again, because the ack of the first time was lost.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use everycent_domain::vendor::Vendor;
use everycent_fetcher::{FetchAccount, Fetcher, FetcherSettings};
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::unreliable::UnreliableBus;
use everycent_runtime::bus::{Bus, BusSettings, Topic};
use everycent_runtime::clock::{Clock, ManualClock};
use everycent_runtime::faults::{Fault, Faults};
use everycent_runtime::progress::Observer;
use everycent_runtime::secret::Secret;
use everycent_runtime::store::Store;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::vendor::{Auth, VendorClient, VendorSettings};
use everycent_runtime::worker::{Worker, decode, publish};
use everycent_schemas::SnapshotId;
use everycent_schemas::events::{FetchFailed, FetchRequested, SnapshotStored};
use tempfile::TempDir;
use vendor_sim::{Endpoint, FaultKind, Simulator, WorldClock, worlds};

const REPORT: &str = "anthropic/cost_totals";
/// From the time at which a place begins.
const SECONDS_TO_MIDNIGHT: i64 = 18 * 60 * 60;
const LEASE: Duration = Duration::from_secs(60);

/// A vendor, a store and a queue, and fetchers that come and go.
struct Place {
    simulator: Simulator,
    store: Arc<dyn Store>,
    bus: SqliteBus,
    clock: ManualClock,
    _folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let simulator = Simulator::start(worlds::october()).await.unwrap();
        let clock = ManualClock::at("2025-10-18T06:00:00.000000Z".parse().unwrap());
        let settings = BusSettings { lease: LEASE, max_attempts: 5 };
        let bus = SqliteBus::open(&folder.path().join("bus.sqlite"), Arc::new(clock.clone()), settings).unwrap();
        Self { simulator, store: Arc::new(MemoryStore::default()), bus, clock, _folder: folder }
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(chrono::Duration::seconds(seconds));
    }

    /// Lets a fetcher take what is ready; gives how often the vendor was asked for it.
    async fn fetch(&self, faults: Faults) -> usize {
        self.fetch_with(faults, FetcherSettings::default()).await
    }

    async fn fetch_with(&self, faults: Faults, settings: FetcherSettings) -> usize {
        let asked_before = self.asked();
        let now = self.clock.now().to_chrono();
        self.simulator.with_world(|world| world.options.clock = WorldClock::At(now));
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let auth = Auth::AnthropicKey(Secret::new(self.simulator.anthropic_key()));
        let vendor = VendorSettings::new(self.simulator.url().parse().unwrap(), auth, "the test's key");
        let account = FetchAccount {
            vendor: Vendor::Anthropic,
            account_id: "acme".into(),
            sources: vec![REPORT.parse().unwrap()],
            are_chosen: false,
            client: Ok(Arc::new(VendorClient::new(vendor, Arc::clone(&clock)).unwrap())),
        };
        let bus: Arc<dyn Bus> = Arc::new(UnreliableBus::new(Arc::new(self.bus.clone()), faults));
        let fetcher =
            Fetcher::new([account], Arc::clone(&self.store), Arc::clone(&bus), clock, settings, Observer::silent());
        // A lost ack is an error of the step; the queue has what is left.
        let _ = Worker::new(bus, fetcher).step().await;
        self.asked() - asked_before
    }

    /// How often the vendor was asked for figures, and not what the key opens.
    fn asked(&self) -> usize {
        self.simulator
            .requests()
            .iter()
            .filter(|request| !matches!(request.endpoint, Some(Endpoint::AnthropicMe | Endpoint::AnthropicWorkspaces)))
            .count()
    }

    /// The snapshots that were announced since the last look.
    async fn announced(&self) -> Vec<SnapshotId> {
        let stored = self.bus.pull(Topic::SnapshotStored, 10, Duration::ZERO).await.unwrap();
        stored.iter().map(|delivery| decode::<SnapshotStored>(&delivery.message).unwrap().snapshot_id).collect()
    }
}

/// As a scheduler sends it: without the time when it was made.
fn scheduled() -> FetchRequested {
    FetchRequested {
        source: REPORT.to_owned(),
        trailing_days: 3,
        account_id: None,
        from_date: None,
        to_date: None,
        requested_at: None,
    }
}

fn lost_ack() -> Faults {
    Faults::new(|operation| if operation == "ack" { Fault::Before } else { Fault::None })
}

#[tokio::test]
async fn a_scheduled_request_that_comes_again_is_answered_by_what_it_had_stored() {
    let place = Place::new().await;
    publish(&place.bus, &scheduled()).await.unwrap();
    place.pass(5);
    assert_eq!(place.fetch(lost_ack()).await, 1);
    let first = place.announced().await;
    place.pass(61);
    assert_eq!(place.fetch(Faults::none()).await, 0, "the vendor is not asked again");
    assert_eq!(place.announced().await.last(), first.last());
    assert_eq!(place.bus.depths().await.unwrap()[0].ready, 0, "it was acked");
}

#[tokio::test]
async fn a_scheduled_request_that_comes_again_after_midnight_means_the_days_that_it_meant_before() {
    let place = Place::new().await;
    place.pass(SECONDS_TO_MIDNIGHT - 30);
    publish(&place.bus, &scheduled()).await.unwrap();
    place.pass(5);
    assert_eq!(place.fetch(lost_ack()).await, 1);
    let first = place.announced().await;
    place.pass(61);
    assert_eq!(place.fetch(Faults::none()).await, 0, "the vendor is not asked for another window");
    assert_eq!(place.announced().await.last(), first.last());
}

#[tokio::test]
async fn a_window_that_takes_too_long_has_failed_and_the_fetcher_goes_on() {
    let place = Place::new().await;
    publish(&place.bus, &scheduled()).await.unwrap();
    let settings = FetcherSettings { max_window: Duration::ZERO, ..FetcherSettings::default() };
    // Lest the whole answer is there before the clock has ticked once.
    place.simulator.inject(vendor_sim::Fault::anywhere(FaultKind::SlowBody { pause_ms: 50 }).times(1));
    place.fetch_with(Faults::none(), settings).await;
    assert!(place.announced().await.is_empty());
    let failed = place.bus.pull(Topic::FetchFailed, 10, Duration::ZERO).await.unwrap();
    let reason = decode::<FetchFailed>(&failed[0].message).unwrap().reason;
    assert_eq!(reason, "the vendor had not come to the end of this window after 0 minutes; try again later");
    assert_eq!(place.bus.depths().await.unwrap()[0].ready, 0, "it was acked");
    publish(&place.bus, &scheduled()).await.unwrap();
    assert_eq!(place.fetch(Faults::none()).await, 1);
}

#[tokio::test]
async fn the_next_scheduled_request_of_the_same_days_asks_again() {
    let place = Place::new().await;
    for _ in 0..2 {
        publish(&place.bus, &scheduled()).await.unwrap();
        assert_eq!(place.fetch(Faults::none()).await, 1);
        place.pass(3600);
    }
    let announced = place.announced().await;
    assert_eq!(announced.len(), 2);
    assert_ne!(announced[0], announced[1]);
}
