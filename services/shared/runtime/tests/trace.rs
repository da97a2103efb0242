//! Traces across events. Alone in its program, for the subscriber is the whole program's.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use async_trait::async_trait;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::{Bus, BusSettings, Delivery, Topic};
use everycent_runtime::clock::SystemClock;
use everycent_runtime::telemetry;
use everycent_runtime::trace::{self, TraceContext};
use everycent_runtime::worker::{Gather, Handler, Outcome, Worker, publish};
use everycent_schemas::events::{FetchFailed, FetchRequested};
use tempfile::TempDir;
use tracing::{Instrument, info_span};

fn bus() -> (TempDir, SqliteBus) {
    static TELEMETRY: Once = Once::new();
    TELEMETRY.call_once(|| {
        telemetry::init_service("test", &|_| None).unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let bus = SqliteBus::open(&folder.path().join("bus.sqlite"), Arc::new(SystemClock), BusSettings::default());
    (folder, bus.unwrap())
}

/// Publishes a failure for each request, and remembers the context that it was handled in.
struct Echo {
    bus: SqliteBus,
    seen: Mutex<Vec<TraceContext>>,
}

#[async_trait]
impl Handler for Echo {
    type Event = FetchRequested;

    fn gather(&self) -> Gather {
        Gather { max: 10, linger: Duration::ZERO }
    }

    async fn handle(&self, events: &[FetchRequested]) -> Vec<Outcome> {
        self.seen.lock().unwrap().push(trace::current().unwrap());
        for event in events {
            publish(&self.bus, &failure(&event.source)).await.unwrap();
        }
        vec![Outcome::Done; events.len()]
    }
}

fn request(source: &str) -> FetchRequested {
    let source = source.to_owned();
    FetchRequested { source, trailing_days: 1, account_id: None, from_date: None, to_date: None, requested_at: None }
}

fn failure(source: &str) -> FetchFailed {
    let day = "2025-10-03".parse().unwrap();
    FetchFailed {
        source: source.to_owned(),
        account_id: "acme".into(),
        from_date: day,
        to_date: day,
        reason: "none".to_owned(),
        failed_at: everycent_schemas::Timestamp::from_micros(0),
        unavailable: false,
    }
}

/// Handles what is there; gives the context of each handling, and of each event that followed.
async fn handled(bus: &SqliteBus) -> (Vec<TraceContext>, Vec<TraceContext>) {
    let worker = Worker::new(Arc::new(bus.clone()), Echo { bus: bus.clone(), seen: Mutex::default() });
    worker.step().await.unwrap();
    let followed: Vec<Delivery> = bus.pull(Topic::FetchFailed, 10, Duration::ZERO).await.unwrap();
    let followed = followed.iter().map(|delivery| trace::carried(&delivery.message.attributes).unwrap());
    (worker.handler().seen.lock().unwrap().clone(), followed.collect())
}

#[tokio::test]
async fn an_event_is_handled_in_the_trace_it_came_with_and_what_follows_goes_on_with_it() {
    let (_folder, bus) = bus();
    let span = info_span!(target: "everycent_test", "ask");
    publish(&bus, &request("a")).instrument(span.clone()).await.unwrap();
    let asked = trace::of(&span).unwrap();
    let (handling, followed) = handled(&bus).await;
    assert_eq!(handling[0].trace_id(), asked.trace_id());
    assert_ne!(handling[0].span_id(), asked.span_id());
    assert_eq!(followed, handling, "it was published in that very span");
}

#[tokio::test]
async fn events_handled_together_have_one_trace_of_their_own() {
    let (_folder, bus) = bus();
    let spans = [info_span!(target: "everycent_test", "ask"), info_span!(target: "everycent_test", "ask")];
    for span in &spans {
        publish(&bus, &request("a")).instrument(span.clone()).await.unwrap();
    }
    let (handling, followed) = handled(&bus).await;
    assert_eq!((handling.len(), followed.len()), (1, 2));
    for span in spans {
        assert_ne!(handling[0].trace_id(), trace::of(&span).unwrap().trace_id());
    }
    assert!(followed.iter().all(|context| context.trace_id() == handling[0].trace_id()));
}

#[tokio::test]
async fn an_event_without_a_trace_begins_one() {
    let (_folder, bus) = bus();
    publish(&bus, &request("a")).await.unwrap();
    let (handling, followed) = handled(&bus).await;
    assert!(handling[0].is_sampled());
    assert_eq!(followed, handling);
}
