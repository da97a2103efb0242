//! Stored snapshots on their way through the services, until each is merged.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use everycent_runtime::bus::{Follow, Topic};
use everycent_runtime::worker::{decode, publish};
use everycent_schemas::Timestamp;
use everycent_schemas::events::{BatchMerged, SnapshotStored};
use tokio_util::sync::CancellationToken;

use super::Silence;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::progress::Watcher;

/// How long one look waits for a word.
const LOOK: Duration = Duration::from_secs(1);

/// Snapshots to be merged.
#[derive(Debug)]
pub struct Order {
    /// All with the same `published_at`.
    pub snapshots: Vec<SnapshotStored>,
    pub published_at: Timestamp,
    /// How many of them may be on their way, so that fresh answers wait for no more.
    pub at_once: usize,
}

/// Publishes the snapshots, some at a time, and waits until they are merged. Gives how many are not.
pub async fn until_merged(
    deployment: &Deployment,
    order: Order,
    watcher: &Watcher,
    stop: &CancellationToken,
) -> Result<usize, Failure> {
    if order.snapshots.is_empty() {
        return Ok(0);
    }
    // Followed first, so that no word is missed.
    let mut merged = deployment.bus.follow(Topic::BatchMerged).await?;
    let left = follow(deployment, order, merged.as_mut(), watcher, stop).await;
    merged.end().await;
    left
}

async fn follow(
    deployment: &Deployment,
    order: Order,
    merged: &mut dyn Follow,
    watcher: &Watcher,
    stop: &CancellationToken,
) -> Result<usize, Failure> {
    let mut silence = Silence::begin(deployment.clock.now());
    let mut waiting = VecDeque::from(order.snapshots);
    let mut under_way: BTreeSet<String> = BTreeSet::new();
    while waiting.len() + under_way.len() > 0 && !stop.is_cancelled() {
        while under_way.len() < order.at_once.max(1) {
            let Some(snapshot) = waiting.pop_front() else { break };
            publish(deployment.bus.as_ref(), &snapshot).await?;
            under_way.insert(snapshot.snapshot_id);
        }
        for message in merged.next(LOOK).await? {
            // What does not read is of a newer service, and its snapshot is named again by the patience.
            let Ok(batch) = decode::<BatchMerged>(&message) else { continue };
            if batch.normalized_at == order.published_at && under_way.remove(&batch.snapshot_id) {
                silence.ends();
                watcher.merged(&batch);
            }
        }
        if !under_way.is_empty() && silence.is_final(deployment, under_way.len(), watcher).await? {
            break;
        }
    }
    Ok(waiting.len() + under_way.len())
}
