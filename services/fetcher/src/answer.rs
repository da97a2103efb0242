//! Whether a request was answered already: by a fetcher that died between storing the snapshot and its ack.

use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, ObjectName, account_prefix, window_prefix};
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::store::{Store, StoreError};
use everycent_schemas::{AccountId, Timestamp};

/// Names that one listing asks for.
const LISTED: usize = 1000;

/// The latest snapshot of the window that was fetched since it was requested. The vendor need not be asked again.
pub async fn since(
    store: &dyn Store,
    source: Source,
    account_id: &AccountId,
    window: Window,
    requested_at: Option<Timestamp>,
) -> Result<Option<Manifest>, StoreError> {
    let Some(requested_at) = requested_at else { return Ok(None) };
    let prefix = window_prefix(source.name(), account_id, window.from(), window.to());
    let mut latest: Option<ManifestName> = None;
    let mut after: Option<ObjectName> = None;
    loop {
        let names = store.list(&prefix, after.as_ref(), LISTED).await?;
        let fresh = names.iter().filter_map(ManifestName::parse).filter(|name| name.is_fetched_since(requested_at));
        latest = fresh.max_by(|a, b| a.version.cmp(&b.version)).or(latest);
        if names.len() < LISTED {
            break;
        }
        after = names.last().cloned();
    }
    let Some(name) = latest else { return Ok(None) };
    // One that does not read is as good as none: the window is asked for again.
    Ok(Manifest::from_json(&store.read(&name.object).await?).ok())
}

/// Whether the vendor ever answered the report for this account, be it with one page.
pub async fn ever(store: &dyn Store, source: Source, account_id: &AccountId) -> Result<bool, StoreError> {
    Ok(!store.list(&account_prefix(source.name(), account_id), None, 1).await?.is_empty())
}
