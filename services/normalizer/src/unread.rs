//! Days of a snapshot that can't be read.

use everycent_domain::source::Source;
use everycent_schemas::events::{FetchFailed, SnapshotStored};

/// The failure of its days. It dates from the fetch, so that rows of this answer, or of a later one, heal it, and days that
/// hold such rows do not fail. None of a file that a person imported: who imports it again is told then.
pub(super) fn failure(event: &SnapshotStored, reason: String) -> Option<FetchFailed> {
    let source: Source = event.source.parse().ok()?;
    source.is_asked().then(|| FetchFailed {
        source: event.source.clone(),
        account_id: event.account_id.clone(),
        from_date: event.from_date,
        to_date: event.to_date,
        reason,
        failed_at: event.fetched_at,
        unavailable: false,
    })
}
