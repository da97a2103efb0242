//! What the vendor client logs. Alone in its program: other threads would decide with it which lines are of interest.
#![allow(clippy::unwrap_used)]

#[path = "vendor/server.rs"]
mod server;

use std::fs::File;
use std::sync::Arc;

use everycent_runtime::clock::SystemClock;
use everycent_runtime::vendor::VendorClient;
use server::{Answer, KEY, request, scripted, settings};
use tracing::instrument::WithSubscriber;

#[tokio::test]
async fn a_log_at_its_loudest_holds_no_key_no_query_and_no_body() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(Arc::new(File::create(&path).unwrap()))
        .finish();
    let failed = Answer::status(500, r#"{"error":"hidden body of ann@example.com"}"#);
    let server = scripted(vec![failed, Answer::ok(r#"{"email":"ann@example.com"}"#)]).await;
    let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
    client.send(&request()).with_subscriber(subscriber).await.unwrap();
    let log = std::fs::read_to_string(&path).unwrap();
    for field in ["vendor=\"anthropic\"", "http.path=\"/v1/organizations/cost_report\"", "attempt=2", "body_bytes=27"] {
        assert!(log.contains(field), "{field} in {log}");
    }
    let again = log.lines().find(|line| line.contains("trying again")).unwrap();
    assert!(again.contains("attempt=1"), "it names the attempt that failed: {again}");
    assert!(log.contains("http.status=500") && log.contains("error.kind=\"server_error\""), "{log}");
    for hidden in [KEY, "example.com", "hidden", "group_by"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}
