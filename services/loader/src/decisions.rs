//! What a person decided about answers, into the warehouse.

use std::time::Duration;

use async_trait::async_trait;
use everycent_runtime::worker::{Gather, Handler, Outcome};
use everycent_schemas::events::AnswerDecided;

use crate::Loader;

/// Handles `AnswerDecided`.
pub struct DecisionRecorder(Loader);

impl DecisionRecorder {
    pub fn new(loader: Loader) -> Self {
        Self(loader)
    }

    async fn record(&self, decisions: &[AnswerDecided]) -> Outcome {
        let Self(loader) = self;
        let input = loader.input(&[], decisions);
        match loader.warehouse.merge(loader.store.as_ref(), input, loader.clock.now()).await {
            Ok(report) => loader.publish_replays(&report.replays).await.err().unwrap_or(Outcome::Done),
            Err(error) => error.into(),
        }
    }
}

#[async_trait]
impl Handler for DecisionRecorder {
    type Event = AnswerDecided;

    fn gather(&self) -> Gather {
        Gather { max: 100, linger: Duration::ZERO }
    }

    async fn handle(&self, events: &[AnswerDecided]) -> Vec<Outcome> {
        vec![self.record(events).await; events.len()]
    }
}
