//! The normalizer: reads a stored snapshot and writes its rows.
//!
//! IO only: what a page means is decided in the domain crate. It never asks a vendor and never touches the warehouse.

mod unpriced;
mod unread;

use std::sync::Arc;

use async_trait::async_trait;
use everycent_domain::identity::sha256_hex;
use everycent_domain::manifest::{Manifest, PageEntry};
use everycent_domain::normalize::{FinishedFile, NormalizeError, Normalizer as Rows};
use everycent_domain::objects::{ObjectName, known_workspaces_number, known_workspaces_prefix, raw_prefix};
use everycent_domain::recipe::Recipe;
use everycent_domain::replay::stored;
use everycent_domain::source::Source;
use everycent_domain::sums::Sums;
use everycent_domain::vendors::anthropic;
use everycent_domain::workspaces::Workspaces;
use everycent_runtime::bus::{Bus, BusError};
use everycent_runtime::failure::{Reason, Retryability, Retryable};
use everycent_runtime::page::decompress;
use everycent_runtime::progress::{Observer, Progress};
use everycent_runtime::store::{Store, StoreError};
use everycent_runtime::threads;
use everycent_runtime::worker::{Gather, Handler, Outcome, publish};
use everycent_runtime::workspaces::WorkspaceLog;
use everycent_schemas::SnapshotId;
use everycent_schemas::events::{BatchNormalized, FetchFailed, SnapshotStored};
use tokio::runtime::Handle;
use tracing::{info, info_span, warn};

use unpriced::Unpriced;

/// Handles `SnapshotStored`.
pub struct Normalizer {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    recipe: Arc<Recipe>,
    observer: Observer,
}

/// Why a snapshot gave no batch.
#[derive(Debug, thiserror::Error)]
enum SnapshotError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored is not what was fetched. It is kept for a person to look at; a new fetch replaces it.
    #[error("snapshot {snapshot_id}: {object}: {reason}; fetch its days again with `everycent sync`")]
    Damaged {
        snapshot_id: SnapshotId,
        object: String,
        #[source]
        reason: Reason,
    },
    #[error(transparent)]
    Rows(#[from] NormalizeError),
}

/// What a snapshot gave.
struct Made {
    /// None if not one of its days has a price.
    batch: Option<BatchNormalized>,
    /// The days that the configured prices do not reach back to. Only they wait.
    unpriced: Option<Unpriced>,
}

impl Retryable for SnapshotError {
    fn retryability(&self) -> Retryability {
        match self {
            Self::Store(error) => error.retryability(),
            Self::Damaged { .. } | Self::Rows(_) => Retryability::Impossible,
        }
    }
}

impl Normalizer {
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>, recipe: Arc<Recipe>, observer: Observer) -> Self {
        Self { store, bus, recipe, observer }
    }

    async fn handle_one(&self, event: &SnapshotStored) -> Outcome {
        let work = SnapshotReader {
            store: Arc::clone(&self.store),
            recipe: Arc::clone(&self.recipe),
            event: event.clone(),
            io: Handle::current(),
        };
        let span = info_span!("normalize", source = event.source, pages = event.pages);
        let made = match threads::alone("normalize", move || span.in_scope(|| work.normalize())).await {
            Ok(Ok(made)) => made,
            Ok(Err(error)) => return self.refuse(event, error).await,
            Err(no_thread) => return Outcome::retry(no_thread),
        };
        if let Some(batch) = &made.batch
            && let Err(error) = self.announce(batch).await
        {
            return error.into();
        }
        match made.unpriced {
            Some(unpriced) => self.give_up(event, &unpriced).await,
            None => Outcome::Done,
        }
    }

    async fn announce(&self, batch: &BatchNormalized) -> Result<(), BusError> {
        let rows: i64 = batch.buckets.iter().map(|bucket| bucket.rows).sum();
        let rejects: i64 = batch.buckets.iter().map(|bucket| bucket.rejects).sum();
        let remarks: i64 = batch.buckets.iter().map(|bucket| bucket.remarks).sum();
        info!(snapshot.id = %batch.snapshot_id, source = %batch.source, rows, rejects, remarks, "snapshot normalized");
        self.observer.tell(Progress::Normalized { source: batch.source.clone(), rows, rejects, remarks });
        publish(self.bus.as_ref(), batch).await
    }

    /// The days without a price become failed in coverage, and the snapshot a dead letter. The letter is the record of the work that is
    /// left, so a bus that refuses the failure alone does not keep it back.
    async fn give_up(&self, event: &SnapshotStored, unpriced: &Unpriced) -> Outcome {
        match self.mark_failed(event, unpriced.failures(event)).await {
            Some(retry) => retry,
            None => Outcome::dead_letter(unpriced),
        }
    }

    /// A snapshot that can't be read leaves its days failed in coverage, beside the dead letter that says why.
    async fn refuse(&self, event: &SnapshotStored, error: SnapshotError) -> Outcome {
        let failures = match &error {
            SnapshotError::Store(StoreError::Damaged { .. })
            | SnapshotError::Damaged { .. }
            | SnapshotError::Rows(_) => unread::failure(event, error.to_string()),
            SnapshotError::Store(_) => None,
        };
        match self.mark_failed(event, failures).await {
            Some(retry) => retry,
            None => error.into(),
        }
    }

    /// Or says that it has to be tried again.
    async fn mark_failed(
        &self,
        event: &SnapshotStored,
        failures: impl IntoIterator<Item = FetchFailed>,
    ) -> Option<Outcome> {
        for failure in failures {
            if let Err(error) = publish(self.bus.as_ref(), &failure).await {
                match Outcome::from(error) {
                    retry @ Outcome::Retry { .. } => return Some(retry),
                    refused => warn!(snapshot.id = %event.snapshot_id, "days not marked as failed: {refused:?}"),
                }
            }
        }
        None
    }
}

/// Reads one snapshot on a thread of its own, for parsing is work and waits for the store. Pages are read one at a time.
struct SnapshotReader {
    store: Arc<dyn Store>,
    recipe: Arc<Recipe>,
    event: SnapshotStored,
    io: Handle,
}

impl SnapshotReader {
    fn normalize(&self) -> Result<Made, SnapshotError> {
        let manifest = self.manifest()?;
        let known = self.workspaces(&manifest)?;
        let mut rows = Rows::new(&manifest, &self.recipe, self.event.published_at)?;
        if let Some(known) = &known {
            rows = rows.knowing(known);
        }
        if let (Some(from), Some(to)) = (self.event.only_from, self.event.only_to) {
            rows = rows.only(from, to);
        }
        for entry in &manifest.pages {
            let body = self.page(entry)?;
            self.keep(rows.page(&body)?)?;
        }
        let unpriced = Unpriced::of(&manifest, rows.unpriced());
        let batch = match rows.finish() {
            Ok((files, batch)) => {
                self.keep(files)?;
                self.keep_sums(&manifest, &batch)?;
                Some(batch)
            }
            Err(NormalizeError::Unpriced(_)) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Made { batch, unpriced })
    }

    fn manifest(&self) -> Result<Manifest, SnapshotError> {
        let name = &self.event.manifest;
        let object: ObjectName = name.parse().map_err(|e| self.damaged(name, Reason::of(e)))?;
        let json = self.io.block_on(self.store.read(&object))?;
        let manifest = Manifest::from_json(&json).map_err(|e| self.damaged(name, Reason::of(e)))?;
        if manifest.snapshot_id != self.event.snapshot_id {
            return Err(self.damaged(name, "it is the manifest of another snapshot".into()));
        }
        self.refuse_out_of_place(&object, &manifest)?;
        Ok(manifest)
    }

    /// Who may create which object is said of prefixes: a person who may import files below `raw/upload/` may not make an
    /// answer of a vendor. So a manifest counts only where one of its content lies, and so do its pages; and an event says
    /// no more than its manifest does.
    fn refuse_out_of_place(&self, object: &ObjectName, manifest: &Manifest) -> Result<(), SnapshotError> {
        let Self { event, .. } = self;
        let refused = |object: &ObjectName, reason: &str| Err(self.damaged(object.as_str(), reason.into()));
        if manifest.folder().manifest() != *object {
            return refused(object, "it does not lie where an answer of its source, account and days does");
        }
        let of_source = raw_prefix(&manifest.source);
        if let Some(page) = manifest.pages.iter().find(|page| !page.object.as_str().starts_with(&of_source)) {
            return refused(&page.object, "it is no page of the source that its manifest says");
        }
        if let Some(known) = manifest.workspaces.as_ref().filter(|known| !is_known_of(known, manifest)) {
            return refused(known, "it is not what was known of the workspaces of this account");
        }
        if stored(manifest, event.published_at, None)
            != (SnapshotStored { only_from: None, only_to: None, ..event.clone() })
        {
            return refused(object, "the event says something else than this manifest");
        }
        Ok(())
    }

    /// What was known of the workspaces when the answer was fetched. An older answer does not say: what was known first is
    /// as good, for it has all that were there before.
    fn workspaces(&self, manifest: &Manifest) -> Result<Option<Workspaces>, SnapshotError> {
        let list = anthropic::workspaces::SOURCE;
        let log = WorkspaceLog::new(Arc::clone(&self.store), list.name());
        let source = manifest.source.parse::<Source>();
        Ok(match &manifest.workspaces {
            Some(name) => Some(self.io.block_on(log.read(name))?),
            None if source.is_ok_and(|source| source.vendor() == list.vendor() && source.has_workspaces()) => {
                self.io.block_on(log.first(&manifest.account_id))?
            }
            None => None,
        })
    }

    fn page(&self, entry: &PageEntry) -> Result<Vec<u8>, SnapshotError> {
        let object = self.io.block_on(self.store.read(&entry.object))?;
        let body =
            decompress(&object, entry.body_bytes).map_err(|e| self.damaged(entry.object.as_str(), Reason::of(e)))?;
        if sha256_hex(&body) != entry.sha256 {
            return Err(self.damaged(entry.object.as_str(), "its bytes are not the ones that were fetched".into()));
        }
        Ok(body)
    }

    /// An object that is there already holds the same rows: its name says snapshot, time and recipe.
    fn keep(&self, files: Vec<FinishedFile>) -> Result<(), SnapshotError> {
        for file in files {
            self.io.block_on(self.store.create(&file.object, file.body.into()))?;
        }
        Ok(())
    }

    /// Beside the manifest, so that its answers can be judged again without a page. Those of some of its days would stand
    /// in the way of those of all.
    fn keep_sums(&self, manifest: &Manifest, batch: &BatchNormalized) -> Result<(), SnapshotError> {
        let is_whole = batch.buckets.len() == manifest.covered.len();
        if let Some(sums) = Sums::of(batch).filter(|_| is_whole) {
            let object = manifest.folder().sums(sums.normalizer);
            self.io.block_on(self.store.create(&object, sums.to_json().into()))?;
        }
        Ok(())
    }

    fn damaged(&self, object: &str, reason: Reason) -> SnapshotError {
        SnapshotError::Damaged { snapshot_id: self.event.snapshot_id.clone(), object: object.to_owned(), reason }
    }
}

/// Whether the object says what was known of the workspaces of the account that the answer is of.
fn is_known_of(object: &ObjectName, manifest: &Manifest) -> bool {
    let prefix = known_workspaces_prefix(anthropic::workspaces::SOURCE.name(), &manifest.account_id);
    object.as_str().starts_with(&prefix) && known_workspaces_number(object).is_some()
}

#[async_trait]
impl Handler for Normalizer {
    type Event = SnapshotStored;

    fn gather(&self) -> Gather {
        Gather::ONE
    }

    async fn handle(&self, events: &[SnapshotStored]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        for event in events {
            outcomes.push(self.handle_one(event).await);
        }
        outcomes
    }
}
