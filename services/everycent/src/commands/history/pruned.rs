//! Which answers can't be read again: their pages were pruned, and their sums stay.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::acceptance::AnswerId;
use everycent_domain::bucket::BucketId;
use everycent_domain::objects::{ManifestName, window_prefix};
use everycent_runtime::store::{Names, Store, StoreError};
use everycent_schemas::SnapshotId;
use everycent_schemas::stored::AnswerRow;

/// The snapshots of these answers that the store has no manifest of.
pub(super) async fn pruned(
    store: &dyn Store,
    answers: &BTreeMap<BucketId, Vec<AnswerRow>>,
) -> Result<BTreeSet<SnapshotId>, StoreError> {
    let mut pruned = BTreeSet::new();
    let mut stored: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in answers.values().flatten() {
        // An earlier release did not say which window was asked for.
        let (Some(from), Some(to)) = (row.from_date, row.to_date) else { continue };
        let prefix = window_prefix(&row.source, &row.account_id, from, to);
        if !stored.contains_key(&prefix) {
            stored.insert(prefix.clone(), versions(store, &prefix).await?);
        }
        let id = AnswerId { fetched_at: row.fetched_at, snapshot_id: row.snapshot_id.clone() };
        if !stored[&prefix].contains(&id.version()) {
            pruned.insert(id.snapshot_id);
        }
    }
    Ok(pruned)
}

/// The answers about a window that are stored.
async fn versions(store: &dyn Store, prefix: &str) -> Result<BTreeSet<String>, StoreError> {
    let mut versions = BTreeSet::new();
    let mut listed = Names::new(store, prefix.to_owned());
    while let Some(names) = listed.next().await? {
        versions.extend(names.iter().filter_map(ManifestName::parse).map(|manifest| manifest.version));
    }
    Ok(versions)
}
