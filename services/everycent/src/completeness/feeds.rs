//! What is known of each report of each account, in one line, whatever the length of history.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context;
use everycent_domain::source::Source;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day, Timestamp};

use crate::admission::Books;
use crate::deployment::Deployment;
use crate::facts::{self, Fact};
use crate::failure::Failure;

/// One report of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    pub source: Source,
    pub account_id: AccountId,
    pub is_configured: bool,
    /// A person said that the account is asked no more.
    pub is_retired: bool,
    /// The first and the last day that coverage knows of, loaded or failed.
    pub known: Option<(Day, Day)>,
    /// The first and the last day that is loaded.
    pub loaded: Option<(Day, Day)>,
    /// When the newest answer was fetched.
    pub last_answer: Option<Timestamp>,
    /// The vendor's words, where the report is not open to the key and never was.
    pub closed: Option<String>,
}

impl FeedState {
    pub(super) fn bare(source: Source, account_id: AccountId) -> Self {
        Self {
            source,
            account_id,
            is_configured: false,
            is_retired: false,
            known: None,
            loaded: None,
            last_answer: None,
            closed: None,
        }
    }
}

/// Every feed that is configured or has answers, in order of source and account. A source of a later release is left out.
pub async fn read(deployment: &Deployment) -> Result<Vec<FeedState>, Failure> {
    let mut feeds: BTreeMap<(Source, AccountId), FeedState> = BTreeMap::new();
    for feed in known(deployment.warehouse.as_ref()).await? {
        feeds.insert((feed.source, feed.account_id.clone()), feed);
    }
    for feed in deployment.feeds() {
        let bare = || FeedState::bare(feed.source, feed.account_id.clone());
        feeds.entry((feed.source, feed.account_id.clone())).or_insert_with(bare).is_configured = true;
    }
    let books = Books::read(Arc::clone(&deployment.store)).await?;
    for feed in feeds.values_mut() {
        feed.is_retired = books.is_retired(feed.source.vendor(), &feed.account_id);
    }
    Ok(feeds.into_values().collect())
}

async fn known(warehouse: &dyn Warehouse) -> anyhow::Result<Vec<FeedState>> {
    let rows = warehouse
        .query(
            "SELECT source, account_id, MIN(activity_date) AS first_day, MAX(activity_date) AS last_day, \
             MIN(CASE WHEN fetched_at IS NOT NULL THEN activity_date END) AS first_loaded, \
             MAX(CASE WHEN fetched_at IS NOT NULL THEN activity_date END) AS last_loaded, \
             MAX(COALESCE(newest_fetched_at, fetched_at)) AS last_answer, \
             MAX(CASE WHEN state = 'unavailable' THEN failed_at END) AS refused_at, \
             MAX(CASE WHEN state = 'failed' THEN failed_at END) AS failed_at, \
             MAX(CASE WHEN state = 'unavailable' THEN failure END) AS refusal \
             FROM [[table:coverage]] GROUP BY source, account_id",
        )
        .await?;
    facts::each(&rows).filter_map(|fact| feed(&fact).transpose()).collect()
}

fn feed(fact: &Fact<'_>) -> anyhow::Result<Option<FeedState>> {
    let Ok(source) = fact.text("source")?.parse::<Source>() else { return Ok(None) };
    let last_answer: Option<Timestamp> = parsed(fact, "last_answer")?;
    let refused_at: Option<Timestamp> = parsed(fact, "refused_at")?;
    let failed_at: Option<Timestamp> = parsed(fact, "failed_at")?;
    // Refused last, and never answered.
    let is_closed = last_answer.is_none() && refused_at.is_some() && refused_at >= failed_at;
    Ok(Some(FeedState {
        known: Some((fact.day("first_day")?, fact.day("last_day")?)),
        loaded: parsed(fact, "first_loaded")?.zip(parsed(fact, "last_loaded")?),
        last_answer,
        closed: is_closed.then(|| fact.text("refusal")).transpose()?,
        ..FeedState::bare(source, fact.text("account_id")?.into())
    }))
}

/// A day or a timestamp, if there is one.
fn parsed<T: FromStr>(fact: &Fact<'_>, column: &str) -> anyhow::Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    fact.optional(column)?.map(|text| text.parse().with_context(|| format!("column {column}"))).transpose()
}
