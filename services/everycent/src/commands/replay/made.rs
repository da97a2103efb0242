//! When rows of what is replayed were last made: a replay makes them later than that, also after a clock that went back.

use std::collections::BTreeSet;

use everycent_domain::future::is_future;
use everycent_domain::manifest::Manifest;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, Timestamp};

/// When rows of what is replayed were last made.
pub(super) fn last_made(coverage: &[CoverageRow], snapshots: &[Manifest], now: Timestamp) -> Option<Timestamp> {
    let feeds: BTreeSet<(&str, &AccountId)> =
        snapshots.iter().map(|manifest| (manifest.source.as_str(), &manifest.account_id)).collect();
    let replayed = coverage.iter().filter(|row| feeds.contains(&(row.source.as_str(), &row.account_id)));
    replayed.filter_map(|row| row.normalized_at).filter(|at| !is_future(*at, now)).max()
}
