//! One log line as one JSON object, with the ids of the span that it was written in.
//!
//! `severity`, `time` and the fields that begin with `logging.googleapis.com/` are the ones that Google's Cloud Logging
//! reads; everybody else finds the level in `level` and the trace in `trace_id` and `span_id`.

use std::fmt;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::trace::{TraceContext, context_of};

/// Writes lines.
#[derive(Debug, Clone, Default)]
pub(super) struct JsonLine {
    /// The project whose traces a line belongs to, on Google Cloud.
    pub project: Option<String>,
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Fields::default();
        event.record(&mut line);
        let Fields(mut line) = line;
        let metadata = event.metadata();
        line.insert("time".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true).into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        line.insert("severity".to_owned(), severity(*metadata.level()).into());
        line.insert("target".to_owned(), metadata.target().into());
        if let Some(trace) = context.lookup_current().and_then(|span| context_of(&span)) {
            self.put_trace(&mut line, &trace);
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

impl JsonLine {
    fn put_trace(&self, line: &mut Map<String, Value>, trace: &TraceContext) {
        let (trace_id, span_id) = (format!("{:032x}", trace.trace_id()), format!("{:016x}", trace.span_id()));
        if let Some(project) = &self.project {
            let mut put = |name: &str, value: Value| line.insert(format!("logging.googleapis.com/{name}"), value);
            put("trace", format!("projects/{project}/traces/{trace_id}").into());
            put("spanId", span_id.clone().into());
            put("trace_sampled", trace.is_sampled().into());
        }
        line.insert("trace_id".to_owned(), trace_id.into());
        line.insert("span_id".to_owned(), span_id.into());
    }
}

/// The level in the words of Cloud Logging.
fn severity(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}

/// The fields of an event by their names.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().trim_start_matches("r#").to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}
