//! Traces: which pieces of work follow from which, across services and machines.
//!
//! It owns the ids of spans and how they travel beside an event, in the form of W3C's Trace Context. The ids are the same in
//! log lines, in messages and in what is exported, and are there whether anything is exported or not. It never decides
//! what is a span; whoever works opens them, with the macros of `tracing`.

mod context;
mod layer;
#[cfg(feature = "otlp")]
mod otlp;
mod span;

use std::collections::BTreeMap;

use tracing::Span;
use tracing::dispatcher::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

pub use context::TraceContext;
pub(crate) use layer::Traces;
pub(crate) use layer::is_traced;
#[cfg(feature = "otlp")]
pub(crate) use otlp::Exporter;
pub(crate) use span::SpanSink;
use span::{Parent, Traced};

/// The attribute that names the span in which a message was published.
pub const TRACEPARENT: &str = "traceparent";
/// What vendors of tracing add to it; carried along unread.
pub const TRACESTATE: &str = "tracestate";

/// The trace context of the span that is entered; `None` outside of every span.
pub fn current() -> Option<TraceContext> {
    of(&Span::current())
}

/// The trace context of a span.
pub fn of(span: &Span) -> Option<TraceContext> {
    look(span, |span| context_of(&span))
}

/// Writes the current trace context beside an event.
pub fn carry(attributes: &mut BTreeMap<String, String>) {
    if let Some(context) = current() {
        attributes.insert(TRACEPARENT.to_owned(), context.traceparent());
        if let Some(state) = context.tracestate() {
            attributes.insert(TRACESTATE.to_owned(), state.to_owned());
        }
    }
}

/// The trace context that came beside an event. One that does not read is none.
pub fn carried(attributes: &BTreeMap<String, String>) -> Option<TraceContext> {
    TraceContext::parse(attributes.get(TRACEPARENT)?, attributes.get(TRACESTATE).map(String::as_str))
}

/// Makes a span a part of the trace that came with an event. To be called before anything is done in the span.
pub fn continue_from(span: &Span, context: &TraceContext) {
    change(span, |traced| {
        traced.context = context.child_with(traced.context.span_id());
        traced.parent = Some(Parent { span_id: context.span_id(), remote: true });
    });
}

/// Notes that a span does work for another trace as well.
pub fn link(span: &Span, context: &TraceContext) {
    change(span, |traced| traced.links.push(context.clone()));
}

/// The nearest trace context of a span and those around it.
pub(crate) fn context_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<TraceContext> {
    span.scope().find_map(|span| span.extensions().get::<Traced>().map(|traced| traced.context.clone()))
}

fn change(span: &Span, change: impl FnOnce(&mut Traced)) {
    look(span, |span| span.extensions_mut().get_mut::<Traced>().map(change));
}

/// Finds a span in the registry. Without one, or with a span that nobody watches, there is nothing to look at.
fn look<T>(span: &Span, look: impl FnOnce(SpanRef<'_, Registry>) -> Option<T>) -> Option<T> {
    let found = span.with_subscriber(|(id, subscriber): (_, &Dispatch)| {
        let registry = subscriber.downcast_ref::<Registry>()?;
        registry.span(id).and_then(look)
    });
    found.flatten()
}
