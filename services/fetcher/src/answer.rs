//! Whether a request was answered already: by a fetcher that died between storing the snapshot and its ack.

use everycent_domain::future::is_future;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, account_prefix, window_prefix};
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::store::{Names, Store, StoreError};
use everycent_schemas::{AccountId, Timestamp};

/// What is stored of a window.
#[derive(Debug, Default)]
pub struct Stored {
    /// The latest snapshot that was fetched since it was requested. The vendor need not be asked again.
    pub answer: Option<Manifest>,
    /// When the latest snapshot was fetched. What lies in the future is left out here as everywhere.
    pub last: Option<Timestamp>,
}

/// The latest snapshot of the window that was fetched since it was requested.
pub async fn since(
    store: &dyn Store,
    source: Source,
    account_id: &AccountId,
    window: Window,
    requested_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Stored, StoreError> {
    let Some(latest) = latest(store, source, account_id, window, now).await? else { return Ok(Stored::default()) };
    let last = latest.fetched_at();
    // One that lies ahead by whatever little was not fetched since a request of now.
    let is_answer = |at| latest.is_fetched_since(at) && last.is_some_and(|last| last <= now);
    if !requested_at.is_some_and(is_answer) {
        return Ok(Stored { answer: None, last });
    }
    // One that does not read is as good as none: the window is asked for again.
    Ok(Stored { answer: Manifest::from_json(&store.read(&latest.object).await?).ok(), last })
}

async fn latest(
    store: &dyn Store,
    source: Source,
    account_id: &AccountId,
    window: Window,
    now: Timestamp,
) -> Result<Option<ManifestName>, StoreError> {
    let prefix = window_prefix(source.name(), account_id, window.from(), window.to());
    let is_past = |name: &ManifestName| name.fetched_at().is_some_and(|at| !is_future(at, now));
    let mut latest: Option<ManifestName> = None;
    let mut listed = Names::new(store, prefix);
    while let Some(names) = listed.next().await? {
        let past = names.iter().filter_map(ManifestName::parse).filter(is_past);
        latest = latest.into_iter().chain(past).max_by(|a, b| a.version.cmp(&b.version));
    }
    Ok(latest)
}

/// Whether the vendor ever answered the report for this account, be it with one page.
pub async fn ever(store: &dyn Store, source: Source, account_id: &AccountId) -> Result<bool, StoreError> {
    Ok(!store.list(&account_prefix(source.name(), account_id), None, 1).await?.is_empty())
}
