//! The span in which events are handled.

use tracing::field::Empty;
use tracing::{Span, info_span};

use super::Outcome;
use crate::bus::Delivery;
use crate::trace::{carried, continue_from, link};

/// One event goes on with the trace that it came with. Several, handled at once, are work for the traces of all of them
/// and have a trace of their own.
pub(super) fn handling(deliveries: &[Delivery]) -> Span {
    let topic = deliveries.first().map_or("nothing", |delivery| delivery.topic.name());
    let span = info_span!(
        "process",
        otel.name = format!("process {topic}"),
        otel.kind = "consumer",
        otel.status_code = Empty,
        messaging.operation.type = "process",
        messaging.destination.name = topic,
        messaging.batch.message_count = deliveries.len() as u64,
        messaging.message.id = Empty,
    );
    match deliveries {
        [one] => {
            span.record("messaging.message.id", &one.message_id);
            carried(&one.message.attributes).iter().for_each(|context| continue_from(&span, context));
        }
        several => {
            let contexts = several.iter().filter_map(|delivery| carried(&delivery.message.attributes));
            contexts.for_each(|context| link(&span, &context));
        }
    }
    span
}

/// A span fails with any of its events.
pub(super) fn mark(span: &Span, outcomes: &[Outcome]) {
    if outcomes.iter().any(|outcome| !matches!(outcome, Outcome::Done | Outcome::Release)) {
        span.record("otel.status_code", "ERROR");
    }
}
