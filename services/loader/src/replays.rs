//! Asking for rows that have to be made again: the loader itself reads no page.

use everycent_domain::manifest::{InvalidManifest, Manifest};
use everycent_domain::merge_plan::Replay;
use everycent_domain::objects::{ManifestName, ObjectName, SnapshotFolder, account_prefix};
use everycent_domain::replay::stored;
use everycent_runtime::store::{Names, StoreError};
use everycent_runtime::worker::{Outcome, publish};
use everycent_schemas::Timestamp;
use tracing::{info, warn};

use crate::Loader;

/// Why a snapshot can't be announced again.
#[derive(Debug, thiserror::Error)]
enum NotFound {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its manifest is not in the store")]
    Gone,
    #[error(transparent)]
    Unreadable(#[from] InvalidManifest),
    #[error(transparent)]
    Damaged(StoreError),
}

impl Loader {
    /// Announces the snapshots again. One that is not in the store any more is named in the log, and its days stay
    /// `replaying` in coverage.
    pub(crate) async fn publish_replays(&self, replays: &[Replay]) -> Result<(), Outcome> {
        for replay in replays {
            let manifest = match self.manifest(replay).await {
                Ok(manifest) => manifest,
                Err(NotFound::Store(error)) => return Err(Outcome::retry(error)),
                Err(gone) => {
                    let (source, snapshot) = (&replay.source, &replay.snapshot_id);
                    warn!(source, snapshot.id = %snapshot, days = %replay.days, "cannot be replayed: {gone}");
                    continue;
                }
            };
            let later = |made: Timestamp| Timestamp::from_micros(made.micros() + 1);
            let published_at = self.clock.now().max(replay.normalized_at.map_or(Timestamp::from_micros(0), later));
            let only = Some(replay.days).filter(|days| *days != manifest.window);
            let event = stored(&manifest, published_at, only);
            info!(source = replay.source, snapshot.id = %replay.snapshot_id, days = %replay.days, "asking for a replay");
            publish(self.bus.as_ref(), &event).await.map_err(Outcome::from)?;
        }
        Ok(())
    }

    async fn manifest(&self, replay: &Replay) -> Result<Manifest, NotFound> {
        let name = match replay.window {
            Some(window) => SnapshotFolder::new(
                &replay.source,
                &replay.account_id,
                window.from(),
                window.to(),
                replay.fetched_at,
                &replay.snapshot_id,
            )
            .manifest(),
            None => self.listed(replay).await?,
        };
        match self.store.read(&name).await {
            Ok(json) => Ok(Manifest::from_json(&json)?),
            Err(StoreError::NotFound(_)) => Err(NotFound::Gone),
            Err(error @ StoreError::Damaged { .. }) => Err(NotFound::Damaged(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Finds the manifest by its snapshot, for an earlier release did not say which window it was asked for in.
    async fn listed(&self, replay: &Replay) -> Result<ObjectName, NotFound> {
        let prefix = account_prefix(&replay.source, &replay.account_id);
        let ends = format!("_{}", replay.snapshot_id);
        let mut listed = Names::new(self.store.as_ref(), prefix);
        while let Some(names) = listed.next().await? {
            let mut manifests = names.iter().filter_map(ManifestName::parse);
            if let Some(found) = manifests.find(|manifest| manifest.version.ends_with(&ends)) {
                return Ok(found.object);
            }
        }
        Err(NotFound::Gone)
    }
}
