//! Log lines on standard error, for people or one JSON object a line, and where traces go.
//!
//! It owns the format, the levels and the export. What a line says is its writer's business: ids, counts and lengths,
//! never bodies, keys or e-mail addresses.

mod json;

use std::io::{IsTerminal, stderr};
use std::sync::Arc;

use reqwest::Url;
use tracing::{Level, Subscriber, warn};
use tracing_subscriber::filter::{Directive, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use self::json::JsonLine;
use crate::plain_http::is_readable_by_others;
use crate::secret::Env;
#[cfg(feature = "otlp")]
use crate::trace::Exporter;
use crate::trace::{SpanSink, Traces, is_traced};

/// The variable that sets the level, or levels by target: `debug`, or `warn,everycent_runtime=debug`.
pub const LEVEL_VARIABLE: &str = "EVERYCENT_LOG";
/// The variables that say where spans go; OpenTelemetry's own. Each of them turns the export on.
pub const EXPORT_VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// Names the project in log lines, so that Cloud Logging finds the trace of a line.
const PROJECT_VARIABLE: &str = "GOOGLE_CLOUD_PROJECT";

/// Libraries that print headers and frames when they are let to.
const CAPPED: [&str; 4] = ["h2=info", "hyper=info", "hyper_util=info", "tower=info"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Human,
    Json,
}

/// Why there is no telemetry.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("{LEVEL_VARIABLE}: {reason}; set it to error, warn, info, debug or trace")]
    Level { reason: String },
    #[error("telemetry was started twice")]
    Twice,
}

/// What has to be ended at the end.
#[derive(Debug, Default)]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    exporter: Option<Exporter>,
}

impl Telemetry {
    /// Sends the spans that wait. What can't be sent is lost, and told.
    pub async fn end(self) {
        #[cfg(feature = "otlp")]
        if let Some(exporter) = self.exporter {
            let sent = tokio::task::spawn_blocking(move || exporter.end()).await;
            if let Ok(Err(error)) = sent {
                warn!(error = %error, "the last spans were not exported");
            }
        }
    }
}

/// Starts writing log lines to standard error, from `level` unless the environment says otherwise.
pub fn init(format: Format, level: Level, env: Env<'_>) -> Result<(), TelemetryError> {
    start(format, filter(level, env(LEVEL_VARIABLE).as_deref())?, None, env)
}

/// Starts the telemetry of a service: JSON lines, traces, and their export where the environment names a collector.
pub fn init_service(name: &str, env: Env<'_>) -> Result<Telemetry, TelemetryError> {
    let filter = filter(Level::INFO, env(LEVEL_VARIABLE).as_deref())?;
    let wanted = EXPORT_VARIABLES.into_iter().find(|name| env(name).is_some_and(|value| !value.trim().is_empty()));
    let (telemetry, sink, trouble) = match wanted {
        Some(variable) if shows_a_secret(variable, env) => (Telemetry::default(), None, Some(exposed(variable))),
        Some(variable) => export(name, variable),
        None => (Telemetry::default(), None, None),
    };
    start(Format::Json, filter, sink, env)?;
    if let Some(trouble) = trouble {
        warn!("{trouble}");
    }
    Ok(telemetry)
}

/// Headers of an export, which mostly hold a token.
const EXPORT_HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];

fn shows_a_secret(variable: &str, env: Env<'_>) -> bool {
    let has_headers = EXPORT_HEADERS.iter().any(|name| env(name).is_some_and(|value| !value.trim().is_empty()));
    let url = env(variable).and_then(|url| url.trim().parse::<Url>().ok());
    has_headers && url.is_some_and(|url| is_readable_by_others(&url))
}

fn exposed(variable: &str) -> String {
    format!(
        "{variable} is plain http:// to another machine, which would show everybody on the way what \
         OTEL_EXPORTER_OTLP_HEADERS holds; write https://, or leave out the headers; no span is exported"
    )
}

/// What takes the spans, or why nothing does.
type Export = (Telemetry, Option<Arc<dyn SpanSink>>, Option<String>);

#[cfg(feature = "otlp")]
fn export(service: &str, variable: &str) -> Export {
    match Exporter::start(service) {
        Ok(exporter) => {
            let sink = Arc::new(exporter.clone());
            (Telemetry { exporter: Some(exporter) }, Some(sink), None)
        }
        Err(reason) => (Telemetry::default(), None, Some(format!("{variable}: {reason}; no span is exported"))),
    }
}

#[cfg(not(feature = "otlp"))]
fn export(_: &str, variable: &str) -> Export {
    let trouble = format!("{variable} is set, and this build does not export spans; build it with the feature `otlp`");
    (Telemetry::default(), None, Some(trouble))
}

fn start(
    format: Format,
    filter: EnvFilter,
    sink: Option<Arc<dyn SpanSink>>,
    env: Env<'_>,
) -> Result<(), TelemetryError> {
    let subscriber: Box<dyn Subscriber + Send + Sync> = match format {
        Format::Human => for_people(filter, stderr().is_terminal(), stderr),
        Format::Json => for_machines(filter, sink, env(PROJECT_VARIABLE), stderr),
    };
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Twice)
}

fn filter(level: Level, wanted: Option<&str>) -> Result<EnvFilter, TelemetryError> {
    let level_error = |reason: String| TelemetryError::Level { reason };
    let wanted = wanted.map(str::trim).filter(|text| !text.is_empty());
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .parse(wanted.unwrap_or_default())
        .map_err(|error| level_error(error.to_string()))?;
    let capped = CAPPED.iter().map(|text| text.parse::<Directive>().expect("invariant: the directive parses"));
    Ok(capped.fold(filter, EnvFilter::add_directive))
}

/// Lines without the spans around them.
fn for_people<W>(filter: EnvFilter, ansi: bool, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines =
        tracing_subscriber::fmt::layer().compact().with_ansi(ansi).with_writer(writer).log_internal_errors(false);
    Box::new(Registry::default().with(lines.with_filter(filter.and(filter_fn(|metadata| metadata.is_event())))))
}

/// Lines with the ids of their traces. Traces are there at every level, for they travel with the events.
fn for_machines<W>(
    filter: EnvFilter,
    sink: Option<Arc<dyn SpanSink>>,
    project: Option<String>,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let project = project.filter(|project| !project.trim().is_empty());
    let traces = Traces::new(sink).with_filter(filter_fn(is_traced));
    let lines = tracing_subscriber::fmt::layer()
        .event_format(JsonLine { project })
        .with_ansi(false)
        .with_writer(writer)
        .log_internal_errors(false);
    Box::new(Registry::default().with(traces).with(lines.with_filter(filter.or(filter_fn(is_traced)))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_token_for_a_collector_goes_over_plain_http_to_this_machine_only() {
        let exposed = |url: &str, headers: &str| {
            let env = |name: &str| match name {
                "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(url.to_owned()),
                "OTEL_EXPORTER_OTLP_HEADERS" => Some(headers.to_owned()),
                _ => None,
            };
            shows_a_secret("OTEL_EXPORTER_OTLP_ENDPOINT", &env)
        };
        assert!(exposed("http://collector:4318", "authorization=Bearer x"));
        assert!(!exposed("http://collector:4318", " "));
        assert!(!exposed("http://127.0.0.1:4318", "authorization=Bearer x"));
        assert!(!exposed("https://collector:4318", "authorization=Bearer x"));
    }

    fn lines(format: Format, level: Level, wanted: Option<&str>, write: impl FnOnce()) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let file = Arc::new(File::create(&path).unwrap());
        let filter = filter(level, wanted).unwrap();
        let subscriber = match format {
            Format::Human => for_people(filter, false, file),
            Format::Json => for_machines(filter, None, Some("acme-project".to_owned()), file),
        };
        tracing::subscriber::with_default(subscriber, write);
        std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect()
    }

    fn json(lines: &[String]) -> Vec<serde_json::Value> {
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn write() {
        tracing::info!(snapshot.id = "ab12", pages = 2, "stored");
        tracing::warn!(source = "anthropic/cost_report", "late");
        tracing::debug!(target: "h2::codec", "frame");
    }

    #[test]
    fn json_lines_carry_their_fields_by_their_dotted_names() {
        let lines = lines(Format::Json, Level::INFO, None, write);
        assert_eq!(lines.len(), 2);
        let [first, second] = &json(&lines)[..] else { panic!("{lines:?}") };
        assert_eq!((&first["snapshot.id"], &first["pages"]), (&"ab12".into(), &2.into()));
        assert_eq!(
            (&first["message"], &first["level"], &first["severity"]),
            (&"stored".into(), &"INFO".into(), &"INFO".into())
        );
        assert_eq!((&second["level"], &second["severity"]), (&"WARN".into(), &"WARNING".into()));
        assert!(first["time"].as_str().unwrap().ends_with('Z') && first.get("trace_id").is_none(), "{first}");
    }

    #[test]
    fn a_line_in_a_span_names_its_trace_at_every_level_and_for_cloud_logging_too() {
        let mut context = None;
        let lines = lines(Format::Json, Level::ERROR, None, || {
            let span = tracing::info_span!(target: "everycent_fetcher", "fetch");
            let library = span.in_scope(|| tracing::info_span!(target: "h2", "frame"));
            library.in_scope(|| tracing::error!(wait_ms = 7_u128, "late"));
            span.in_scope(write);
            context = crate::trace::of(&span);
        });
        let context = context.unwrap();
        let [line] = &json(&lines)[..] else { panic!("{lines:?}") };
        let (trace_id, span_id) = (format!("{:032x}", context.trace_id()), format!("{:016x}", context.span_id()));
        assert_eq!((&line["trace_id"], &line["span_id"]), (&trace_id.as_str().into(), &span_id.as_str().into()));
        assert_eq!(line["logging.googleapis.com/trace"], format!("projects/acme-project/traces/{trace_id}"));
        assert_eq!(line["logging.googleapis.com/spanId"], span_id);
        assert_eq!((&line["logging.googleapis.com/trace_sampled"], &line["wait_ms"]), (&true.into(), &7.into()));
    }

    #[test]
    fn lines_for_people_are_without_spans() {
        let lines = lines(Format::Human, Level::INFO, None, || {
            tracing::info_span!(target: "everycent_fetcher", "fetch").in_scope(write);
        });
        assert!(lines.len() == 2 && !lines[0].contains("fetch"), "{lines:?}");
    }

    #[test]
    fn the_variable_wins_over_the_level_and_libraries_stay_quiet() {
        assert_eq!(lines(Format::Human, Level::WARN, None, write).len(), 1);
        assert_eq!(lines(Format::Human, Level::WARN, Some(" "), write).len(), 1);
        assert_eq!(lines(Format::Human, Level::WARN, Some("trace"), write).len(), 2);
        let line = &lines(Format::Human, Level::WARN, Some("info"), write)[0];
        assert!(line.contains("stored") && line.contains("snapshot.id=\"ab12\""), "{line}");
    }

    #[test]
    fn a_level_that_is_none_is_an_error_that_names_the_variable() {
        let error = filter(Level::WARN, Some("everycent=loud")).unwrap_err().to_string();
        assert!(error.starts_with("EVERYCENT_LOG: ") && error.contains("debug or trace"), "{error}");
    }
}
