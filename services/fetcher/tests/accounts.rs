//! What the fetcher as a service makes of an account whose key opens something else than it may.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use everycent_domain::accounts::Change;
use everycent_domain::vendor::Vendor;
use everycent_fetcher::{FetchAccount, Fetcher, FetcherSettings};
use everycent_runtime::accounts::AccountLog;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::{Bus, BusSettings, Topic};
use everycent_runtime::clock::{Clock, ManualClock};
use everycent_runtime::progress::Observer;
use everycent_runtime::secret::Secret;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::store::{Store, StoreError};
use everycent_runtime::vendor::{Auth, VendorClient, VendorSettings};
use everycent_runtime::worker::{Worker, decode, publish};
use everycent_schemas::AccountId;
use everycent_schemas::events::{FetchFailed, FetchRequested, SnapshotStored};
use tempfile::TempDir;
use vendor_sim::{Endpoint, OrganizationHeader, Simulator, WhoAmI, WorldClock, worlds};

const REPORT: &str = "anthropic/cost_totals";
const SECOND: &str = "00000000-0000-4000-8000-000000000002";

/// A vendor whose keys are `first` and `other`, of two organizations, and `same`, of the first; a store, and a queue.
struct Place {
    simulator: Simulator,
    store: Arc<dyn Store>,
    bus: SqliteBus,
    clock: ManualClock,
    _folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let mut world = worlds::october();
        let first = world.options.anthropic_organization_id.clone();
        world.options.anthropic_key = "first".to_owned();
        world.options.anthropic_other_keys = vec![("same".to_owned(), first), ("other".to_owned(), SECOND.to_owned())];
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::at("2025-10-18T06:00:00.000000Z".parse().unwrap());
        let file = folder.path().join("bus.sqlite");
        let bus = SqliteBus::open(&file, Arc::new(clock.clone()), BusSettings::default()).unwrap();
        let simulator = Simulator::start(world).await.unwrap();
        Self { simulator, store: Arc::new(MemoryStore::default()), bus, clock, _folder: folder }
    }

    /// A fetcher with these accounts, each an id and a key.
    fn fetcher(&self, accounts: &[(&str, &str)]) -> Worker<Fetcher> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let account = |(id, key): &(&str, &str)| {
            let auth = Auth::AnthropicKey(Secret::new(*key));
            let settings = VendorSettings::new(self.simulator.url().parse().unwrap(), auth, "the test's key");
            FetchAccount {
                vendor: Vendor::Anthropic,
                account_id: AccountId::from(*id),
                sources: vec![REPORT.parse().unwrap()],
                are_chosen: false,
                client: Ok(Arc::new(VendorClient::new(settings, Arc::clone(&clock)).unwrap())),
            }
        };
        let accounts: Vec<FetchAccount> = accounts.iter().map(account).collect();
        let bus: Arc<dyn Bus> = Arc::new(self.bus.clone());
        let (store, settings) = (Arc::clone(&self.store), FetcherSettings::default());
        let fetcher = Fetcher::new(accounts, store, Arc::clone(&bus), Arc::clone(&clock), settings, Observer::silent());
        Worker::new(bus, fetcher)
    }

    /// Lets a scheduler ask once; gives the accounts that were stored, and why the others failed.
    async fn round(&self, fetcher: &Worker<Fetcher>) -> (Vec<String>, Vec<String>) {
        self.clock.advance(chrono::Duration::seconds(30));
        let now = self.clock.now().to_chrono();
        self.simulator.with_world(|world| world.options.clock = WorldClock::At(now));
        publish(&self.bus, &scheduled()).await.unwrap();
        fetcher.step().await.unwrap();
        self.clock.advance(chrono::Duration::seconds(1));
        let (mut stored, mut failed) = (Vec::new(), Vec::new());
        for delivery in self.bus.pull(Topic::SnapshotStored, 10, Duration::ZERO).await.unwrap() {
            stored.push(decode::<SnapshotStored>(&delivery.message).unwrap().account_id.to_string());
            self.bus.ack(&delivery).await.unwrap();
        }
        // Accounts are asked beside one another.
        stored.sort();
        for delivery in self.bus.pull(Topic::FetchFailed, 10, Duration::ZERO).await.unwrap() {
            failed.push(decode::<FetchFailed>(&delivery.message).unwrap().reason);
            self.bus.ack(&delivery).await.unwrap();
        }
        (stored, failed)
    }

    /// Names of stored answers.
    async fn raw(&self) -> Vec<String> {
        let names = self.store.list("raw/anthropic/", None, 100).await.unwrap();
        names.iter().map(ToString::to_string).collect()
    }

    async fn retire(&self, account: &str) {
        let log = AccountLog::new(Arc::clone(&self.store));
        let id = AccountId::from(account);
        let decide = |book: &everycent_domain::accounts::Book| {
            Ok::<_, StoreError>((!book.is_retired(&id)).then_some(Change::Retired))
        };
        log.change(Vendor::Anthropic, &id, self.clock.now(), decide).await.unwrap();
    }

    fn asked_who(&self) -> usize {
        self.simulator.requests().iter().filter(|request| request.endpoint == Some(Endpoint::AnthropicMe)).count()
    }
}

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

#[tokio::test]
async fn a_fetcher_whose_key_was_exchanged_publishes_a_failure_and_stores_nothing() {
    let place = Place::new().await;
    assert_eq!(place.round(&place.fetcher(&[("acme", "first")])).await, (vec!["acme".to_owned()], vec![]));
    let raw = place.raw().await;
    let (stored, failed) = place.round(&place.fetcher(&[("acme", "other")])).await;
    assert!(stored.is_empty() && failed.len() == 1, "{stored:?} {failed:?}");
    assert!(failed[0].contains("account `acme` was organization") && failed[0].contains(SECOND), "{failed:?}");
    assert_eq!(place.raw().await, raw);
}

#[tokio::test]
async fn of_two_accounts_with_keys_of_one_organization_one_is_fetched() {
    let place = Place::new().await;
    let (stored, failed) = place.round(&place.fetcher(&[("acme", "first"), ("twin", "same"), ("beta", "other")])).await;
    assert_eq!(stored, ["acme", "beta"]);
    assert!(failed.len() == 1 && failed[0].contains("accounts `acme` and `twin` are one"), "{failed:?}");
}

#[tokio::test]
async fn a_page_whose_header_names_another_organization_is_not_kept() {
    let place = Place::new().await;
    place.simulator.with_world(|world| {
        world.options.anthropic_me = WhoAmI::NotFound;
        world.options.anthropic_organization_header = OrganizationHeader::OnSuccess;
    });
    assert_eq!(place.round(&place.fetcher(&[("acme", "first")])).await.0, ["acme"]);
    let raw = place.raw().await;
    let (stored, failed) = place.round(&place.fetcher(&[("acme", "other")])).await;
    assert!(stored.is_empty() && failed.len() == 1 && failed[0].contains(SECOND), "{failed:?}");
    assert_eq!(place.raw().await, raw);
}

#[tokio::test]
async fn a_schedule_leaves_out_who_is_retired_while_the_fetcher_runs() {
    let place = Place::new().await;
    let fetcher = place.fetcher(&[("acme", "first"), ("beta", "other")]);
    assert_eq!(place.round(&fetcher).await.0, ["acme", "beta"]);
    place.retire("beta").await;
    assert_eq!(place.round(&fetcher).await, (vec!["acme".to_owned()], vec![]));
}

#[tokio::test]
async fn who_it_is_is_asked_once_an_hour() {
    let place = Place::new().await;
    let fetcher = place.fetcher(&[("acme", "first")]);
    for _ in 0..3 {
        place.round(&fetcher).await;
    }
    assert_eq!(place.asked_who(), 1);
    place.clock.advance(chrono::Duration::hours(1));
    place.round(&fetcher).await;
    assert_eq!(place.asked_who(), 2);
}
