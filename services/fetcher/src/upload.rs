//! A file that a person brings, kept as an answer is: its bytes as they came, then the manifest.

use bytes::Bytes;
use everycent_domain::manifest::{FORMAT, Manifest, snapshot_id};
use everycent_domain::objects::PageForm;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::store::{Store, StoreError};
use everycent_runtime::threads;
use everycent_schemas::{AccountId, Timestamp};

use super::page::{FetchedPage, once};

/// A file that was checked.
#[derive(Debug, Clone)]
pub struct Upload<'a> {
    pub source: Source,
    pub account_id: &'a AccountId,
    /// The days that it is the truth of, all of them.
    pub window: Window,
    /// Its name without the folder.
    pub file_name: &'a str,
    pub body: Bytes,
}

/// Stores the file as a snapshot of one page. It says nothing to the bus: that is done after this returned.
pub async fn store_upload(
    store: &dyn Store,
    upload: &Upload<'_>,
    imported_at: Timestamp,
) -> Result<Manifest, StoreError> {
    let Upload { source, account_id, window, file_name, ref body } = *upload;
    let file = body.clone();
    let page = threads::compute(move || FetchedPage::new(file, None)).await;
    let mut manifest = Manifest {
        format: FORMAT,
        snapshot_id: snapshot_id(source.name(), account_id, window, imported_at),
        source: source.name().to_owned(),
        account_id: account_id.clone(),
        window,
        fetched_at: imported_at,
        query: serde_json::json!({ "file": file_name }),
        covered: window.days().collect(),
        pages: Vec::new(),
        remarks: Vec::new(),
        awaited: Vec::new(),
        workspaces: None,
        redated_from: None,
    };
    let entry = page.store(store, &manifest, PageForm::Csv).await?;
    manifest.pages.push(entry);
    let name = manifest.folder().manifest();
    once(store.create(&name, manifest.to_json().into()).await?, name.as_str())?;
    Ok(manifest)
}
