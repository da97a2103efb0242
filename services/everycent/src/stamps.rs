//! Stamps in the future: which days and which stored answers carry one.

use everycent_domain::future::is_future;
use everycent_domain::objects::{ManifestName, raw_prefix};
use everycent_domain::reconcile::StampsByFeed;
use everycent_domain::source::Source;
use everycent_runtime::store::{Names, Store, StoreError};
use everycent_schemas::Timestamp;

/// The stored answers that a clock of the future has dated, oldest first.
pub async fn stored_in_the_future(store: &dyn Store, now: Timestamp) -> Result<Vec<ManifestName>, StoreError> {
    let is_ahead = |name: &ManifestName| name.fetched_at().is_some_and(|at| is_future(at, now));
    let mut found = Vec::new();
    for source in Source::ALL {
        let mut listed = Names::new(store, raw_prefix(source.name()));
        while let Some(names) = listed.next().await? {
            found.extend(names.iter().filter_map(ManifestName::parse).filter(is_ahead));
        }
    }
    found.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(found)
}

/// Counts stored answers with what is known of their report and account.
pub fn add_stored(stamps: &mut StampsByFeed, stored: &[ManifestName]) {
    for name in stored {
        // A name spells an account with safe characters only; where it differs, the count stands beside the account's.
        let feed = stamps.entry((name.source.clone(), name.account.as_str().into())).or_default();
        feed.answers += 1;
        feed.latest = feed.latest.max(name.fetched_at());
    }
}
