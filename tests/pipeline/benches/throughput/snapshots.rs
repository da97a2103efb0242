//! Snapshots as the fetcher keeps them, asked of the simulator, and the batches that become of them.

use std::sync::Arc;

use anyhow::{Context, ensure};
use everycent_domain::manifest::Manifest;
use everycent_domain::normalize::{FinishedFile, Normalizer};
use everycent_domain::recipe::Recipe;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::wanted::plan;
use everycent_domain::window::Window;
use everycent_fetcher::{FetchAccount, Fetcher, FetcherSettings};
use everycent_runtime::bus::BusSettings;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::clock::{Clock, SystemClock};
use everycent_runtime::failure::Reason;
use everycent_runtime::page::decompress;
use everycent_runtime::progress::Observer;
use everycent_runtime::secret::Secret;
use everycent_runtime::store::Store;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::vendor::{Auth, VendorClient, VendorSettings};
use everycent_runtime::worker::Handler;
use everycent_schemas::events::{BatchNormalized, FetchRequested};
use everycent_schemas::{Day, Timestamp};
use vendor_sim::{Simulator, World};

const ACCOUNT: &str = "bench";
const OBJECTS_MAX: usize = 10_000;

/// What a reading of one window left in the store.
#[derive(Debug)]
pub struct Snapshot {
    pub manifest: Manifest,
    /// As the vendor sent them.
    pub pages: Vec<Vec<u8>>,
}

impl Snapshot {
    pub fn body_bytes(&self) -> u64 {
        self.manifest.body_bytes()
    }

    /// The same answer, given later.
    pub fn again(&self, later: Timestamp) -> Self {
        let manifest = Manifest {
            snapshot_id: format!("{}-{}", self.manifest.snapshot_id, later.micros()).into(),
            fetched_at: later,
            ..self.manifest.clone()
        };
        Self { manifest, pages: self.pages.clone() }
    }

    /// From the bytes of the pages to the bytes of the row files; each file is handed on as soon as it is full.
    pub fn normalize(&self, recipe: &Recipe, mut keep: impl FnMut(FinishedFile)) -> anyhow::Result<BatchNormalized> {
        let mut rows = Normalizer::new(&self.manifest, recipe, self.manifest.fetched_at)?;
        for page in &self.pages {
            rows.page(page)?.into_iter().for_each(&mut keep);
        }
        let (last, batch) = rows.finish()?;
        last.into_iter().for_each(keep);
        Ok(batch)
    }
}

/// Asks the world for days of a source, with the fetcher of the product.
pub async fn fetch(world: World, source: Source, days: Window) -> anyhow::Result<Vec<Snapshot>> {
    let simulator = Simulator::start(world).await?;
    let folder = tempfile::tempdir()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = MemoryStore::default();
    let bus = SqliteBus::open(&folder.path().join("bus.sqlite"), Arc::clone(&clock), BusSettings::default())?;
    let fetcher = Fetcher::new(
        [account(&simulator, source, Arc::clone(&clock))?],
        Arc::new(store.clone()),
        Arc::new(bus),
        clock,
        FetcherSettings::default(),
        Observer::silent(),
    );
    fetcher.handle(&[request(source, days)]).await;
    let snapshots = stored(&store).await?;
    ensure!(snapshots.len() == plan(source, days.days()).len(), "a window could not be fetched");
    Ok(snapshots)
}

fn account(simulator: &Simulator, source: Source, clock: Arc<dyn Clock>) -> anyhow::Result<FetchAccount> {
    let auth = match source.vendor() {
        Vendor::Anthropic => Auth::AnthropicKey(Secret::new(simulator.anthropic_key())),
        Vendor::Cursor => Auth::CursorBasic(Secret::new(simulator.cursor_key())),
    };
    let settings = VendorSettings::new(simulator.url().parse()?, auth, "the simulator's key");
    let client = VendorClient::new(settings, clock).map(Arc::new).map_err(Reason::of);
    Ok(FetchAccount {
        vendor: source.vendor(),
        account_id: ACCOUNT.into(),
        sources: vec![source],
        are_chosen: false,
        client,
    })
}

fn request(source: Source, days: Window) -> FetchRequested {
    FetchRequested {
        source: source.name().into(),
        trailing_days: 0,
        account_id: Some(ACCOUNT.into()),
        from_date: Some(days.from()),
        to_date: Some(days.to()),
        requested_at: None,
    }
}

async fn stored(store: &MemoryStore) -> anyhow::Result<Vec<Snapshot>> {
    let mut snapshots = Vec::new();
    for name in store.list("raw/", None, OBJECTS_MAX).await? {
        if name.as_str().ends_with("/manifest.json") {
            let manifest = Manifest::from_json(&store.read(&name).await?)?;
            let mut pages = Vec::new();
            for entry in &manifest.pages {
                pages.push(decompress(&store.read(&entry.object).await?, entry.body_bytes)?);
            }
            snapshots.push(Snapshot { manifest, pages });
        }
    }
    Ok(snapshots)
}

/// So many days from the first day of the worlds here.
pub fn days(count: u32) -> anyhow::Result<Window> {
    let first = Day::new(2023, 1, 1).context("a day of the calendar")?;
    Ok(Window::new(first, first.plus(count - 1))?)
}
