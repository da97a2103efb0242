//! Spans to a collector of OpenTelemetry, by OTLP over HTTP.
//!
//! The variables are OpenTelemetry's own. A collector that does not answer costs spans, never work: they wait in a queue
//! of bounded length, and a thread of its own sends them.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor};

use super::TraceContext;
use super::span::{EndedSpan, Kind, SpanSink, Value};

/// How long the last spans may take at the end.
const LAST_SPANS_WITHIN: Duration = Duration::from_secs(5);

/// Clones share their queue.
#[derive(Debug, Clone)]
pub(crate) struct Exporter {
    processor: Arc<BatchSpanProcessor>,
    scope: InstrumentationScope,
}

impl Exporter {
    /// Reads `OTEL_EXPORTER_OTLP_*`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_BSP_*`. `service` is the
    /// name where they give none.
    pub(crate) fn start(service: &str) -> Result<Self, String> {
        // Without a provider the client can't be made, even for plain HTTP. A second one does no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
        let exporter = exporter.build().map_err(|error| error.to_string())?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(&resource(service));
        let scope = InstrumentationScope::builder("everycent").with_version(env!("CARGO_PKG_VERSION")).build();
        Ok(Self { processor: Arc::new(processor), scope })
    }

    /// Sends what waits; blocks for as long as that may take.
    pub(crate) fn end(&self) -> Result<(), OTelSdkError> {
        self.processor.shutdown_with_timeout(LAST_SPANS_WITHIN)
    }
}

impl SpanSink for Exporter {
    fn take(&self, span: EndedSpan) {
        self.processor.on_end(exported(span, &self.scope));
    }
}

fn resource(service: &str) -> Resource {
    let found = Resource::builder().build();
    let named = found
        .iter()
        .any(|(key, value)| key.as_str() == "service.name" && !value.as_str().starts_with("unknown_service"));
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let builder = Resource::builder().with_attribute(version);
    if named { builder.build() } else { builder.with_service_name(format!("everycent-{service}")).build() }
}

fn exported(span: EndedSpan, scope: &InstrumentationScope) -> SpanData {
    let mut links = SpanLinks::default();
    links.links = span.links.iter().map(|link| Link::with_context(span_context(link, true))).collect();
    let record = span.record;
    SpanData {
        span_context: span_context(&span.context, false),
        parent_span_id: span.parent.map_or(SpanId::INVALID, |parent| SpanId::from(parent.span_id)),
        parent_span_is_remote: span.parent.is_some_and(|parent| parent.remote),
        span_kind: match record.kind {
            Kind::Internal => SpanKind::Internal,
            Kind::Client => SpanKind::Client,
            Kind::Consumer => SpanKind::Consumer,
        },
        name: record.name.into(),
        start_time: record.started_at,
        end_time: span.ended_at,
        attributes: record.fields.into_iter().map(|(name, value)| attribute(name, value)).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links,
        status: if record.failed { Status::error("") } else { Status::Unset },
        instrumentation_scope: scope.clone(),
    }
}

fn span_context(context: &TraceContext, remote: bool) -> SpanContext {
    let flags = if context.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let state = context.tracestate().and_then(|text| text.parse::<TraceState>().ok()).unwrap_or_default();
    SpanContext::new(TraceId::from(context.trace_id()), SpanId::from(context.span_id()), flags, remote, state)
}

fn attribute(name: &'static str, value: Value) -> KeyValue {
    match value {
        Value::Text(text) => KeyValue::new(name, text),
        Value::Number(number) => KeyValue::new(name, number),
        Value::Fraction(fraction) => KeyValue::new(name, fraction),
        Value::Truth(truth) => KeyValue::new(name, truth),
    }
}
