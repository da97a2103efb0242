//! Reads what figures rest on: coverage of the days, the stored answers about them, and what was odd.

use everycent_domain::derived::DerivedDays;
use everycent_domain::vendors::upload::claude_spend;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, stale_charges};
use everycent_schemas::{AccountId, Day};

use super::feeds::FeedState;
use super::found::{Completeness, Synced};
use super::gap::{Gap, Kind};
use super::gaps::{self, Period};
use super::recipes::recipes_in_use;
use super::stored::{look, within_reach};
use crate::deployment::Deployment;
use crate::facts::imported_money::{Uncounted, uncounted};
use crate::failure::Failure;
use crate::remarks::{self, RemarkRow};
use crate::report::Scope;

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

impl Completeness {
    /// Of the days that are asked about; `feeds` are all of them.
    pub async fn read(deployment: &Deployment, feeds: &[FeedState], asked: &Asked) -> Result<Self, Failure> {
        let needed = asked.days.union(within_reach(deployment, asked.stored));
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
        let mut uncharged = stale_charges(deployment.warehouse.as_ref()).await?;
        uncharged.retain(|bucket| is_asked(&bucket.account_id));
        let period = Period {
            days: asked.days,
            wanted_from: asked.wanted_from,
            today: deployment.clock.now().day(),
            recipes: recipes_in_use(deployment, coverage),
            uncharged: DerivedDays::of(&uncharged),
        };
        let mut gaps = gaps::gaps(&feeds, coverage, &stored, &period);
        let uncounted = uncounted(deployment.warehouse.as_ref(), asked.days, coverage).await?;
        gaps.extend(uncounted.into_iter().filter(|of| is_asked(&of.account_id)).map(reported_by_api));
        Ok(Self::of(&feeds, gaps, remarks))
    }

    fn of(feeds: &[FeedState], gaps: Vec<Gap>, remarks: Vec<RemarkRow>) -> Self {
        let (lacks, notes): (Vec<Gap>, Vec<Gap>) = gaps.into_iter().partition(|gap| gap.kind.is_lack());
        Self { complete: lacks.is_empty(), synced: synced(feeds), lacks, notes, remarks }
    }
}

/// Even shares say nothing of a single day, so beside an API that reports some days those of the others are no use.
const REST_OF_PERIOD: &str = "; other days of its period still have their even share: once the API reports all of them, take the \
    period back with `everycent import claude-spend --withdraw`";

/// A file beside an API that reports the same money.
fn reported_by_api(of: Uncounted) -> Gap {
    let Uncounted { source, account_id, days, amount_usd, apis } = of;
    let rest = if source == claude_spend::SOURCE { REST_OF_PERIOD } else { "" };
    Gap {
        kind: Kind::ReportedByApi,
        vendor: source.vendor(),
        account_id,
        sources: [source.name()].into(),
        days,
        records: None,
        reason: Some(format!("{} USD; see {}{rest}", amount_usd.short(), apis.join(" and "))),
        mend: None,
    }
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
