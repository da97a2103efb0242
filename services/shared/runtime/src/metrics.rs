//! What is counted of the services' work, as Prometheus reads it.
//!
//! It owns names, units and labels. A label is one of few values that are known beforehand: a topic, a source, a table,
//! an outcome; never an account, a person or a key. What comes in is what goes out: events taken are those of every
//! outcome and those in hand.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use everycent_domain::source::Source;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::bus::Topic;
use crate::progress::{Observer, Progress};
use crate::worker::Outcome;

/// The media type of what [`Metrics::text`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the buckets of handling times: from what is merely read to a merge of a whole history.
const HANDLING_SECONDS: [f64; 12] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTopic {
    topic: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    topic: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSource {
    source: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTable {
    table: &'static str,
}

/// Clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    taken: Family<OfTopic, Counter>,
    settled: Family<OfOutcome, Counter>,
    in_hand: Family<OfTopic, Gauge>,
    handling: Family<OfTopic, Histogram>,
    panics: Family<OfTopic, Counter>,
    bus_failures: Family<OfTopic, Counter>,
    pages: Family<OfSource, Counter>,
    page_bytes: Family<OfSource, Counter>,
    windows_stored: Family<OfSource, Counter>,
    windows_failed: Family<OfSource, Counter>,
    rows: Family<OfSource, Counter>,
    rejects: Family<OfSource, Counter>,
    remarks: Family<OfSource, Counter>,
    merges: Counter,
    batches: Counter,
    written: Family<OfTable, Counter>,
    deleted: Family<OfTable, Counter>,
}

impl Metrics {
    /// Names and what they mean. A counter's name ends in `_total` and a unit's in the unit where they are read.
    pub fn new(service: &str) -> Self {
        let mut registry = Registry::with_prefix("everycent");
        let all = Self {
            registry: Arc::default(),
            taken: Family::default(),
            settled: Family::default(),
            in_hand: Family::default(),
            handling: Family::new_with_constructor(|| Histogram::new(HANDLING_SECONDS)),
            panics: Family::default(),
            bus_failures: Family::default(),
            pages: Family::default(),
            page_bytes: Family::default(),
            windows_stored: Family::default(),
            windows_failed: Family::default(),
            rows: Family::default(),
            rejects: Family::default(),
            remarks: Family::default(),
            merges: Counter::default(),
            batches: Counter::default(),
            written: Family::default(),
            deleted: Family::default(),
        };
        let build = [("service", service.to_owned()), ("version", env!("CARGO_PKG_VERSION").to_owned())];
        registry.register("build", "The program that runs", Info::new(build.to_vec()));
        registry.register("events_taken", "Events taken from the bus", all.taken.clone());
        registry.register("events", "Events settled, by what became of them", all.settled.clone());
        registry.register("events_in_hand", "Events taken and not settled yet", all.in_hand.clone());
        let help = "Time from the first event of a round to what became of it";
        registry.register_with_unit("handling", help, Unit::Seconds, all.handling.clone());
        registry.register("handler_panics", "Panics of a handler, which are defects", all.panics.clone());
        registry.register("bus_failures", "Calls of the bus that found it out of reach", all.bus_failures.clone());
        registry.register("pages_fetched", "Pages that vendors answered", all.pages.clone());
        registry.register_with_unit("fetched", "Bytes of these pages", Unit::Bytes, all.page_bytes.clone());
        registry.register("windows_stored", "Windows stored whole", all.windows_stored.clone());
        registry.register("windows_failed", "Windows that could not be fetched", all.windows_failed.clone());
        registry.register("rows_normalized", "Rows made of pages", all.rows.clone());
        registry.register("rejects", "Records that could not become rows", all.rejects.clone());
        registry.register("remarks", "Fields and counts that were odd and cost no row", all.remarks.clone());
        registry.register("merges", "Merges into the warehouse", all.merges.clone());
        registry.register("batches_merged", "Batches in these merges", all.batches.clone());
        registry.register("rows_written", "Rows inserted or updated", all.written.clone());
        registry.register("rows_deleted", "Rows that the vendor no longer tells", all.deleted.clone());
        Self { registry: Arc::new(registry), ..all }
    }

    /// All of them in the text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("invariant: a text takes every write");
        text
    }

    /// Counts what the services tell of their progress.
    pub fn observer(&self) -> Observer {
        let metrics = self.clone();
        Observer::new(move |progress| metrics.count(&progress))
    }

    fn count(&self, progress: &Progress) {
        match progress {
            Progress::Asking { .. } | Progress::ClockIsOff { .. } | Progress::Unavailable { .. } => {}
            Progress::PageKept { source, body_bytes } => {
                let label = OfSource { source: source.name() };
                self.pages.get_or_create(&label).inc();
                self.page_bytes.get_or_create(&label).inc_by(*body_bytes);
            }
            Progress::Stored { source, .. } => count(&self.windows_stored, source.name(), 1),
            Progress::Failed { source, .. } => count(&self.windows_failed, source.name(), 1),
            Progress::Normalized { source, rows, rejects, remarks } => {
                let source = source.parse::<Source>().map_or("unknown", Source::name);
                count(&self.rows, source, rows.unsigned_abs());
                count(&self.rejects, source, rejects.unsigned_abs());
                count(&self.remarks, source, remarks.unsigned_abs());
            }
            Progress::Merged { batches, tables } => {
                self.merges.inc();
                self.batches.inc_by(*batches as u64);
                for change in tables {
                    let label = OfTable { table: change.table };
                    self.written.get_or_create(&label).inc_by(change.written);
                    self.deleted.get_or_create(&label).inc_by(change.deleted);
                }
            }
        }
    }

    /// Makes what is counted of a topic visible before it first happens, so that an increase from nothing is seen.
    pub(crate) fn expect(&self, topic: Topic) {
        let topic = topic.name();
        drop((
            self.taken.get_or_create_owned(&OfTopic { topic }),
            self.in_hand.get_or_create_owned(&OfTopic { topic }),
        ));
        drop((
            self.panics.get_or_create_owned(&OfTopic { topic }),
            self.bus_failures.get_or_create_owned(&OfTopic { topic }),
        ));
        for outcome in OUTCOMES {
            drop(self.settled.get_or_create_owned(&OfOutcome { topic, outcome }));
        }
    }

    pub(crate) fn taken(&self, topic: Topic, events: usize) {
        let label = OfTopic { topic: topic.name() };
        self.taken.get_or_create(&label).inc_by(events as u64);
        self.in_hand.get_or_create(&label).inc_by(i64::try_from(events).unwrap_or(i64::MAX));
    }

    pub(crate) fn settled(&self, topic: Topic, outcome: &Outcome) {
        let topic = topic.name();
        self.settled.get_or_create(&OfOutcome { topic, outcome: outcome_name(outcome) }).inc();
        self.in_hand.get_or_create(&OfTopic { topic }).dec();
    }

    pub(crate) fn handled(&self, topic: Topic, took: Duration) {
        self.handling.get_or_create(&OfTopic { topic: topic.name() }).observe(took.as_secs_f64());
    }

    pub(crate) fn panicked(&self, topic: Topic) {
        self.panics.get_or_create(&OfTopic { topic: topic.name() }).inc();
    }

    pub(crate) fn bus_failed(&self, topic: Topic) {
        self.bus_failures.get_or_create(&OfTopic { topic: topic.name() }).inc();
    }
}

const OUTCOMES: [&str; 5] = ["done", "retry", "dead_letter", "release", "stop"];

fn outcome_name(outcome: &Outcome) -> &'static str {
    let [done, retry, dead_letter, release, stop] = OUTCOMES;
    match outcome {
        Outcome::Done => done,
        Outcome::Retry { .. } => retry,
        Outcome::DeadLetter { .. } => dead_letter,
        Outcome::Release => release,
        Outcome::Stop { .. } => stop,
    }
}

fn count(family: &Family<OfSource, Counter>, source: &'static str, by: u64) {
    family.get_or_create(&OfSource { source }).inc_by(by);
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::warehouse::TableChange;
    use everycent_domain::vendors::anthropic;

    fn value(metrics: &Metrics, series: &str) -> Option<String> {
        let text = metrics.text();
        text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned))
    }

    #[test]
    fn what_is_taken_is_in_hand_until_it_is_settled() {
        let metrics = Metrics::new("fetcher");
        let topic = Topic::BatchNormalized;
        metrics.expect(topic);
        let done = r#"everycent_events_total{topic="batch-normalized",outcome="done"}"#;
        let in_hand = r#"everycent_events_in_hand{topic="batch-normalized"}"#;
        assert_eq!(value(&metrics, done).as_deref(), Some("0"));
        metrics.taken(topic, 3);
        metrics.settled(topic, &Outcome::Done);
        metrics.settled(topic, &Outcome::dead_letter("no"));
        metrics.handled(topic, Duration::from_millis(70));
        metrics.panicked(topic);
        let expected = [
            (done, "1"),
            (r#"everycent_events_total{topic="batch-normalized",outcome="dead_letter"}"#, "1"),
            (r#"everycent_events_taken_total{topic="batch-normalized"}"#, "3"),
            (in_hand, "1"),
            (r#"everycent_handler_panics_total{topic="batch-normalized"}"#, "1"),
            (r#"everycent_handling_seconds_bucket{le="0.05",topic="batch-normalized"}"#, "0"),
            (r#"everycent_handling_seconds_bucket{le="0.1",topic="batch-normalized"}"#, "1"),
            (r#"everycent_handling_seconds_count{topic="batch-normalized"}"#, "1"),
        ];
        for (series, expected) in expected {
            assert_eq!(value(&metrics, series).as_deref(), Some(expected), "{series} in\n{}", metrics.text());
        }
    }

    #[test]
    fn progress_is_counted_by_source_and_table_and_names_no_account() {
        let metrics = Metrics::new("loader");
        let observer = metrics.observer();
        let source = anthropic::cost_report::SOURCE;
        let day = "2025-10-03".parse().unwrap();
        let window = everycent_domain::window::Window::new(day, day).unwrap();
        let account_id = || "acme-account".into();
        observer.tell(Progress::PageKept { source, body_bytes: 1200 });
        observer.tell(Progress::PageKept { source, body_bytes: 34 });
        observer.tell(Progress::Stored { source, account_id: account_id(), window, pages: 2 });
        observer.tell(Progress::Failed { source, account_id: account_id(), window, reason: "hidden".into() });
        observer.tell(Progress::Normalized { source: source.name().into(), rows: 5, rejects: 1, remarks: 2 });
        observer.tell(Progress::Normalized { source: "made/up".into(), rows: 5, rejects: 1, remarks: 2 });
        let change = TableChange { table: "claude_costs", written: 5, deleted: 2 };
        observer.tell(Progress::Merged { batches: 3, tables: vec![change] });
        let source = |name: &str| format!(r#"everycent_{name}_total{{source="anthropic/cost_report"}}"#);
        let expected = [
            (source("pages_fetched"), "2"),
            (source("fetched_bytes"), "1234"),
            (source("windows_stored"), "1"),
            (source("windows_failed"), "1"),
            (source("rows_normalized"), "5"),
            (source("rejects"), "1"),
            (source("remarks"), "2"),
            ("everycent_merges_total".to_owned(), "1"),
            ("everycent_batches_merged_total".to_owned(), "3"),
            (r#"everycent_rows_written_total{table="claude_costs"}"#.to_owned(), "5"),
            (r#"everycent_rows_deleted_total{table="claude_costs"}"#.to_owned(), "2"),
        ];
        for (series, expected) in expected {
            assert_eq!(value(&metrics, &series).as_deref(), Some(expected), "{series} in\n{}", metrics.text());
        }
        let text = metrics.text();
        assert!(!text.contains("acme-account") && !text.contains("hidden") && !text.contains("made/up"), "{text}");
        assert!(text.contains(r#"everycent_build_info{service="loader",version="#), "{text}");
    }
}
