//! Fetchers on machines whose clocks are wrong, over one store: the vendor's clock says which answer is the later one.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use chrono::Duration;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::ManifestName;
use everycent_domain::vendor::Vendor;
use everycent_fetcher::{FetchAccount, Fetcher, FetcherSettings};
use everycent_runtime::bus::BusSettings;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::clock::{Clock, ManualClock};
use everycent_runtime::progress::{Observer, Progress};
use everycent_runtime::secret::Secret;
use everycent_runtime::store::Store;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::vendor::{Auth, VendorClient, VendorSettings};
use everycent_runtime::worker::{Handler, Outcome};
use everycent_schemas::Timestamp;
use everycent_schemas::events::FetchRequested;
use tempfile::TempDir;
use vendor_sim::{Simulator, WorldClock, worlds};

const REPORT: &str = "anthropic/cost_totals";

/// A vendor, what is stored of its answers, and what was warned of.
struct Place {
    simulator: Simulator,
    store: Arc<dyn Store>,
    /// What time it really is.
    now: Timestamp,
    folder: TempDir,
}

/// A fetcher on a machine of its own.
struct Machine {
    clock: ManualClock,
    fetcher: Fetcher,
    warnings: Arc<std::sync::Mutex<Vec<i64>>>,
}

impl Place {
    async fn new() -> Self {
        let simulator = Simulator::start(worlds::october()).await.unwrap();
        let now = "2025-10-18T06:00:00.000000Z".parse().unwrap();
        let mut place =
            Self { simulator, store: Arc::new(MemoryStore::default()), now, folder: tempfile::tempdir().unwrap() };
        place.pass(Duration::zero());
        place
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        let now = self.now.to_chrono();
        self.simulator.with_world(|world| world.options.clock = WorldClock::At(now));
    }

    /// Whose clock is off by so much.
    fn machine(&self, name: &str, off_by: Duration) -> Machine {
        let clock = ManualClock::at(self.now.plus(off_by));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let auth = Auth::AnthropicKey(Secret::new(self.simulator.anthropic_key()));
        let settings = VendorSettings::new(self.simulator.url().parse().unwrap(), auth, "the test's key");
        let account = FetchAccount {
            vendor: Vendor::Anthropic,
            account_id: "acme".into(),
            sources: vec![REPORT.parse().unwrap()],
            are_chosen: false,
            client: Ok(Arc::new(VendorClient::new(settings, Arc::clone(&shared)).unwrap())),
        };
        let bus = SqliteBus::open(&self.folder.path().join(name), Arc::clone(&shared), BusSettings::default()).unwrap();
        let warnings: Arc<std::sync::Mutex<Vec<i64>>> = Arc::default();
        let seen = Arc::clone(&warnings);
        let observer = Observer::new(move |progress| {
            if let Progress::ClockIsOff { offset, .. } = progress {
                seen.lock().unwrap().push((offset.num_seconds() + 30).div_euclid(60));
            }
        });
        let (store, settings) = (Arc::clone(&self.store), FetcherSettings::default());
        Machine { clock, fetcher: Fetcher::new([account], store, Arc::new(bus), shared, settings, observer), warnings }
    }

    /// The manifests of all snapshots, from the oldest version to the newest.
    async fn manifests(&self) -> Vec<Manifest> {
        let names = self.store.list("raw/", None, 1_000).await.unwrap();
        let mut names: Vec<ManifestName> = names.iter().filter_map(ManifestName::parse).collect();
        names.sort_by(|a, b| a.version.cmp(&b.version));
        let mut manifests = Vec::new();
        for name in names {
            manifests.push(Manifest::from_json(&self.store.read(&name.object).await.unwrap()).unwrap());
        }
        manifests
    }
}

impl Machine {
    /// Asks for some days as a person on this machine does, who names them.
    async fn ask(&self, from: &str, to: &str) {
        let event = FetchRequested {
            source: REPORT.to_owned(),
            trailing_days: 0,
            account_id: None,
            from_date: Some(from.parse().unwrap()),
            to_date: Some(to.parse().unwrap()),
            requested_at: Some(self.clock.now()),
        };
        assert_eq!(self.fetcher.handle(&[event]).await, [Outcome::Done]);
    }
}

#[tokio::test]
async fn of_two_fetchers_minutes_apart_the_one_that_asked_later_has_the_later_version() {
    for (first, second) in [(6, -6), (-6, 6), (3, -3), (90, -90)] {
        let mut place = Place::new().await;
        let one = place.machine("one", Duration::minutes(first));
        let other = place.machine("other", Duration::minutes(second));
        one.ask("2025-10-03", "2025-10-09").await;
        place.pass(Duration::minutes(1));
        place.simulator.with_world(|world| world.restate_day("2025-10-05".parse().unwrap()));
        other.clock.advance(Duration::minutes(1));
        other.ask("2025-10-03", "2025-10-10").await;
        let windows: Vec<String> = place.manifests().await.iter().map(|manifest| manifest.window.to_string()).collect();
        assert_eq!(windows, ["2025-10-03..2025-10-09", "2025-10-03..2025-10-10"], "{first} and {second} minutes off");
        assert_eq!((&*one.warnings.lock().unwrap(), &*other.warnings.lock().unwrap()), (&vec![-first], &vec![-second]));
    }
}

#[tokio::test]
async fn a_request_is_not_answered_by_what_was_fetched_before_it_whatever_the_clocks_say() {
    for off_by in [Duration::days(-40), Duration::days(40), Duration::zero()] {
        let mut place = Place::new().await;
        let right = place.machine("right", Duration::zero());
        right.ask("2025-09-01", "2025-09-05").await;
        place.pass(Duration::days(1));
        let wrong = place.machine("wrong", off_by);
        for _ in 0..2 {
            wrong.clock.advance(Duration::minutes(1));
            place.pass(Duration::minutes(1));
            wrong.ask("2025-09-01", "2025-09-05").await;
        }
        let times: Vec<Timestamp> = place.manifests().await.iter().map(|manifest| manifest.fetched_at).collect();
        assert_eq!(times.len(), 3, "{off_by}");
        let at_the_vendor = |at: &Timestamp| (at.micros() - place.now.micros()).abs() < 120_000_000;
        assert!(times[1..].iter().all(at_the_vendor), "{off_by}: {times:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_between_two_fetches_gives_no_earlier_version() {
    let place = Place::new().await;
    place.simulator.with_world(|world| world.options.clock = WorldClock::Unreadable);
    let machine = place.machine("one", Duration::zero());
    machine.ask("2025-10-03", "2025-10-09").await;
    machine.clock.advance(Duration::minutes(-2));
    machine.ask("2025-10-03", "2025-10-10").await;
    // Another process knows only what is stored of the same window.
    let restarted = place.machine("two", Duration::minutes(-2));
    restarted.ask("2025-10-03", "2025-10-09").await;
    let windows: Vec<String> = place.manifests().await.iter().map(|manifest| manifest.window.to_string()).collect();
    assert_eq!(windows.len(), 3);
    assert_eq!(windows[0], "2025-10-03..2025-10-09");
    let of_nine: Vec<_> =
        place.manifests().await.into_iter().filter(|one| one.window.to_string().ends_with("09")).collect();
    assert!(of_nine[0].fetched_at < of_nine[1].fetched_at);
}
