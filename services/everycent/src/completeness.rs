//! What the figures of some days rest on: which accounts and reports are loaded, and what is missing, held, rejected or
//! made by older rules.
//!
//! One place for `report`, `status` and `reconcile`. It reads coverage of the days that are asked about and one line for
//! each report of an account, and decides nothing about the figures themselves.

mod feeds;
mod gap;
mod gaps;
mod stored;
mod verdicts;
mod words;

use std::collections::BTreeMap;

use everycent_domain::recipe::Recipe;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, Day, Timestamp};
use serde::Serialize;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::remarks::{self, RemarkRow};
use crate::report::Scope;
use crate::scope;

pub use feeds::FeedState;
pub use gap::Gap;
pub use stored::{ever, look};
pub use verdicts::{stored_verdicts, verdicts};

use gaps::Period;

/// Remarks that are shown, by field and reason; the table has all.
const REMARKS_MAX: usize = 50;

/// What is asked about.
#[derive(Debug, Clone)]
pub struct Asked {
    pub days: Window,
    /// The day from which on every configured report is to be loaded; its first known day if not given.
    pub wanted_from: Option<Day>,
    /// The days about which stored answers are to be in the tables: beyond the others where nobody named an end.
    pub stored: Window,
    /// `None` is all of them.
    pub account_id: Option<AccountId>,
}

/// What the figures rest on.
#[derive(Debug, Serialize)]
pub struct Completeness {
    /// Whether nothing is known to be missing.
    pub complete: bool,
    pub synced: Vec<Synced>,
    /// What is known to be missing or not to be believed yet.
    pub lacks: Vec<Gap>,
    /// What is to be known and takes nothing away.
    pub notes: Vec<Gap>,
    /// What was odd beside the money and cost no row, by field and reason.
    pub remarks: Vec<RemarkRow>,
}

/// When an account was read last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Synced {
    pub vendor: &'static str,
    pub account_id: AccountId,
    /// When its newest answer was fetched, of any report and about any day; `None` where none ever was.
    pub last_answer_at: Option<Timestamp>,
}

impl Completeness {
    /// Of the days that are asked about; `feeds` are all of them.
    pub async fn read(deployment: &Deployment, feeds: &[FeedState], asked: &Asked) -> Result<Self, Failure> {
        let needed = asked.days.union(stored::within_reach(deployment, asked.stored));
        let coverage = deployment.warehouse.coverage(needed.from(), needed.to()).await?;
        Self::judge(deployment, feeds, &coverage, asked).await
    }

    /// The same, of somebody who has coverage of the days at hand.
    pub async fn judge(
        deployment: &Deployment,
        feeds: &[FeedState],
        coverage: &[CoverageRow],
        asked: &Asked,
    ) -> Result<Self, Failure> {
        let is_asked = |account_id: &AccountId| asked.account_id.as_ref().is_none_or(|asked| asked == account_id);
        let feeds: Vec<FeedState> = feeds.iter().filter(|feed| is_asked(&feed.account_id)).cloned().collect();
        let scope = Scope { days: asked.days, account_id: asked.account_id.clone() };
        let remarks = remarks::of(deployment.warehouse.as_ref(), &scope, REMARKS_MAX).await?;
        let stored = look(deployment, asked.stored, asked.account_id.as_ref(), coverage).await?;
        let period = Period {
            days: asked.days,
            wanted_from: asked.wanted_from,
            today: deployment.clock.now().day(),
            recipes: recipes_in_use(deployment, coverage),
        };
        Ok(Self::of(&feeds, gaps::gaps(&feeds, coverage, &stored, &period), remarks))
    }

    fn of(feeds: &[FeedState], gaps: Vec<Gap>, remarks: Vec<RemarkRow>) -> Self {
        let (lacks, notes): (Vec<Gap>, Vec<Gap>) = gaps.into_iter().partition(|gap| gap.kind.is_lack());
        Self { complete: lacks.is_empty(), synced: synced(feeds), lacks, notes, remarks }
    }

    /// For people: one line where nothing is missing.
    pub fn text(&self) -> String {
        words::text(self)
    }
}

/// What is known of every feed that is configured or has answers.
pub async fn feeds(deployment: &Deployment) -> Result<Vec<FeedState>, Failure> {
    feeds::read(deployment).await
}

/// By source, the fingerprint of the rules or prices that its rows are to be made by.
type Recipes = BTreeMap<&'static str, String>;

/// Those of the configuration. Whoever only reads, without one, has those that the latest rows were made by.
fn recipes_in_use(deployment: &Deployment, coverage: &[CoverageRow]) -> Recipes {
    let config = &deployment.config;
    if !config.accounts.is_empty() || config.recipe != Recipe::default() {
        return Source::ALL.iter().map(|source| (source.name(), source.fingerprint(&config.recipe))).collect();
    }
    let latest = |source: &Source| {
        let rows = coverage.iter().filter(|row| row.source == source.name() && gaps::is_made_by_a_recipe(row));
        Some((source.name(), rows.max_by_key(|row| row.normalized_at)?.recipe.clone()?))
    };
    Source::ALL.iter().filter_map(latest).collect()
}

/// Each account of the feeds that are asked, with its newest answer.
fn synced(feeds: &[FeedState]) -> Vec<Synced> {
    let mut accounts: Vec<Synced> = Vec::new();
    let asked = feeds.iter().filter(|feed| feed.source.is_asked() && !feed.is_retired);
    for feed in asked {
        let (vendor, account_id) = (feed.source.vendor().name(), feed.account_id.clone());
        match accounts.iter_mut().find(|account| (account.vendor, &account.account_id) == (vendor, &account_id)) {
            Some(account) => account.last_answer_at = account.last_answer_at.max(feed.last_answer),
            None => accounts.push(Synced { vendor, account_id, last_answer_at: feed.last_answer }),
        }
    }
    accounts.sort_by(|a, b| (a.vendor, &a.account_id).cmp(&(b.vendor, &b.account_id)));
    accounts
}

/// Accounts that no report of money is open to.
fn without_money(feeds: &[FeedState]) -> Vec<(Vendor, AccountId)> {
    let configured: Vec<scope::Feed> = feeds
        .iter()
        .filter(|feed| feed.is_configured && !feed.is_retired)
        .map(|feed| scope::Feed { source: feed.source, account_id: feed.account_id.clone() })
        .collect();
    scope::without_open_money(&configured, |asked| {
        feeds
            .iter()
            .any(|feed| (feed.source, &feed.account_id) == (asked.source, &asked.account_id) && feed.closed.is_some())
    })
}
