//! What a sync asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everycent_domain::report::Kind;
use everycent_domain::restatement;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::wanted::{self, plan};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::events::FetchRequested;
use everycent_schemas::{AccountId, Day, Timestamp};

use crate::admission::Books;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::scope::{self, Days, Feed};

/// The feeds that are asked: those of retired accounts are not.
pub async fn asked_feeds(deployment: &Deployment, sources: &[Source], watcher: &Watcher) -> Result<Vec<Feed>, Failure> {
    let mut feeds = scope::feeds(&deployment.config, sources)?;
    let books = Books::read(Arc::clone(&deployment.store)).await?;
    let is_retired = |feed: &Feed| books.is_retired(feed.source.vendor(), &feed.account_id);
    let retired: BTreeSet<(Vendor, AccountId)> = feeds
        .iter()
        .filter(|feed| is_retired(feed))
        .map(|feed| (feed.source.vendor(), feed.account_id.clone()))
        .collect();
    for (vendor, account_id) in retired {
        watcher.say(&format!("{vendor} account `{account_id}` is retired and not asked"));
    }
    feeds.retain(|feed| !is_retired(feed));
    Ok(feeds)
}

/// The windows that answer the question, as far as they were not answered since it was first asked.
pub fn plan_windows(
    deployment: &Deployment,
    coverage: &[CoverageRow],
    days: Days,
    feeds: &[Feed],
    since: wanted::Since,
) -> Result<Vec<(Feed, Window)>, Failure> {
    let known = scope::known_days(coverage);
    let closed = scope::unavailable(coverage);
    let today = since.now.day();
    let range = days.window(today);
    let mut windows: BTreeMap<(Vendor, AccountId), Vec<(Feed, Window)>> = BTreeMap::new();
    for feed in feeds {
        let states =
            known.get(&(feed.source.name().to_owned(), feed.account_id.clone())).map_or(&[][..], Vec::as_slice);
        let mut wanted = match (feed.source.kind(), days) {
            (Kind::PointInTime, _) => wanted::reading(today, states, since).into_iter().collect(),
            (_, Days::Named(range)) => wanted::named(range, states, since),
            (_, Days::Due { .. }) => {
                let due = wanted::due(feed.source.kind(), deployment.history(range, states)?, states, since);
                let again = deployment.config.settled_days_per_month;
                let again = restatement::asked_again(feed.source, states, again, since.now);
                due.into_iter().chain(again).collect::<BTreeSet<Day>>().into_iter().collect()
            }
        };
        wanted.retain(|day| feed.source.reaches(*day, today));
        let mut planned = plan(feed.source, wanted);
        let is_closed = closed.contains_key(&(feed.source.name().to_owned(), feed.account_id.clone()));
        if is_closed && matches!(days, Days::Due { .. }) {
            // Whether it is open now can be seen from one of them.
            planned.drain(..planned.len().saturating_sub(1));
        }
        let of_account = windows.entry((feed.source.vendor(), feed.account_id.clone())).or_default();
        of_account.extend(planned.into_iter().map(|window| (feed.clone(), window)));
    }
    Ok(in_turns(windows.into_values().collect()))
}

/// One of each in turn, so that on the bus no account stands behind all that another one is asked for.
fn in_turns<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut merged = Vec::new();
    while !lists.is_empty() {
        lists.retain_mut(|list| list.next().map(|next| merged.push(next)).is_some());
    }
    merged
}

pub fn request(feed: &Feed, window: Window, requested_at: Timestamp) -> FetchRequested {
    FetchRequested {
        source: feed.source.name().to_owned(),
        trailing_days: 0,
        account_id: Some(feed.account_id.clone()),
        from_date: Some(window.from()),
        to_date: Some(window.to()),
        requested_at: Some(requested_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_take_turns_until_each_is_asked_for_all() {
        assert_eq!(in_turns(vec![vec![1, 2, 3, 4], vec![], vec![10], vec![20, 21]]), [1, 10, 20, 2, 21, 3, 4]);
        assert_eq!(in_turns::<u8>(vec![]), Vec::<u8>::new());
    }
}
