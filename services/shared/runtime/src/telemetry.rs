//! Log lines on standard error: for people, or one JSON object a line.
//!
//! It owns the format and the levels. What a line says is its writer's business: ids, counts and lengths, never
//! bodies, keys or e-mail addresses.

use std::io::{IsTerminal, stderr};

use tracing::{Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::fmt::MakeWriter;

use crate::secret::Env;

/// The variable that sets the level, or levels by target: `debug`, or `warn,everycent_runtime=debug`.
pub const LEVEL_VARIABLE: &str = "EVERYCENT_LOG";

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

/// Starts writing log lines to standard error, from `level` unless the environment says otherwise.
pub fn init(format: Format, level: Level, env: Env<'_>) -> Result<(), TelemetryError> {
    let filter = filter(level, env(LEVEL_VARIABLE).as_deref())?;
    let subscriber = subscriber(format, filter, stderr().is_terminal(), stderr);
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

fn subscriber<W>(format: Format, filter: EnvFilter, ansi: bool, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(writer);
    match format {
        Format::Human => Box::new(builder.compact().finish()),
        Format::Json => Box::new(builder.json().flatten_event(true).with_current_span(false).finish()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;
    use std::sync::Arc;

    use super::*;

    fn lines(format: Format, level: Level, wanted: Option<&str>, write: impl FnOnce()) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let file = Arc::new(File::create(&path).unwrap());
        let subscriber = subscriber(format, filter(level, wanted).unwrap(), false, file);
        tracing::subscriber::with_default(subscriber, write);
        std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect()
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
        let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!((&first["snapshot.id"], &first["pages"]), (&"ab12".into(), &2.into()));
        assert_eq!((&first["message"], &first["level"]), (&"stored".into(), &"INFO".into()));
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
