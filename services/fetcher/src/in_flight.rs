//! Which windows are asked for at the same time: some of each account, those of different accounts beside one another.
//!
//! Each account has so many places, so what is in memory is bounded by what the places hold, however many windows wait.
//! The first window of an account goes alone, for its answer shows what the others go by: the vendor's clock, and what
//! the key opens. Two windows of one report that share a day never go together, so that the one that is dated later was
//! asked later.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_schemas::AccountId;
use tokio::sync::{Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::request::WindowTask;

/// The windows that are asked for now.
pub(super) struct InFlight {
    accounts: BTreeMap<(Vendor, AccountId), Places>,
    /// Places of all accounts together.
    all: Semaphore,
    asked: Mutex<Vec<(Source, AccountId, Window)>>,
    ended: Notify,
    /// From then on nothing is begun.
    pub(super) stop: CancellationToken,
}

/// The places of one account.
struct Places {
    windows: Arc<Semaphore>,
    /// Whether its first window is over.
    met: Arc<tokio::sync::Mutex<bool>>,
}

/// A place. It is free again when this is dropped.
pub(super) struct Place<'a> {
    in_flight: &'a InFlight,
    asked: (Source, AccountId, Window),
    first: Option<OwnedMutexGuard<bool>>,
    _permit: Option<OwnedSemaphorePermit>,
    _of_all: Option<SemaphorePermit<'a>>,
}

impl InFlight {
    pub(super) fn new<'a>(accounts: impl Iterator<Item = (&'a (Vendor, AccountId), usize)>, in_all: usize) -> Self {
        let places = |windows| Places { windows: Arc::new(Semaphore::new(windows)), met: Arc::default() };
        let accounts = accounts.map(|(account, windows)| (account.clone(), places(windows))).collect();
        let (all, stop) = (Semaphore::new(in_all), CancellationToken::new());
        Self { accounts, all, asked: Mutex::default(), ended: Notify::new(), stop }
    }

    /// Waits for a place; `None` when nothing is to be begun any more.
    pub(super) async fn enter(&self, task: &WindowTask) -> Option<Place<'_>> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            place = self.place(task) => Some(place),
        }
    }

    async fn place(&self, task: &WindowTask) -> Place<'_> {
        let (mut first, mut permit) = (None, None);
        if let Some(places) = self.accounts.get(&(task.source.vendor(), task.account_id.clone())) {
            let met = Arc::clone(&places.met).lock_owned().await;
            first = (!*met).then_some(met);
            permit = Arc::clone(&places.windows).acquire_owned().await.ok();
        }
        let of_all = self.all.acquire().await.ok();
        let asked = (task.source, task.account_id.clone(), task.window);
        loop {
            let ended = self.ended.notified();
            if self.begin(&asked) {
                return Place { in_flight: self, asked, first, _permit: permit, _of_all: of_all };
            }
            ended.await;
        }
    }

    /// Whether no day of it is asked for already; if so, it is asked for from now on.
    fn begin(&self, asked: &(Source, AccountId, Window)) -> bool {
        let shares_a_day = |one: &Window, other: &Window| one.from() <= other.to() && other.from() <= one.to();
        let mut all = self.asked();
        let is_free =
            !all.iter().any(|other| (other.0, &other.1) == (asked.0, &asked.1) && shares_a_day(&other.2, &asked.2));
        if is_free {
            all.push(asked.clone());
        }
        is_free
    }

    fn asked(&self) -> MutexGuard<'_, Vec<(Source, AccountId, Window)>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(met) = &mut self.first {
            **met = true;
        }
        let mut asked = self.in_flight.asked();
        if let Some(at) = asked.iter().position(|asked| *asked == self.asked) {
            asked.swap_remove(at);
        }
        drop(asked);
        self.in_flight.ended.notify_waiters();
    }
}
