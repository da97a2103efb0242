//! Which buckets are to be loaded.

use std::collections::BTreeMap;

use everycent_domain::bucket::BucketId;
use everycent_domain::reconcile::FeedFact;
use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::AccountId;

use super::Question;
use crate::deployment::Deployment;
use crate::scope::Feed;

/// Buckets that are to be loaded. Coverage of a source that this program doesn't know asks for nothing: it could not be
/// fetched.
pub(super) fn wanted(deployment: &Deployment, question: &Question, coverage: &[CoverageRow]) -> Vec<BucketId> {
    let mut feeds: BTreeMap<(Source, AccountId), FeedFact> = BTreeMap::new();
    let known = coverage.iter().filter_map(|row| Some((row.source.parse::<Source>().ok()?, row)));
    let is_loaded =
        |(source, row): &(Source, &CoverageRow)| matches!(source.kind(), Kind::Days(_)) && row.fetched_at.is_some();
    let reached = known.clone().filter(is_loaded).map(|(_, row)| row.activity_date).max();
    for (source, row) in known {
        let (account_id, day) = (row.account_id.clone(), row.activity_date);
        let feed = feeds.entry((source, account_id.clone())).or_insert(FeedFact {
            source,
            account_id,
            is_configured: false,
            known: None,
            reached,
        });
        feed.known = Some(feed.known.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
    }
    for feed in deployment.feeds() {
        let key = (feed.source, feed.account_id.clone());
        let known = feeds.get(&key).and_then(|feed| feed.known);
        let fact = FeedFact { source: feed.source, account_id: feed.account_id, is_configured: true, known, reached };
        feeds.insert(key, fact);
    }
    let today = deployment.clock.now().day();
    let buckets = |feed: FeedFact| {
        let days = feed.wanted(question.window, question.wanted_from, today);
        let feed = Feed { source: feed.source, account_id: feed.account_id };
        days.into_iter().map(move |day| feed.bucket(day))
    };
    feeds.into_values().flat_map(buckets).collect()
}
