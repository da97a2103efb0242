//! The fetcher: asks the vendors for windows and keeps every answer as it came.
//!
//! It writes pages, then the manifest, then publishes. It never looks into a record: what a page means is the
//! normalizer's work.

mod account;
mod answer;
mod request;
mod settings;
mod snapshot;
mod upload;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use everycent_domain::paging::PagingTask;
use everycent_domain::replay::stored;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::bus::Bus;
use everycent_runtime::clock::Clock;
use everycent_runtime::failure::chain;
use everycent_runtime::progress::{Observer, Progress};
use everycent_runtime::store::Store;
use everycent_runtime::vendor::VendorClient;
use everycent_runtime::worker::{Gather, Handler, Outcome, publish};
use everycent_schemas::events::{FetchFailed, FetchRequested, SnapshotStored};
use everycent_schemas::{AccountId, Timestamp};
use tracing::{info, instrument, warn};

pub use account::{FetchAccount, accounts};
pub use answer::since as answered_since;
pub use request::{InvalidRequest, resolve};
pub use settings::FetcherSettings;
use snapshot::{FetchError, SnapshotWriter};
pub use upload::{Upload, store_upload};

/// Handles `FetchRequested`.
pub struct Fetcher {
    accounts: BTreeMap<(Vendor, AccountId), FetchAccount>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    settings: FetcherSettings,
    observer: Observer,
}

impl Fetcher {
    pub fn new(
        accounts: impl IntoIterator<Item = FetchAccount>,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        settings: FetcherSettings,
        observer: Observer,
    ) -> Self {
        let accounts =
            accounts.into_iter().map(|account| ((account.vendor, account.account_id.clone()), account)).collect();
        Self { accounts, store, bus, clock, settings, observer }
    }

    /// Fetches one window and tells how it ended: stored, or failed. Only what stands between us and the store or the
    /// bus is an error here.
    #[instrument(skip_all, fields(source = %source, window = %window))]
    async fn fetch(
        &self,
        source: Source,
        account: &FetchAccount,
        window: Window,
        requested_at: Option<Timestamp>,
    ) -> Result<(), Outcome> {
        let started_at = self.clock.now();
        let account_id = account.account_id.clone();
        self.observer.tell(Progress::Asking { source, account_id: account_id.clone(), window });
        let answered = answer::since(self.store.as_ref(), source, &account.account_id, window, requested_at).await;
        let outcome = match (answered?, &account.client) {
            (Some(manifest), _) => Ok(stored(&manifest, self.clock.now(), None)),
            (None, Ok(client)) => self.read_until_whole(source, account, window, client).await,
            (None, Err(reason)) => Err(FetchError::NoClient(reason.clone())),
        };
        match outcome {
            Ok(stored) => {
                let pages = stored.pages.unsigned_abs();
                self.observer.tell(Progress::Stored { source, account_id, window, pages });
                info!(snapshot.id = %stored.snapshot_id, source = %source, window = %window, pages, "snapshot stored");
                publish(self.bus.as_ref(), &stored).await.map_err(Outcome::from)
            }
            Err(FetchError::Store(error)) => Err(Outcome::from(error)),
            Err(error) if error.closes_report() => self.refused(source, account, window, &error, started_at).await,
            Err(error) => {
                warn!(source = %source, account.id = %account.account_id, window = %window, "{}", chain(&error));
                let reason = error.to_string();
                self.observer.tell(Progress::Failed { source, account_id, window, reason: reason.clone() });
                let failed = failed(source, account, window, (reason, started_at));
                publish(self.bus.as_ref(), &failed).await.map_err(Outcome::from)
            }
        }
    }

    /// The vendor refuses the report to this key. That is a failure where it answered before or a person chose the
    /// report: a permission that is lost is not a plan without the report.
    async fn refused(
        &self,
        source: Source,
        account: &FetchAccount,
        window: Window,
        error: &FetchError,
        started_at: Timestamp,
    ) -> Result<(), Outcome> {
        let account_id = account.account_id.clone();
        let unavailable = !account.are_chosen && !answer::ever(self.store.as_ref(), source, &account_id).await?;
        if unavailable {
            info!(source = %source, account.id = %account_id, window = %window, "not open to this key: {error}");
            self.observer.tell(Progress::Unavailable { source, account_id, window });
        } else {
            warn!(source = %source, account.id = %account_id, window = %window, "{}", chain(error));
            self.observer.tell(Progress::Failed { source, account_id, window, reason: error.to_string() });
        }
        let reason = format!("{error}; or leave {source} out: name the other sources of this account under `sources`");
        let failed = FetchFailed { unavailable, ..failed(source, account, window, (reason, started_at)) };
        publish(self.bus.as_ref(), &failed).await.map_err(Outcome::from)
    }

    /// Asks the window again from its start while its answers do not make a whole, a few times.
    async fn read_until_whole(
        &self,
        source: Source,
        account: &FetchAccount,
        window: Window,
        client: &VendorClient,
    ) -> Result<SnapshotStored, FetchError> {
        let mut last_fault = None;
        for reading in 1.. {
            let fetched_at = self.clock.now();
            let task = PagingTask {
                window,
                today: fetched_at.day(),
                page_size: self.settings.page_size,
                last_fault: last_fault.clone(),
            };
            let writer = SnapshotWriter::new(
                self.store.as_ref(),
                source,
                &task,
                &account.account_id,
                fetched_at,
                &self.observer,
            );
            match writer.fetch(client).await {
                Ok(manifest) => return Ok(stored(&manifest, self.clock.now(), None)),
                Err(error) if error.is_final() || reading >= self.settings.max_readings => return Err(error),
                Err(error) => {
                    info!(source = %source, window = %window, reading, "asking again from the start: {error}");
                    last_fault = error.into_fault();
                }
            }
        }
        unreachable!("invariant: the loop ends by returning")
    }

    async fn handle_one(&self, event: &FetchRequested) -> Outcome {
        // A request that comes again after midnight means the same days.
        let now = self.clock.now();
        let asked_at = event.requested_at.map_or(now, |at| at.min(now));
        let tasks = match resolve(event, self.accounts.values(), asked_at.day()) {
            Ok(tasks) => tasks,
            Err(error) => return Outcome::dead_letter(error),
        };
        for task in tasks {
            let account = &self.accounts[&(task.source.vendor(), task.account_id.clone())];
            if let Err(outcome) = self.fetch(task.source, account, task.window, event.requested_at).await {
                return outcome;
            }
        }
        Outcome::Done
    }
}

fn failed(
    source: Source,
    account: &FetchAccount,
    window: Window,
    (reason, failed_at): (String, Timestamp),
) -> FetchFailed {
    FetchFailed {
        source: source.name().to_owned(),
        account_id: account.account_id.clone(),
        from_date: window.from(),
        to_date: window.to(),
        reason,
        failed_at,
        unavailable: false,
    }
}

#[async_trait]
impl Handler for Fetcher {
    type Event = FetchRequested;

    fn gather(&self) -> Gather {
        Gather::ONE
    }

    async fn handle(&self, events: &[FetchRequested]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        for event in events {
            outcomes.push(self.handle_one(event).await);
        }
        outcomes
    }
}
