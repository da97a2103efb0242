//! Answers that are stored and not in the tables: their queue was lost, a service stopped, or the tables are older than
//! the store.
//!
//! For each day of a report the newest stored answer about it is compared with the newest that coverage knows. Names are
//! listed for the days that are asked about; a manifest is read only where a name says that something may be missing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use everycent_domain::future::is_future;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, account_prefix, answer_version, before_windows};
use everycent_domain::replay::ReplayPlan;
use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_fetcher::answered_accounts;
use everycent_runtime::store::{Names, Store, StoreError};
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, CoverageState, Day, Timestamp};

use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::pipeline::{self, Part};

/// Manifests that are read of one report of an account.
const READ_MAX: usize = 64;

/// Newest answers that were asked for a day and say nothing of it, after which no older one is looked at: the vendor has
/// not reported it yet.
const SILENT_MAX: usize = 3;

/// The last days of a period for which names are listed where that takes calls to a service.
const FAR_AWAY_DAYS: u32 = 92;

/// So long the services elsewhere may take from an answer to the tables before it counts as missing there.
fn under_way() -> Duration {
    Duration::minutes(30)
}

/// Days of one report of an account of which a stored answer is not in the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unloaded {
    pub source: Source,
    pub account_id: AccountId,
    pub days: BTreeSet<Day>,
}

/// What stored answers say and the tables do not know of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    pub unloaded: Vec<Unloaded>,
    /// Whether the queue on this machine still holds work, so that the next command loads them.
    pub is_queued: bool,
}

/// All days that an answer may be about.
pub fn ever(today: Day) -> Window {
    let first = Day::new(2000, 1, 1).expect("invariant: a day of the calendar");
    Window::new(first.min(today), today).expect("invariant: the earlier of two days is not after the other")
}

/// The days of which names are listed, of those that are asked about.
pub fn within_reach(deployment: &Deployment, days: Window) -> Window {
    match deployment.services {
        Services::Here => days,
        Services::Elsewhere => latest_of(days, FAR_AWAY_DAYS),
    }
}

/// Looks at the days that are within reach. `coverage` is that of all of them.
pub async fn look(
    deployment: &Deployment,
    days: Window,
    account_id: Option<&AccountId>,
    coverage: &[CoverageRow],
) -> Result<Look, Failure> {
    let now = deployment.clock.now();
    let days = within_reach(deployment, days);
    let (until, is_queued) = match deployment.services {
        Services::Here => (now, pipeline::has_work(deployment, Part::FromStored).await?),
        Services::Elsewhere => (now.plus(-under_way()), false),
    };
    let store = deployment.store.as_ref();
    let mut unloaded = Vec::new();
    for source in Source::ALL {
        for account in accounts(deployment, *source, account_id).await? {
            let rows = coverage.iter().filter(|row| row.source == source.name() && row.account_id == account);
            let known = Known::of(rows);
            let days = of_feed(store, *source, &account, days, &known, until).await?;
            if !days.is_empty() {
                unloaded.push(Unloaded { source: *source, account_id: account, days });
            }
        }
    }
    Ok(Look { unloaded, is_queued })
}

/// Accounts with stored answers of the source, or the one that is asked about.
async fn accounts(
    deployment: &Deployment,
    source: Source,
    asked: Option<&AccountId>,
) -> Result<BTreeSet<AccountId>, StoreError> {
    match asked {
        Some(account_id) => Ok([account_id.clone()].into()),
        None => answered_accounts(deployment.store.as_ref(), source).await,
    }
}

fn latest_of(days: Window, count: u32) -> Window {
    let from = days.from().max(days.to().minus(count - 1));
    Window::new(from, days.to()).expect("invariant: the later of two days of a window is in it")
}

/// What coverage knows of one report of an account.
#[derive(Default)]
struct Known {
    /// The newest answer about each day, as names spell it.
    newest: BTreeMap<Day, String>,
    /// When the answer was fetched whose rows wait for something, which coverage says otherwise.
    waits: BTreeMap<Day, Timestamp>,
}

impl Known {
    fn of<'a>(rows: impl Iterator<Item = &'a CoverageRow>) -> Self {
        let mut known = Self::default();
        for row in rows {
            if let (Some(fetched_at), Some(snapshot_id)) = row.newest() {
                known.newest.insert(row.activity_date, answer_version(fetched_at, snapshot_id));
            }
            if let (CoverageState::Failed, Some(failed_at)) = (row.state, row.failed_at) {
                known.waits.insert(row.activity_date, failed_at);
            }
        }
        known
    }

    /// Whether nothing in the tables is as new as this answer about the day, and coverage does not say why.
    fn lacks(&self, day: Day, name: &ManifestName) -> bool {
        let is_newer = self.newest.get(&day).is_none_or(|newest| *newest < name.version);
        let waits = self.waits.get(&day).zip(name.fetched_at()).is_some_and(|(waits, at)| at <= *waits);
        is_newer && !waits
    }
}

async fn of_feed(
    store: &dyn Store,
    source: Source,
    account_id: &AccountId,
    days: Window,
    known: &Known,
    until: Timestamp,
) -> Result<BTreeSet<Day>, StoreError> {
    let names = names(store, source, account_id, days, until).await?;
    let is_suspect = |day: &Day| names.iter().any(|name| name.window.contains(*day) && known.lacks(*day, name));
    let suspects: BTreeSet<Day> = days.days().filter(is_suspect).collect();
    let mut unloaded = BTreeSet::new();
    let mut plan = ReplayPlan::of_days(suspects.iter().copied(), names, until);
    let mut left: BTreeMap<Day, usize> = suspects.into_iter().map(|day| (day, SILENT_MAX)).collect();
    for _ in 0..READ_MAX {
        let Some(candidate) = plan.next_candidate() else { break };
        let covered = covered(store, &candidate).await?;
        let newest = covered.iter().filter(|day| left.remove(day).is_some() && known.lacks(**day, &candidate));
        unloaded.extend(newest.copied());
        plan.decide(&covered);
        plan.decide(&silent(&mut left, &candidate));
    }
    Ok(unloaded)
}

/// Days that were asked for once more in vain, and too often by now.
fn silent(left: &mut BTreeMap<Day, usize>, candidate: &ManifestName) -> Vec<Day> {
    for day in candidate.window.days() {
        if let Some(looks) = left.get_mut(&day) {
            *looks -= 1;
        }
    }
    let silent: Vec<Day> = left.iter().filter(|(_, looks)| **looks == 0).map(|(day, _)| *day).collect();
    left.retain(|_, looks| *looks > 0);
    silent
}

/// The days of which the answer says something. Of one whose manifest does not read that is not known: all of its window,
/// for a replay says what is wrong with it. One that was removed meanwhile is none.
async fn covered(store: &dyn Store, name: &ManifestName) -> Result<Vec<Day>, StoreError> {
    match store.read(&name.object).await {
        Ok(json) => Ok(Manifest::from_json(&json).map_or_else(|_| name.window.days().collect(), |read| read.covered)),
        Err(StoreError::NotFound(_)) => Ok(Vec::new()),
        Err(StoreError::Damaged { .. }) => Ok(name.window.days().collect()),
        Err(error) => Err(error),
    }
}

/// The stored answers about the days, by their names: those that lie in the future are no newer than any.
async fn names(
    store: &dyn Store,
    source: Source,
    account_id: &AccountId,
    days: Window,
    until: Timestamp,
) -> Result<Vec<ManifestName>, StoreError> {
    let prefix = account_prefix(source.name(), account_id);
    // Names are in order of the first day. A file that a person imports may be about any number of days.
    let first = match source.kind() {
        Kind::Upload => None,
        kind => Some(before_windows(source.name(), account_id, days.from().minus(kind.window_days().max(31)))),
    };
    let mut listed = Names::after(store, prefix, first);
    let mut found = Vec::new();
    while let Some(names) = listed.next().await? {
        let is_over = names.iter().filter_map(ManifestName::parse).any(|name| name.window.from() > days.to());
        let is_about = |name: &ManifestName| {
            let is_late = name.fetched_at().is_none_or(|at| is_future(at, until));
            name.window.from() <= days.to() && days.from() <= name.window.to() && !is_late
        };
        found.extend(names.iter().filter_map(ManifestName::parse).filter(is_about));
        if is_over {
            break;
        }
    }
    Ok(found)
}
