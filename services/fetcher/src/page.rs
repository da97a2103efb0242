//! Objects of a snapshot into the store; a page only once, whoever fetches the same bytes again.

use bytes::Bytes;
use everycent_domain::identity::sha256_hex;
use everycent_domain::manifest::{Manifest, PageEntry};
use everycent_domain::objects::{PageForm, page_of_content};
use everycent_runtime::page::{compress, holds};
use everycent_runtime::store::{Created, Store, StoreError};
use everycent_runtime::threads;

/// A page as it came, and as it is stored.
pub(super) struct FetchedPage {
    body: Bytes,
    compressed: Bytes,
    sha256: String,
    /// The vendor's id of the request.
    request_id: Option<String>,
}

impl FetchedPage {
    /// For a thread where it holds up nobody: it takes as long as the page is large.
    pub(super) fn new(body: Bytes, request_id: Option<String>) -> Self {
        let (compressed, sha256) = (compress(&body), sha256_hex(&body));
        Self { body, compressed, sha256, request_id }
    }

    pub(super) fn body_bytes(&self) -> u64 {
        self.body.len() as u64
    }

    /// Stores it as the next page of the snapshot, or points to the page that is there: one with the same bytes, of whatever
    /// window, that was fetched in the same month. A page there that is damaged is left to whoever looks for its cause,
    /// and this one is stored in the snapshot's own folder.
    pub(super) async fn store(
        self,
        store: &dyn Store,
        manifest: &Manifest,
        form: PageForm,
    ) -> Result<PageEntry, StoreError> {
        let Manifest { source, account_id, fetched_at, pages, .. } = manifest;
        let Self { body, compressed, sha256, request_id } = self;
        let body_bytes = body.len() as u64;
        let mut object = page_of_content(source, account_id, *fetched_at, &sha256, form);
        if store.create(&object, compressed.clone()).await? == Created::AlreadyThere {
            let is_same = match store.read(&object).await {
                Ok(there) => threads::compute(move || holds(&there, &body)).await,
                Err(StoreError::NotFound(_) | StoreError::Damaged { .. }) => false,
                Err(error) => return Err(error),
            };
            if !is_same {
                let number = u32::try_from(pages.len() + 1).expect("invariant: pagers limit pages");
                object = manifest.folder().page(number, form);
                once(store.create(&object, compressed).await?, object.as_str())?;
            }
        }
        Ok(PageEntry { object, body_bytes, sha256, request_id })
    }
}

/// A snapshot's id is made from the microsecond it began at, so nobody else writes into its folder.
pub(super) fn once(created: Created, name: &str) -> Result<(), StoreError> {
    match created {
        Created::New => Ok(()),
        Created::AlreadyThere => Err(StoreError::Unavailable {
            action: "create",
            name: name.to_owned(),
            reason: "another fetch of this window began in the same microsecond; it is asked again".into(),
        }),
    }
}
