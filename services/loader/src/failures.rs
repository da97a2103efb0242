//! Days that could not be fetched, or that have no price, into coverage.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use everycent_runtime::warehouse::Warehouse;
use everycent_runtime::worker::{Gather, Handler, Outcome};
use everycent_schemas::events::FetchFailed;

/// Handles `FetchFailed`.
pub struct FailureRecorder {
    warehouse: Arc<dyn Warehouse>,
}

impl FailureRecorder {
    pub fn new(warehouse: Arc<dyn Warehouse>) -> Self {
        Self { warehouse }
    }
}

#[async_trait]
impl Handler for FailureRecorder {
    type Event = FetchFailed;

    fn gather(&self) -> Gather {
        Gather { max: 100, linger: Duration::ZERO }
    }

    async fn handle(&self, events: &[FetchFailed]) -> Vec<Outcome> {
        match self.warehouse.record_failures(events).await {
            Ok(()) => vec![Outcome::Done; events.len()],
            Err(error) => vec![Outcome::from(error); events.len()],
        }
    }
}
