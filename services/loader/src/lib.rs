//! The loader: merges batches into the warehouse, as many at once as wait, and acks after the commit.

mod decisions;
mod failures;
mod replays;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use everycent_domain::merge_plan::{Acceptance, MergeInput};
use everycent_runtime::bus::Bus;
use everycent_runtime::clock::Clock;
use everycent_runtime::failure::{Retryability, Retryable, message};
use everycent_runtime::progress::{Observer, Progress};
use everycent_runtime::store::Store;
use everycent_runtime::warehouse::{Merged, Warehouse, WarehouseError};
use everycent_runtime::worker::{Gather, Handler, Outcome, publish};
use everycent_schemas::Timestamp;
use everycent_schemas::events::{AnswerDecided, BatchMerged, BatchNormalized};
use tracing::{Instrument, info, info_span};

pub use decisions::DecisionRecorder;
pub use failures::FailureRecorder;

/// Handles `BatchNormalized`.
#[derive(Clone)]
pub struct Loader {
    acceptance: Arc<Acceptance>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    warehouse: Arc<dyn Warehouse>,
    clock: Arc<dyn Clock>,
    observer: Observer,
}

impl Loader {
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        warehouse: Arc<dyn Warehouse>,
        clock: Arc<dyn Clock>,
        acceptance: Arc<Acceptance>,
        observer: Observer,
    ) -> Self {
        Self { acceptance, store, bus, warehouse, clock, observer }
    }

    fn input<'a>(&'a self, batches: &'a [BatchNormalized], decisions: &'a [AnswerDecided]) -> MergeInput<'a> {
        MergeInput { batches, decisions, acceptance: &self.acceptance }
    }

    async fn merge(&self, batches: &[BatchNormalized]) -> Result<Vec<Outcome>, WarehouseError> {
        let merged_at = self.clock.now();
        let span = info_span!("merge", batches = batches.len());
        let input = self.input(batches, &[]);
        let report = self.warehouse.merge(self.store.as_ref(), input, merged_at).instrument(span).await?;
        // Before anything is acked, for the tables do not hold what was decided until they are done.
        if let Err(outcome) = self.publish_replays(&report.replays).await {
            return Ok(vec![outcome; batches.len()]);
        }
        for change in report.tables.iter().filter(|change| change.written + change.deleted > 0) {
            info!(table = change.table, written = change.written, deleted = change.deleted, "table merged");
        }
        self.observer.tell(Progress::Merged { batches: batches.len(), tables: report.tables });
        let mut outcomes = Vec::with_capacity(batches.len());
        for (batch, merged) in batches.iter().zip(report.batches) {
            self.forget_rows(batch).await;
            outcomes.push(self.announce(batch, merged, merged_at).await);
        }
        Ok(outcomes)
    }

    /// What is merged is in the warehouse, and a replay makes it again from the raw pages. Delivered once more, the batch
    /// has the version that is recorded, changes nothing and asks for no file. A file that stays costs only its place.
    async fn forget_rows(&self, batch: &BatchNormalized) {
        for file in &batch.files {
            let Ok(name) = file.object.parse() else { continue };
            if let Err(error) = self.store.delete(&name).await {
                info!(object = %name, error = %error, "row file is left");
            }
        }
    }

    async fn announce(&self, batch: &BatchNormalized, merged: Merged, merged_at: Timestamp) -> Outcome {
        let event = BatchMerged {
            snapshot_id: batch.snapshot_id.clone(),
            source: batch.source.clone(),
            account_id: batch.account_id.clone(),
            from_date: batch.from_date,
            to_date: batch.to_date,
            fetched_at: batch.fetched_at,
            normalized_at: batch.normalized_at,
            won: merged.won,
            lost: merged.lost,
            held: merged.held,
            merged_at,
        };
        publish(self.bus.as_ref(), &event).await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// When a merge of many fails for the rows of one, the others are merged without it. Where it is the warehouse that is
    /// away, not each of them has to find that out.
    async fn merge_apart(&self, batches: &[BatchNormalized]) -> Vec<Outcome> {
        let (mut outcomes, mut in_vain) = (Vec::with_capacity(batches.len()), Vec::new());
        for batch in batches {
            if let [_, last, ..] = &in_vain[..] {
                outcomes.push(Outcome::retry(last));
                continue;
            }
            match self.merge(std::slice::from_ref(batch)).await {
                Ok(outcome) => {
                    in_vain.clear();
                    outcomes.extend(outcome);
                }
                Err(error) => {
                    if error.retryability() == Retryability::Transient {
                        in_vain.push(message(&error));
                    }
                    outcomes.push(error.into());
                }
            }
        }
        outcomes
    }
}

#[async_trait]
impl Handler for Loader {
    type Event = BatchNormalized;

    fn gather(&self) -> Gather {
        self.warehouse.flush().batches
    }

    async fn handle(&self, events: &[BatchNormalized]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        for batches in flushes(events, self.warehouse.flush().buckets) {
            outcomes.extend(match self.merge(batches).await {
                Ok(outcomes) => outcomes,
                Err(_) if batches.len() > 1 => self.merge_apart(batches).await,
                Err(error) => vec![error.into()],
            });
        }
        outcomes
    }
}

/// Batches of at most so many buckets together, or one with more.
fn flushes(mut batches: &[BatchNormalized], buckets: usize) -> impl Iterator<Item = &[BatchNormalized]> {
    std::iter::from_fn(move || {
        let mut left = buckets;
        let fit = batches.iter().take_while(|batch| match left.checked_sub(batch.buckets.len()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        let (flush, rest) = batches.split_at(fit.count().max(1).min(batches.len()));
        batches = rest;
        (!flush.is_empty()).then_some(flush)
    })
}
