//! Spans on their way to a collector. Alone in its program, for the subscriber and the environment are the whole program's.
#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::{Bus, BusSettings, Message, Topic};
use everycent_runtime::clock::SystemClock;
use everycent_runtime::secret::process_env;
use everycent_runtime::telemetry;
use everycent_runtime::worker::{Gather, Handler, Outcome, Worker};
use everycent_schemas::events::{self, FetchRequested};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// The test runs itself once more with a collector in its environment, for that is read once and by a library.
const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES: [u128; 2] = [0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c];
const SPAN: u64 = 0x00f0_67aa_0ba9_02b7;

struct Refuse;

#[async_trait]
impl Handler for Refuse {
    type Event = FetchRequested;

    fn gather(&self) -> Gather {
        Gather { max: 10, linger: Duration::ZERO }
    }

    async fn handle(&self, events: &[FetchRequested]) -> Vec<Outcome> {
        vec![Outcome::dead_letter("no"); events.len()]
    }
}

fn message(trace: u128) -> Message {
    let source = "a".to_owned();
    let event = FetchRequested {
        source,
        trailing_days: 1,
        account_id: None,
        from_date: None,
        to_date: None,
        requested_at: None,
    };
    let encoded = events::encode(&event);
    let attributes =
        [("schema", encoded.fingerprint.to_owned()), ("traceparent", format!("00-{trace:032x}-{SPAN:016x}-01"))];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into();
    Message { payload: encoded.payload.into(), attributes }
}

/// What a service does in the second process: first one event, then two together.
async fn work() {
    let telemetry = telemetry::init_service("tester", &process_env).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bus.sqlite");
    let bus = SqliteBus::open(&file, Arc::new(SystemClock), BusSettings::default()).unwrap();
    let worker = Worker::new(Arc::new(bus.clone()), Refuse);
    for traces in [&TRACES[..1], &TRACES[..]] {
        for trace in traces {
            bus.publish(Topic::FetchRequested, message(*trace)).await.unwrap();
        }
        worker.step().await.unwrap();
    }
    telemetry.end().await;
}

/// Gives the content type and body of everything that is posted, and answers with `status`.
async fn collector(status: StatusCode) -> (String, mpsc::UnboundedReceiver<(String, Bytes)>) {
    let (posted, received) = mpsc::unbounded_channel();
    let take = move |headers: HeaderMap, body: Bytes| async move {
        posted.send((headers["content-type"].to_str().unwrap().to_owned(), body)).unwrap();
        status
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", post(take))).await });
    (format!("http://{address}"), received)
}

/// Runs `work` in a process of its own; gives what it wrote into its log.
async fn work_elsewhere(endpoint: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_service_that_exports", "--nocapture"]).env(COLLECTOR, endpoint);
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let log = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{log}");
    log
}

/// The other process; without a collector it is no test.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_exports() {
    if process_env(COLLECTOR).is_some() {
        work().await;
    }
}

#[tokio::test]
async fn spans_are_exported_with_their_traces_links_and_failures_at_the_latest_at_the_end() {
    let (endpoint, mut posted) = collector(StatusCode::OK).await;
    work_elsewhere(&endpoint).await;
    let (content_type, body) = posted.recv().await.unwrap();
    assert_eq!(content_type, "application/x-protobuf");
    let times = |wanted: &[u8]| body.windows(wanted.len()).filter(|window| *window == wanted).count();
    assert_eq!(times(&TRACES[0].to_be_bytes()), 2, "as the trace of the first span and as a link of the second");
    assert_eq!(times(&TRACES[1].to_be_bytes()), 1, "as a link of the second");
    assert_eq!(times(&SPAN.to_be_bytes()), 3, "as the parent of the first and in both links");
    for told in ["process fetch-requested", "messaging.destination.name", "everycent-tester", "service.version"] {
        assert!(times(told.as_bytes()) > 0, "{told}");
    }
}

#[tokio::test]
async fn a_collector_that_fails_is_told_and_stops_nothing() {
    let (endpoint, _posted) = collector(StatusCode::INTERNAL_SERVER_ERROR).await;
    let log = work_elsewhere(&endpoint).await;
    assert!(log.contains("opentelemetry") && log.contains("\"severity\":\"ERROR\""), "{log}");
    let log = work_elsewhere("http://127.0.0.1:9").await;
    assert!(log.contains("event given up"), "{log}");
}
