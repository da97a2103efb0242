//! What is known of a span.

use std::fmt;
use std::time::SystemTime;

use tracing::Level;
use tracing::field::{Field, Visit};

use super::TraceContext;

/// Fields that say something of the span itself, named as the OpenTelemetry bridges of `tracing` name them.
const NAME: &str = "otel.name";
const KIND: &str = "otel.kind";
const STATUS: &str = "otel.status_code";

/// Kept with each span while it lives.
#[derive(Debug)]
pub(super) struct Traced {
    pub context: TraceContext,
    pub parent: Option<Parent>,
    pub links: Vec<TraceContext>,
    /// There when somebody wants it at the end.
    pub record: Option<Record>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    pub span_id: u64,
    /// It lives in another process, or did.
    pub remote: bool,
}

/// Which side of an exchange a span tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    #[default]
    Internal,
    Client,
    Consumer,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Fraction(f64),
    Truth(bool),
}

/// What happened in a span.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub name: String,
    pub kind: Kind,
    pub failed: bool,
    #[cfg_attr(not(any(test, feature = "otlp")), expect(dead_code, reason = "who wants spans is not in this build"))]
    pub started_at: SystemTime,
    pub fields: Vec<(&'static str, Value)>,
}

/// A span that is over.
#[derive(Debug, Clone)]
#[cfg_attr(not(any(test, feature = "otlp")), expect(dead_code, reason = "who wants spans is not in this build"))]
pub(crate) struct EndedSpan {
    pub context: TraceContext,
    pub parent: Option<Parent>,
    pub links: Vec<TraceContext>,
    pub record: Record,
    pub ended_at: SystemTime,
}

/// Takes spans that are over. It must be quick.
pub(crate) trait SpanSink: Send + Sync {
    fn take(&self, span: EndedSpan);
}

impl Record {
    pub(super) fn new(name: &str) -> Self {
        let (kind, failed, started_at) = (Kind::default(), false, SystemTime::now());
        Self { name: name.to_owned(), kind, failed, started_at, fields: Vec::new() }
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), &value) {
            (NAME, Value::Text(name)) => name.clone_into(&mut self.name),
            (KIND, Value::Text(kind)) => self.kind = Kind::named(kind),
            (STATUS, Value::Text(status)) => self.failed = status == Level::ERROR.as_str(),
            (name, _) => {
                self.fields.retain(|(known, _)| *known != name);
                self.fields.push((name, value));
            }
        }
    }
}

impl Kind {
    fn named(text: &str) -> Self {
        match text {
            "client" => Self::Client,
            "consumer" => Self::Consumer,
            _ => Self::Internal,
        }
    }
}

impl Visit for Record {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Number(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::Fraction(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Truth(value));
    }
}
