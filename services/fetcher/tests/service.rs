//! The fetcher as a process of its own, with a simulated vendor and a bus on this machine.
#![allow(clippy::unwrap_used)]

#[path = "../../shared/runtime/tests/process/mod.rs"]
mod process;

use std::sync::Arc;
use std::time::Duration;

use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::{Bus, BusSettings, Delivery, Message, Topic};
use everycent_runtime::clock::SystemClock;
use everycent_schemas::events::{self, FetchRequested};
use process::{Program, lives_and_ends, teaches};
use vendor_sim::{Endpoint, Fault, FaultKind, Simulator, worlds};

const FETCHER: &str = env!("CARGO_BIN_EXE_fetcher");
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
/// The answer takes sixteen times as long.
const SLOW: FaultKind = FaultKind::SlowBody { pause_ms: 250 };

/// The queue that the process works on, seen from outside.
fn bus(program: &Program) -> SqliteBus {
    let file = program.home.path().join("bus.sqlite");
    SqliteBus::open(&file, Arc::new(SystemClock), BusSettings::default()).unwrap()
}

async fn request(bus: &SqliteBus, source: &str, traceparent: &str) {
    let event = FetchRequested {
        source: source.to_owned(),
        trailing_days: 0,
        account_id: None,
        from_date: Some("2025-10-03".parse().unwrap()),
        to_date: Some("2025-10-05".parse().unwrap()),
        requested_at: None,
    };
    let encoded = events::encode(&event);
    let attributes = [("schema", encoded.fingerprint), ("traceparent", traceparent), ("tracestate", "a=b")];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let message = Message { payload: encoded.payload.into(), attributes };
    bus.publish(Topic::FetchRequested, message).await.unwrap();
}

async fn stored(bus: &SqliteBus) -> Delivery {
    let mut pulled = bus.pull(Topic::SnapshotStored, 1, Duration::from_secs(60)).await.unwrap();
    pulled.pop().expect("nothing was stored")
}

#[test]
fn its_arguments_teach_and_a_wrong_environment_is_told() {
    teaches(&Program::new(FETCHER));
}

#[test]
fn it_is_healthy_at_work_and_ends_when_it_is_told_to() {
    lives_and_ends(&Program::new(FETCHER), &[]);
}

#[test]
fn a_failed_start_is_told_with_its_own_status() {
    let program = Program::new(FETCHER);
    let ended = program.run(&[], &[("EVERYCENT_CONFIG", "/nowhere/everycent.toml")]);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(process::text(&ended.stderr).contains("fetcher: it could not start: "), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_what_it_does_goes_on_with_the_trace_and_ends_with_what_is_in_hand() {
    let simulator = Simulator::start(worlds::october()).await.unwrap();
    let (url, key) = (simulator.url(), simulator.anthropic_key());
    let env = [("EVERYCENT_ANTHROPIC_URL", url.as_str()), ("ANTHROPIC_ADMIN_KEY", key.as_str())];
    let env = [env.as_slice(), &[("EVERYCENT_LOG", "info"), ("GOOGLE_CLOUD_PROJECT", "acme-project")]].concat();
    let program = Program::new(FETCHER);
    let bus = bus(&program);
    request(&bus, "anthropic/cost_totals", &format!("00-{TRACE}-{SPAN}-01")).await;
    let fetcher = program.start(&env);

    let attributes = stored(&bus).await.message.attributes;
    let traceparent = &attributes["traceparent"];
    assert!(traceparent.starts_with(&format!("00-{TRACE}-")) && !traceparent.contains(SPAN), "{traceparent}");
    assert_eq!(attributes["tracestate"], "a=b");
    let line = |field: &str| fetcher.logged("snapshot stored", field).unwrap();
    assert_eq!((line("trace_id"), line("span_id")), (TRACE.to_owned(), traceparent[36..52].to_owned()));
    assert_eq!(line("logging.googleapis.com/trace"), format!("projects/acme-project/traces/{TRACE}"));

    fetcher.until_metric(r#"everycent_events_total{topic="fetch-requested",outcome="done"}"#, "1");
    let source = r#"{source="anthropic/cost_totals"}"#;
    for (series, value) in [("pages_fetched_total", "1"), ("windows_stored_total", "1")] {
        assert_eq!(fetcher.metric(&format!("everycent_{series}{source}")).as_deref(), Some(value), "{series}");
    }
    let bytes: u64 = fetcher.metric(&format!("everycent_fetched_bytes_total{source}")).unwrap().parse().unwrap();
    assert!(bytes > 0);

    simulator.inject(Fault::on(Endpoint::AnthropicCostReport, SLOW));
    request(&bus, "anthropic/cost_report", "nonsense").await;
    fetcher.until_metric(r#"everycent_events_in_hand{topic="fetch-requested"}"#, "1");
    fetcher.terminate();
    process::until("a service that says that it stops", || {
        (fetcher.get("/healthz")? == (503, "stopping\n".to_owned())).then_some(())
    });
    assert_eq!(fetcher.end().code(), Some(0));
    let begun = &stored(&bus).await.message.attributes["traceparent"];
    assert!(begun.starts_with("00-") && !begun.contains(TRACE), "a trace that does not read is none: {begun}");
    let depths = bus.depths().await.unwrap();
    let requests = depths.iter().find(|depth| depth.topic == Topic::FetchRequested).unwrap();
    assert_eq!((requests.ready, requests.leased, requests.dead), (0, 0, 0), "what was in hand is done");
}
