//! What a vendor is sent, and the page that comes of it, against a real server on a loopback port.
#![allow(clippy::unwrap_used)]

#[path = "vendor/server.rs"]
mod server;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use everycent_runtime::clock::{Clock, ManualClock, SystemClock};
use everycent_runtime::secret::Secret;
use everycent_runtime::vendor::{Auth, Method, VendorClient, VendorRequest};
use everycent_schemas::Timestamp;
use server::{Answer, KEY, request, scripted, settings};

#[tokio::test]
async fn a_page_is_the_body_byte_for_byte_with_its_request_id_and_time() {
    let body = " {\"data\": [ {\"amount\":\"3.73000\"}],\n\"new\":\"\u{e9}\"} \n";
    let now = "2025-10-03T12:00:00Z".parse::<Timestamp>().unwrap();
    let clock = ManualClock::at(now);
    let server = scripted(vec![Answer::ok(body).header("request-id", "req_011").streamed()]).await;
    let client = VendorClient::new(settings(&server.url), Arc::new(clock.clone())).unwrap();
    let page = client.send(&request()).await.unwrap();
    assert_eq!(page.body, body);
    assert_eq!((page.request_id.as_deref(), page.received_at), (Some("req_011"), clock.now()));
}

#[tokio::test]
async fn anthropic_is_sent_its_query_in_order_its_key_and_no_more() {
    let server = scripted(vec![Answer::ok("{}")]).await;
    let client = VendorClient::new(settings(&format!("{}/gateway/", server.url)), Arc::new(SystemClock)).unwrap();
    client.send(&request()).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(
        seen.uri,
        "/gateway/v1/organizations/cost_report?group_by%5B%5D=workspace_id&group_by%5B%5D=description&page=a%2Bb%2Fc%3D"
    );
    let header = |name: &str| seen.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("x-api-key").as_deref(), Some(KEY));
    assert_eq!(header("anthropic-version").as_deref(), Some("2023-06-01"));
    assert!(header("user-agent").unwrap().starts_with("EveryCent/"));
    assert_eq!((header("accept-encoding"), header("authorization"), seen.body.len()), (None, None, 0));
}

#[tokio::test]
async fn cursor_is_sent_json_and_the_key_as_a_user() {
    let server = scripted(vec![Answer::ok("{}")]).await;
    let mut settings = settings(&server.url);
    settings.auth = Auth::CursorBasic(Secret::new("Aladdin"));
    let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
    let request = VendorRequest {
        method: Method::Post,
        path: "/teams/daily-usage-data".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Some(serde_json::json!({"startDate": 1_759_449_600_000_u64, "page": 1})),
    };
    client.send(&request).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.uri.to_string().as_str()), ("POST", "/teams/daily-usage-data"));
    assert_eq!(seen.headers["authorization"], "Basic QWxhZGRpbjo=");
    assert_eq!(seen.headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(Some(body), request.body);
}

#[tokio::test]
async fn an_overloaded_vendor_is_asked_until_it_answers() {
    let busy = [429, 529, 500].map(|status| Answer::status(status, r#"{"error":"busy"}"#));
    let server = scripted(busy.into_iter().chain([Answer::ok("[]")]).collect()).await;
    let mut settings = settings(&server.url);
    settings.retry.max_attempts = NonZeroU32::new(4).unwrap();
    let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
    assert_eq!(client.send(&request()).await.unwrap().body, "[]");
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn retry_after_on_the_wire_is_waited_out() {
    let server = scripted(vec![Answer::status(429, "{}").header("retry-after", "1"), Answer::ok("{}")]).await;
    let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
    let began = Instant::now();
    client.send(&request()).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn requests_of_one_client_share_its_pace() {
    let server = scripted(vec![Answer::ok("{}")]).await;
    let mut settings = settings(&server.url);
    // A token every 50 ms.
    settings.requests_per_minute = NonZeroU32::new(1200);
    let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
    let began = Instant::now();
    let request = request();
    let (a, b, c) = tokio::join!(client.send(&request), client.send(&request), client.send(&request));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_request_can_be_sent_from_any_task() {
    let server = scripted(vec![Answer::ok("{}")]).await;
    let client = Arc::new(VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap());
    let page = tokio::spawn(async move { client.send(&request()).await }).await.unwrap();
    assert_eq!(page.unwrap().body, "{}");
}

/// Of an answer that does not say its size nobody knows how much memory it takes.
#[tokio::test]
async fn an_answer_is_read_when_the_one_before_it_has_left_memory() {
    let server = scripted(vec![Answer::ok("{}").streamed()]).await;
    let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
    let first = client.send(&request()).await.unwrap();
    let request = request();
    let mut second = std::pin::pin!(client.send(&request));
    assert!(
        tokio::time::timeout(Duration::from_millis(300), &mut second).await.is_err(),
        "it was read beside the first"
    );
    assert_eq!(server.seen().len(), 2, "it was asked for");
    drop(first);
    assert_eq!(second.await.unwrap().body, "{}");
}
