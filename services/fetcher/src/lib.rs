//! The fetcher: asks the vendors for windows and keeps every answer as it came.
//!
//! It writes pages, then the manifest, then publishes. It never looks into a record: what a page means is the
//! normalizer's work.

mod account;
mod admission;
mod answer;
mod ask;
mod in_flight;
mod page;
mod request;
mod settings;
mod snapshot;
mod upload;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::Duration;
use everycent_domain::future::after;
use everycent_domain::manifest::Manifest;
use everycent_domain::paging::PagingTask;
use everycent_domain::replay::stored;
use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::wanted::{overdue, plan};
use everycent_domain::window::Window;
use everycent_runtime::bus::Bus;
use everycent_runtime::clock::Clock;
use everycent_runtime::failure::{Retryability, Retryable, chain};
use everycent_runtime::progress::{Observer, Progress};
use everycent_runtime::store::Store;
use everycent_runtime::vendor::VendorClient;
use everycent_runtime::worker::{Gather, Handler, Outcome, publish};
use everycent_schemas::events::{FetchFailed, FetchRequested};
use everycent_schemas::{AccountId, Timestamp};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio_util::sync::CancellationToken;
use tracing::{info, instrument, warn};

pub use account::{FetchAccount, accounts};
use admission::Admitted;
pub use admission::{Admission, NotAdmitted, answered_accounts, with_answers};
pub use answer::since as answered_since;
use in_flight::InFlight;
use request::WindowTask;
pub use request::{InvalidRequest, resolve};
pub use settings::FetcherSettings;
use snapshot::{Beside, FetchError, SnapshotWriter, Unseen, Unsure};
pub use upload::{Upload, store_upload};
use workspaces::KnownWorkspaces;

/// Handles `FetchRequested`.
pub struct Fetcher {
    accounts: BTreeMap<(Vendor, AccountId), FetchAccount>,
    in_flight: InFlight,
    admission: Admission,
    workspaces: KnownWorkspaces,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    settings: FetcherSettings,
    observer: Observer,
    /// When each report of each account was last fetched.
    versions: Mutex<BTreeMap<(Source, AccountId), Timestamp>>,
    /// Accounts whose clock was warned of.
    warned: Mutex<BTreeSet<(Vendor, AccountId)>>,
}

/// Requests that wait for a place or have one. They are many more than there are places, so that an account that has to wait
/// does not keep the requests of another one on the bus.
const REQUESTS_IN_HAND: usize = 256;

/// Why a day failed that an answer leaves out for too long.
const NOT_REPORTED: &str = "the vendor answers and has not reported it yet, though it is over for days; the next sync asks \
                            again, and if that does not help ask the vendor";

/// What a person should know of. Smaller ones are corrected without a word.
const CLOCK_IS_OFF: Duration = Duration::minutes(2);

impl Fetcher {
    pub fn new(
        accounts: impl IntoIterator<Item = FetchAccount>,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        settings: FetcherSettings,
        observer: Observer,
    ) -> Self {
        let accounts: BTreeMap<_, _> =
            accounts.into_iter().map(|account| ((account.vendor, account.account_id.clone()), account)).collect();
        let admission = Admission::new(accounts.values(), Arc::clone(&store), Arc::clone(&clock));
        let workspaces = KnownWorkspaces::new(Arc::clone(&store), Arc::clone(&clock));
        let places = accounts.keys().map(|account| (account, settings.windows_in_flight(account.0)));
        let in_flight = InFlight::new(places, settings.windows_in_all);
        let (versions, warned) = (Mutex::default(), Mutex::default());
        Self { accounts, in_flight, admission, workspaces, store, bus, clock, settings, observer, versions, warned }
    }

    /// When `stop` is cancelled, what was not begun is left to the next one, and what was is ended.
    #[must_use]
    pub fn until(mut self, stop: CancellationToken) -> Self {
        self.in_flight.stop = stop;
        self
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
        let began_at = self.clock.now();
        let account_id = account.account_id.clone();
        self.observer.tell(Progress::Asking { source, account_id: account_id.clone(), window });
        let limit = self.settings.max_window;
        let answer = tokio::time::timeout(limit, self.answer(source, account, window, requested_at)).await;
        let outcome = answer.unwrap_or(Err(FetchError::Endless { limit }));
        self.watch_clock(source, account);
        match outcome {
            Ok(None) => {
                warn!(source = %source, account.id = %account_id, window = %window, "no day of it has begun for the vendor");
                Ok(())
            }
            Ok(Some(manifest)) => {
                // Before what was stored, so that whoever is told of that knows of these days too.
                for window in plan(source, overdue(source, &manifest)) {
                    warn!(source = %source, account.id = %account_id, window = %window, "{NOT_REPORTED}");
                    let failed = failed(source, account, window, (NOT_REPORTED.to_owned(), manifest.fetched_at));
                    publish(self.bus.as_ref(), &failed).await.map_err(Outcome::from)?;
                }
                let stored = stored(&manifest, account.now(self.clock.as_ref()), None);
                let pages = stored.pages.unsigned_abs();
                self.observer.tell(Progress::Stored { source, account_id, window, pages });
                let account = account.account_id.as_str();
                info!(snapshot.id = %stored.snapshot_id, source = %source, account.id = account, window = %window, pages, "snapshot stored");
                publish(self.bus.as_ref(), &stored).await.map_err(Outcome::from)
            }
            // What is damaged there is of this account: its days fail, and the others are asked for.
            Err(FetchError::Store(error)) if error.retryability() != Retryability::Impossible => Err(error.into()),
            Err(error) if error.closes_report() => {
                let window = begun(source, account, window, account.now(self.clock.as_ref())).unwrap_or(window);
                self.refused(source, account, window, &error, began_at.plus(account.clock_offset())).await
            }
            Err(error) => {
                warn!(source = %source, account.id = %account.account_id, window = %window, "{}", chain(&error));
                let reason = error.to_string();
                // Days that have not begun have not failed either.
                let window = begun(source, account, window, account.now(self.clock.as_ref())).unwrap_or(window);
                self.observer.tell(Progress::Failed { source, account_id, window, reason: reason.clone() });
                let failed = failed(source, account, window, (reason, began_at.plus(account.clock_offset())));
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

    /// The snapshot that answers the window: one that is stored, or a new one, if the account may be asked. `None` where
    /// this machine's clock is ahead of the vendor's, and no day of the window has begun there.
    async fn answer(
        &self,
        source: Source,
        account: &FetchAccount,
        window: Window,
        requested_at: Option<Timestamp>,
    ) -> Result<Option<Manifest>, FetchError> {
        // Once more where the first answer shows what the clock is off by. It may be set meanwhile, but not for ever.
        for settled in [false, false, true] {
            let offset = account.clock_offset();
            let now = account.now(self.clock.as_ref());
            let Some(window) = begun(source, account, window, now) else { return Ok(None) };
            let since = requested_at.map(|at| at.max(at.plus(account.clock_offset())));
            let store = self.store.as_ref();
            let known = answer::since(store, source, &account.account_id, window, since, now).await?;
            if let Some(manifest) = known.answer {
                return Ok(Some(manifest));
            }
            known.last.iter().for_each(|last| self.note_version(source, account, *last));
            let client = account.client.as_ref().map_err(|reason| FetchError::NoClient(reason.clone()))?;
            let unseen = match self.admission.before(account, client).await? {
                Admitted::Known => None,
                Admitted::OnceAnswered => Some(Unseen { admission: &self.admission, account }),
            };
            // The days were chosen by a clock that the answer about the account has just shown to be wrong.
            if !settled && client.clock_offset() != offset {
                continue;
            }
            let assumed = (!settled).then(|| client.clock_offset());
            match self.read_until_whole(source, account, window, (client, Unsure { assumed, unseen })).await {
                Err(FetchError::OtherClock) => {}
                read => return read.map(Some),
            }
        }
        Err(FetchError::OtherClock)
    }

    /// Asks the window again from its start while its answers do not make a whole, a few times.
    async fn read_until_whole(
        &self,
        source: Source,
        account: &FetchAccount,
        window: Window,
        (client, unsure): (&VendorClient, Unsure<'_>),
    ) -> Result<Manifest, FetchError> {
        let mut last_fault = None;
        for reading in 1.. {
            let fetched_at = self.next_version(source, account);
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
            let beside = Beside { workspaces: &self.workspaces, account };
            let read = writer.fetch(client, unsure, beside).await;
            // By a clock that turned out to be wrong nothing was dated.
            if !matches!(read, Err(FetchError::OtherClock)) {
                self.note_version(source, account, fetched_at);
            }
            match read {
                Ok(manifest) => return Ok(manifest),
                Err(error) if error.is_final() || reading >= self.settings.max_readings => return Err(error),
                Err(error) => {
                    let account = account.account_id.as_str();
                    info!(source = %source, account.id = account, window = %window, reading, "asking again from the start: {error}");
                    last_fault = error.into_fault();
                }
            }
        }
        unreachable!("invariant: the loop ends by returning")
    }

    /// The time of what is fetched now: the vendor's, and later than that of whatever was fetched before.
    fn next_version(&self, source: Source, account: &FetchAccount) -> Timestamp {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let last = versions.get(&(source, account.account_id.clone())).copied();
        after(last, account.now(self.clock.as_ref()))
    }

    fn note_version(&self, source: Source, account: &FetchAccount, fetched_at: Timestamp) {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let last = versions.entry((source, account.account_id.clone())).or_default();
        *last = fetched_at.max(*last);
    }

    /// Warns once of a clock that is off by more than anybody means.
    fn watch_clock(&self, source: Source, account: &FetchAccount) {
        let offset = account.clock_offset();
        if offset.abs() < CLOCK_IS_OFF {
            return;
        }
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if !warned.insert((account.vendor, account.account_id.clone())) {
            return;
        }
        warn!(
            vendor = %account.vendor,
            account.id = %account.account_id,
            clock.offset_s = offset.num_seconds(),
            "this machine's clock is wrong: answers are dated by the vendor's"
        );
        self.observer.tell(Progress::ClockIsOff { source, account_id: account.account_id.clone(), offset });
    }

    async fn handle_one(&self, event: &FetchRequested) -> Outcome {
        // A request that comes again after midnight means the same days.
        let now = self.now(event);
        let asked_at = match event.requested_at {
            // Days that are named are those of whoever named them; what has not begun is left out when it is known.
            Some(at) if event.from_date.is_some() => at,
            Some(at) => at.min(now),
            None => now,
        };
        let tasks = match resolve(event, self.accounts.values(), asked_at.day()) {
            Ok(tasks) => tasks,
            Err(error) => return Outcome::dead_letter(error),
        };
        let mut by_account: BTreeMap<AccountId, Vec<WindowTask>> = BTreeMap::new();
        for task in tasks {
            by_account.entry(task.account_id.clone()).or_default().push(task);
        }
        // An account waits for none of the others, unless windows of all accounts take turns.
        let at_once = by_account.len().clamp(1, self.settings.windows_in_all);
        let asked = stream::iter(by_account).map(|(_, tasks)| self.handle_account(event, tasks));
        let ended: Vec<_> = asked.buffered(at_once).collect().await;
        ended.into_iter().filter_map(Result::err).max_by_key(gravity).unwrap_or(Outcome::Done)
    }

    /// The windows of one account, as many at once as it has places.
    async fn handle_account(&self, event: &FetchRequested, tasks: Vec<WindowTask>) -> Result<(), Outcome> {
        let Some(WindowTask { source, account_id, .. }) = tasks.first() else { return Ok(()) };
        let account = &self.accounts[&(source.vendor(), account_id.clone())];
        // A schedule means the accounts that are asked.
        if self.admission.is_retired(account).await? && event.account_id.is_none() {
            return Ok(());
        }
        let places = self.settings.windows_in_flight(account.vendor);
        let asked = stream::iter(tasks).map(Ok);
        asked.try_for_each_concurrent(places, async |task| self.enter_and_fetch(account, task, event).await).await
    }

    /// What waits for its place is small; what a fetch needs it gets with the place.
    async fn enter_and_fetch(
        &self,
        account: &FetchAccount,
        task: WindowTask,
        event: &FetchRequested,
    ) -> Result<(), Outcome> {
        let Some(_place) = self.in_flight.enter(&task).await else { return Err(Outcome::Release) };
        Box::pin(self.fetch(task.source, account, task.window, event.requested_at)).await
    }

    /// The time at the vendor that the request is for.
    fn now(&self, event: &FetchRequested) -> Timestamp {
        let vendor = event.source.parse::<Source>().map(Source::vendor);
        let is_meant = |account: &&FetchAccount| {
            vendor.as_ref().is_ok_and(|vendor| *vendor == account.vendor)
                && event.account_id.as_ref().is_none_or(|id| *id == account.account_id)
        };
        self.accounts
            .values()
            .find(is_meant)
            .map_or_else(|| self.clock.now(), |account| account.now(self.clock.as_ref()))
    }
}

/// Of several outcomes of one event, the graver one is its own.
fn gravity(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Done => 0,
        Outcome::Release => 1,
        Outcome::Retry { .. } => 2,
        Outcome::DeadLetter { .. } => 3,
        Outcome::Stop { .. } => 4,
    }
}

/// The days of the window that have begun for the vendor, once its time is known. How things stand is read for its today.
fn begun(source: Source, account: &FetchAccount, window: Window, now: Timestamp) -> Option<Window> {
    let today = now.day();
    if !account.knows_the_time() || window.to() <= today {
        return Some(window);
    }
    match source.kind() {
        Kind::PointInTime => Some(Window::of(today)),
        Kind::Days(_) | Kind::Upload => {
            let last = window.days().take_while(|day| source.reaches(*day, today)).last()?;
            Window::new(window.from(), last).ok()
        }
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

    fn at_once(&self) -> usize {
        REQUESTS_IN_HAND.min(self.settings.windows_in_all)
    }

    async fn handle(&self, events: &[FetchRequested]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        for event in events {
            outcomes.push(self.handle_one(event).await);
        }
        outcomes
    }
}
