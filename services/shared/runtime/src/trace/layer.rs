//! Gives each of our spans its ids, and hands it on when it ends.

use std::sync::Arc;
use std::time::SystemTime;

use tracing::span;
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::TraceContext;
use super::span::{EndedSpan, Parent, Record, SpanSink, Traced};

/// Spans of libraries are theirs.
const OURS: &str = "everycent";

/// Whether a span is part of traces: ours are, at whatever level is logged.
pub(crate) fn is_traced(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with(OURS)
}

/// The layer of a subscriber that makes traces of spans.
#[derive(Clone, Default)]
pub(crate) struct Traces {
    sink: Option<Arc<dyn SpanSink>>,
}

impl Traces {
    pub(crate) fn new(sink: Option<Arc<dyn SpanSink>>) -> Self {
        Self { sink }
    }
}

impl<S> Layer<S> for Traces
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, registry: Context<'_, S>) {
        let Some(span) = registry.span(id) else { return };
        let around = span.parent().and_then(|parent| super::context_of(&parent));
        let context = around.as_ref().map_or_else(TraceContext::root, TraceContext::child);
        let parent = around.map(|context| Parent { span_id: context.span_id(), remote: false });
        let record = self.sink.is_some().then(|| {
            let mut record = Record::new(attributes.metadata().name());
            attributes.record(&mut record);
            record
        });
        span.extensions_mut().insert(Traced { context, parent, links: Vec::new(), record });
    }

    fn on_record(&self, id: &Id, values: &span::Record<'_>, registry: Context<'_, S>) {
        let Some(span) = registry.span(id) else { return };
        if let Some(record) = span.extensions_mut().get_mut::<Traced>().and_then(|traced| traced.record.as_mut()) {
            values.record(record);
        }
    }

    fn on_close(&self, id: Id, registry: Context<'_, S>) {
        let traced = registry.span(&id).and_then(|span| span.extensions_mut().remove::<Traced>());
        if let (Some(sink), Some(Traced { context, parent, links, record: Some(record) })) = (&self.sink, traced)
            && context.is_sampled()
        {
            sink.take(EndedSpan { context, parent, links, record, ended_at: SystemTime::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use tracing::info_span;
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::span::{Kind, Value};
    use super::super::{carried, carry, continue_from, current, link, of};
    use super::*;

    const FOREIGN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[derive(Default)]
    struct Kept(Mutex<Vec<EndedSpan>>);

    impl SpanSink for Kept {
        fn take(&self, span: EndedSpan) {
            self.0.lock().unwrap().push(span);
        }
    }

    fn traced(work: impl FnOnce()) -> Vec<EndedSpan> {
        let kept = Arc::new(Kept::default());
        let traces = Traces::new(Some(Arc::clone(&kept) as Arc<dyn SpanSink>));
        tracing::subscriber::with_default(Registry::default().with(traces), work);
        std::mem::take(&mut *kept.0.lock().unwrap())
    }

    fn foreign() -> TraceContext {
        TraceContext::parse(FOREIGN, Some("a=b")).unwrap()
    }

    #[test]
    fn a_span_within_another_is_its_child_and_a_span_alone_begins_a_trace() {
        let ended = traced(|| {
            let outer = info_span!("outer");
            let inner = outer.in_scope(|| info_span!("inner"));
            assert_eq!(of(&inner).unwrap().trace_id(), of(&outer).unwrap().trace_id());
            drop((inner, outer));
            info_span!("alone");
        });
        let [inner, outer, alone] = &ended[..] else { panic!("{ended:?}") };
        assert_eq!(inner.parent, Some(Parent { span_id: outer.context.span_id(), remote: false }));
        assert_eq!((outer.parent, alone.parent), (None, None));
        assert_ne!(alone.context.trace_id(), outer.context.trace_id());
    }

    #[test]
    fn a_span_goes_on_with_what_came_with_an_event_and_carries_it_further() {
        let ended = traced(|| {
            let span = info_span!("handle");
            continue_from(&span, &foreign());
            let mut attributes = BTreeMap::new();
            span.in_scope(|| info_span!("within").in_scope(|| carry(&mut attributes)));
            let carried = carried(&attributes).unwrap();
            assert_eq!(carried.trace_id(), foreign().trace_id());
            assert_eq!(carried.tracestate(), Some("a=b"));
            assert_ne!(carried.span_id(), of(&span).unwrap().span_id(), "the span within published it");
        });
        let handle = ended.last().unwrap();
        assert_eq!(handle.parent, Some(Parent { span_id: foreign().span_id(), remote: true }));
        assert_ne!(handle.context.span_id(), foreign().span_id());
    }

    #[test]
    fn outside_of_spans_nothing_is_carried() {
        let mut attributes = BTreeMap::new();
        traced(|| carry(&mut attributes));
        carry(&mut attributes);
        assert!(attributes.is_empty() && current().is_none());
        assert_eq!(carried(&attributes), None);
        attributes.insert("traceparent".to_owned(), "nonsense".to_owned());
        assert_eq!(carried(&attributes), None);
    }

    #[test]
    fn work_for_several_traces_is_linked_to_each_and_has_a_trace_of_its_own() {
        let ended = traced(|| {
            let span = info_span!("handle");
            link(&span, &foreign());
            link(&span, &foreign().child());
        });
        assert_eq!(ended[0].links.len(), 2);
        assert_eq!(ended[0].links[0], foreign());
        assert_ne!(ended[0].context.trace_id(), foreign().trace_id());
    }

    #[test]
    fn what_is_said_of_a_span_is_told_at_its_end() {
        let ended = traced(|| {
            let span = info_span!(
                "handle",
                otel.name = "process x",
                otel.kind = "consumer",
                otel.status_code = tracing::field::Empty,
                count = 2_u64,
                topic = %"x"
            );
            span.record("otel.status_code", "ERROR");
            span.record("count", 3);
        });
        let record = &ended[0].record;
        assert_eq!((record.name.as_str(), record.kind, record.failed), ("process x", Kind::Consumer, true));
        assert_eq!(record.fields, [("topic", Value::Text("x".to_owned())), ("count", Value::Number(3))]);
        assert!(ended[0].ended_at >= record.started_at);
    }

    #[test]
    fn what_nobody_wants_recorded_is_not_told_and_carried_all_the_same() {
        let unsampled = TraceContext::parse(&FOREIGN.replace("-01", "-00"), None).unwrap();
        let ended = traced(|| {
            let span = info_span!("handle");
            continue_from(&span, &unsampled);
            assert!(span.in_scope(current).unwrap().traceparent().ends_with("-00"));
        });
        assert!(ended.is_empty(), "{ended:?}");
    }
}
