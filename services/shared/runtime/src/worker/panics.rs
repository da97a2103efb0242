//! A handler that panics: what it costs is the event it panicked over, and no other.
//!
//! The event is given up at once. A panic is a defect of the program, which meets it again at every attempt, and the
//! attempts would keep a sync waiting for the whole backoff. The letter keeps the event; a replay or a sync makes it again.

use super::{Handler, Outcome, Worker};
use crate::panics::caught;

impl<H: Handler> Worker<H> {
    /// The outcomes of these events. Over several a panic says nothing of any one, so each is tried alone.
    pub(super) async fn outcomes(&self, events: &[H::Event]) -> Vec<Outcome> {
        match (self.guarded(events).await, events) {
            (Ok(outcomes), _) => outcomes,
            (Err(panic), [_]) => vec![given_up(&panic)],
            (Err(_), several) => {
                let mut outcomes = Vec::with_capacity(several.len());
                for event in several {
                    outcomes.push(self.outcome_alone(std::slice::from_ref(event)).await);
                }
                outcomes
            }
        }
    }

    async fn outcome_alone(&self, event: &[H::Event]) -> Outcome {
        match self.guarded(event).await {
            Ok(outcomes) => outcomes.into_iter().next().unwrap_or_else(Outcome::missing),
            Err(panic) => given_up(&panic),
        }
    }

    /// Unwinding is safe: a handler keeps nothing from event to event but ports, and these are consistent after any call.
    async fn guarded(&self, events: &[H::Event]) -> Result<Vec<Outcome>, String> {
        caught(self.handler.handle(events)).await.inspect_err(|panic| {
            self.watch.panicked(Self::topic());
            tracing::error!(topic = Self::topic().name(), events = events.len(), panic, "handler panicked");
        })
    }
}

fn given_up(panic: &str) -> Outcome {
    Outcome::dead_letter(format!("its handler panicked, which is a defect of this program; please report it: {panic}"))
}
