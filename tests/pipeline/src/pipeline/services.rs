//! The services of one process, with unreliable ports around the real bodies.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use everycent_domain::attribution::{DEFAULT_WORKSPACE, Platform, Rule, Rules};
use everycent_domain::recipe::Recipe;
use everycent_domain::vendor::Vendor;
use everycent_fetcher::{FetchAccount, Fetcher, FetcherSettings};
use everycent_loader::{DecisionRecorder, FailureRecorder, Loader};
use everycent_normalizer::Normalizer;
use everycent_runtime::backoff::Backoff;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::unreliable::UnreliableBus;
use everycent_runtime::bus::{Bus, BusSettings};
use everycent_runtime::clock::Clock;
use everycent_runtime::progress::Observer;
use everycent_runtime::secret::Secret;
use everycent_runtime::store::Store;
use everycent_runtime::store::unreliable::UnreliableStore;
use everycent_runtime::vendor::{Auth, RetrySettings, VendorClient, VendorSettings};
use everycent_runtime::warehouse::{SqliteWarehouse, Warehouse};
use everycent_runtime::worker::{Handler, Worker, WorkerError, WorkerSettings};
use vendor_sim::Simulator;

use super::accounts::ACCOUNTS;
use super::clock::TickingClock;
use super::sources;
use crate::fate::Fate;
use crate::ports::{ShuffledBus, UnreliableWarehouse, Witness, WitnessBus};

/// Who takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Fetcher,
    Normalizer,
    Loader,
    FailureRecorder,
    DecisionRecorder,
}

impl Service {
    pub const ALL: [Self; 5] =
        [Self::Fetcher, Self::Normalizer, Self::Loader, Self::FailureRecorder, Self::DecisionRecorder];
}

/// A failed event comes again at once: waiting is the clock's affair.
const PATIENCE: WorkerSettings = WorkerSettings {
    renew_every: Duration::from_secs(20),
    idle_wait: Duration::ZERO,
    retry: Backoff::NONE,
    bus_retry: Backoff::NONE,
};
/// Users on one page, so that a handful of them fill several.
const PAGE_SIZE: u32 = 2;

/// Attempts enough for any schedule: here nothing may be given up.
pub(super) const BUS: BusSettings = BusSettings { lease: Duration::from_secs(60), max_attempts: 10_000 };

/// What a process finds when it starts.
pub(super) struct Surroundings<'a> {
    pub folder: &'a Path,
    pub warehouse_file: &'a Path,
    pub simulator: &'a Simulator,
    pub clock: &'a TickingClock,
    pub witness: &'a Witness,
    pub fate: &'a Fate,
    pub rule_set: usize,
    /// Without one, messages come in order.
    pub shuffle_seed: Option<u64>,
}

pub(super) struct Services {
    /// The file's own bus, without faults and unseen by the model.
    pub(super) bus: SqliteBus,
    /// The same, seen by the model.
    pub(super) witnessed_bus: WitnessBus,
    /// Of the same file, without faults.
    pub(super) warehouse: Arc<dyn Warehouse>,
    fetcher: Worker<Fetcher>,
    normalizer: Worker<Normalizer>,
    loader: Worker<Loader>,
    failures: Worker<FailureRecorder>,
    decisions: Worker<DecisionRecorder>,
}

impl Services {
    pub(super) async fn open(process: &Surroundings<'_>, store: Arc<dyn Store>) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(process.clock.clone());
        let faults = || process.fate.faults();
        let file = SqliteBus::open(&process.folder.join("bus.sqlite"), Arc::clone(&clock), BUS)?;
        let witnessed = || WitnessBus { inner: Arc::new(file.clone()), witness: process.witness.clone() };
        let ordered: Arc<dyn Bus> = match process.shuffle_seed {
            Some(seed) => Arc::new(ShuffledBus::new(Arc::new(witnessed()), seed)),
            None => Arc::new(witnessed()),
        };
        let bus: Arc<dyn Bus> = Arc::new(UnreliableBus::new(ordered, faults()));
        let store: Arc<dyn Store> = Arc::new(UnreliableStore::new(store, faults()));
        let tables = SqliteWarehouse::open(process.warehouse_file)?;
        tables.migrate().await?;
        let tables: Arc<dyn Warehouse> = Arc::new(tables);
        let warehouse: Arc<dyn Warehouse> = Arc::new(UnreliableWarehouse::new(Arc::clone(&tables), faults()));
        let silent = Observer::silent;
        let recipe = Arc::new(Recipe { rules: rules(process.rule_set), ..Recipe::default() });
        // One after another, lest chance decides which of them a fault hits: a run is a function of its case.
        let settings = FetcherSettings { page_size: PAGE_SIZE, windows_in_all: 1, ..FetcherSettings::default() };
        let (stored, published, ticking) = (|| Arc::clone(&store), || Arc::clone(&bus), || Arc::clone(&clock));
        let accounts = accounts(process)?;
        let fetcher = Fetcher::new(accounts, stored(), published(), ticking(), settings, silent());
        let normalizer = Normalizer::new(stored(), published(), recipe, silent());
        let loader = Loader::new(stored(), published(), Arc::clone(&warehouse), ticking(), Arc::default(), silent());
        Ok(Self {
            fetcher: worker(&bus, fetcher),
            normalizer: worker(&bus, normalizer),
            loader: worker(&bus, loader.clone()),
            decisions: worker(&bus, DecisionRecorder::new(loader)),
            warehouse: tables,
            failures: worker(&bus, FailureRecorder::new(warehouse)),
            witnessed_bus: witnessed(),
            bus: file,
        })
    }

    /// One round. A bus out of reach ends it early; nothing here may stop a worker for good.
    pub(super) async fn step(&self, service: Service) -> Result<usize> {
        let taken = match service {
            Service::Fetcher => self.fetcher.step().await,
            Service::Normalizer => self.normalizer.step().await,
            Service::Loader => self.loader.step().await,
            Service::FailureRecorder => self.failures.step().await,
            Service::DecisionRecorder => self.decisions.step().await,
        };
        match taken {
            Ok(taken) => Ok(taken),
            Err(WorkerError::Bus(_)) => Ok(1),
            Err(stopped) => Err(stopped).with_context(|| format!("{service:?}")),
        }
    }
}

fn worker<H: Handler>(bus: &Arc<dyn Bus>, handler: H) -> Worker<H> {
    Worker::new(Arc::clone(bus), handler).with_settings(PATIENCE)
}

fn accounts(process: &Surroundings<'_>) -> Result<Vec<FetchAccount>> {
    let simulator = process.simulator;
    let account = |(vendor, account_id): &(&str, &str)| -> Result<FetchAccount> {
        let (vendor, auth) = match *vendor {
            "anthropic" => (Vendor::Anthropic, Auth::AnthropicKey(Secret::new(key(simulator, account_id)))),
            _ => (Vendor::Cursor, Auth::CursorBasic(Secret::new(simulator.cursor_key()))),
        };
        let retry = RetrySettings {
            max_attempts: NonZeroU32::MIN.saturating_add(2),
            base_wait: Duration::ZERO,
            backoff_cap: Duration::ZERO,
            limited: Backoff::NONE,
            max_wait: Duration::from_secs(1),
            max_asking: Duration::MAX,
        };
        let settings =
            VendorSettings { retry, ..VendorSettings::new(simulator.url().parse()?, auth, "the test's key") };
        let client = VendorClient::new(settings, Arc::new(process.clock.clone()))?;
        let sources = sources::of_vendor(vendor);
        Ok(FetchAccount {
            vendor,
            account_id: (*account_id).into(),
            sources,
            are_chosen: true,
            client: Ok(Arc::new(client)),
        })
    };
    ACCOUNTS.iter().map(account).collect()
}

/// Each account opens an organization of its own.
fn key(simulator: &Simulator, account_id: &str) -> String {
    simulator.with_world(|world| {
        let other = world.options.anthropic_other_keys.iter().find(|(key, _)| key == account_id);
        other.map_or(world.options.anthropic_key.clone(), |(key, _)| key.clone())
    })
}

/// The sets of rules, which the model has in its own words.
fn rules(set: usize) -> Rules {
    let some = |text: &str| Some(text.to_owned());
    Rules::new(match set {
        1 => vec![Rule { workspace_id: some(DEFAULT_WORKSPACE), ..Rule::new("default-is-api", Platform::ClaudeApi) }],
        2 => vec![
            Rule { description_contains: some("web SEARCH"), ..Rule::new("searches", Platform::ClaudeAi) },
            Rule { workspace_id: some("wrkspc_01Random0"), ..Rule::new("first-workspace", Platform::ClaudeCode) },
            Rule {
                model_prefix: some("claude-haiku"),
                service_tier: some("batch"),
                ..Rule::new("haiku-batches", Platform::ClaudeApi)
            },
            Rule { api_key_id: some("apikey_01Random00"), ..Rule::new("first-key", Platform::ClaudeCode) },
        ],
        3 => vec![Rule::new("all", Platform::ClaudeCode)],
        _ => vec![],
    })
}
