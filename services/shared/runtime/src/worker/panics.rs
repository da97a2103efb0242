//! A handler that panics: what it costs is the event it panicked over, and no other.
//!
//! The event is given up at once. A panic is a defect of the program, which meets it again at every attempt, and the
//! attempts would keep a sync waiting for the whole backoff. The letter keeps the event; a replay or a sync makes it again.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::{Handler, Outcome, Worker};

/// Some panics quote what they were about.
const LONGEST_TEXT: usize = 300;

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
        let handled = AssertUnwindSafe(self.handler.handle(events)).catch_unwind().await;
        handled.map_err(|payload| {
            let panic = text(payload.as_ref());
            self.watch.panicked(Self::topic());
            tracing::error!(topic = Self::topic().name(), events = events.len(), panic, "handler panicked");
            panic
        })
    }
}

fn given_up(panic: &str) -> Outcome {
    Outcome::dead_letter(format!("its handler panicked, which is a defect of this program; please report it: {panic}"))
}

/// What was said as the thread panicked; `panic!` gives a text of one of two types.
fn text(payload: &(dyn Any + Send)) -> String {
    let said = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref().copied());
    let said = said.unwrap_or("without a text");
    said[..said.floor_char_boundary(LONGEST_TEXT)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_panic_is_read_whatever_its_type_and_is_cut() {
        assert_eq!(text(&"a literal"), "a literal");
        assert_eq!(text(&"formatted".to_owned()), "formatted");
        assert_eq!(text(&7_u8), "without a text");
        assert_eq!(text(&"ü".repeat(1000)).len(), LONGEST_TEXT);
    }
}
