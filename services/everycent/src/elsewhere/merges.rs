//! Stored snapshots on their way through the services, until each is merged.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use everycent_runtime::bus::{DeadLetter, Follow, Topic};
use everycent_runtime::worker::{decode, publish};
use everycent_schemas::events::{BatchMerged, SnapshotStored};
use everycent_schemas::{SnapshotId, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Silence, Verdict};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::letters;
use crate::pipeline;
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

/// What came of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Merges {
    pub not_merged: usize,
    /// Of these, what a dead letter tells of.
    pub dead_letters: u64,
}

/// Publishes the snapshots, some at a time, and waits until they are merged.
pub async fn until_merged(
    deployment: &Deployment,
    order: Order,
    watcher: &Watcher,
    stop: &CancellationToken,
) -> Result<Merges, Failure> {
    if order.snapshots.is_empty() {
        return Ok(Merges::default());
    }
    let asked_at = deployment.clock.now();
    let ids: BTreeSet<SnapshotId> = order.snapshots.iter().map(|snapshot| snapshot.snapshot_id.clone()).collect();
    // Followed first, so that no word is missed.
    let mut merged = deployment.bus.follow(Topic::BatchMerged).await?;
    let not_merged = follow(deployment, order, merged.as_mut(), watcher, stop).await;
    merged.end().await;
    let not_merged = not_merged?;
    let dead_letters = match not_merged {
        0 => 0,
        _ => pipeline::dead_letters_since(deployment, asked_at, |letter| letters::is_of(letter, &ids)).await?,
    };
    Ok(Merges { not_merged, dead_letters })
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
    let (mut under_way, mut given_up) = (BTreeSet::new(), 0);
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
        if under_way.is_empty() || !silence.is_due() {
            continue;
        }
        let is_ours = |letter: &DeadLetter| letters::is_of(letter, &under_way);
        match silence.verdict(deployment, under_way.len(), is_ours, watcher).await? {
            Verdict::WaitOn => {}
            // The others have their turn.
            Verdict::GivenUp if !waiting.is_empty() => {
                given_up += std::mem::take(&mut under_way).len();
                silence = Silence::begin(deployment.clock.now());
            }
            Verdict::GivenUp | Verdict::TooLong => break,
        }
    }
    Ok(given_up + waiting.len() + under_way.len())
}
