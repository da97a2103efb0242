//! What the vendor client makes of everything but a good answer, against real servers on a loopback port.
#![allow(clippy::unwrap_used)]

#[path = "vendor/server.rs"]
mod server;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use everycent_runtime::clock::SystemClock;
use everycent_runtime::vendor::{RetrySettings, VendorClient, VendorError};
use server::{Answer, KEY, raw_server, request, scripted, settings};

async fn error_of(answer: Answer) -> VendorError {
    let server = scripted(vec![answer]).await;
    let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
    let error = client.send(&request()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(KEY) && !text.contains("group_by"), "{text}");
    error
}

#[tokio::test]
async fn a_refused_key_is_named_by_its_variable_with_the_vendors_words() {
    let body = format!(r#"{{"type":"error","error":{{"type":"authentication_error","message":"bad key {KEY}"}}}}"#);
    let error = error_of(Answer::status(401, &body).header("request-id", "req_7")).await;
    assert!(matches!(error, VendorError::Unauthorized { .. }));
    assert_eq!(
        error.to_string(),
        "anthropic GET /v1/organizations/cost_report: the key from ANTHROPIC_ADMIN_KEY was not accepted (401): \
         authentication_error: bad key *** (request-id req_7); check that it is whole, an admin key, and neither \
         revoked nor expired"
    );
}

#[tokio::test]
async fn a_missing_scope_is_told_as_the_vendor_tells_it() {
    let body = r#"{"error":{"type":"permission_error","message":"held: read:members; needed: read:analytics"}}"#;
    let error = error_of(Answer::status(403, body)).await;
    assert!(matches!(error, VendorError::Forbidden { .. }));
    assert!(error.to_string().contains("held: read:members; needed: read:analytics; give the key the scope"));
}

#[tokio::test]
async fn what_does_not_pass_is_asked_once_and_typed() {
    type Check = fn(&VendorError) -> bool;
    let cases: [(u16, &str, Check); 6] = [
        (400, "ending date must be after starting date", |e| matches!(e, VendorError::BadRequest { .. })),
        (410, "cursor expired", |e| matches!(e, VendorError::Gone { .. })),
        (404, "Not Found", |e| matches!(e, VendorError::Refused { status: 404, .. })),
        (402, "billing", |e| matches!(e, VendorError::Refused { status: 402, .. })),
        (302, "a redirect, which is never followed", |e| matches!(e, VendorError::Refused { status: 302, .. })),
        (501, "not here", |e| matches!(e, VendorError::Refused { status: 501, .. })),
    ];
    for (status, message, is_expected) in cases {
        let answer = Answer::status(status, &format!(r#"{{"error":"{message}"}}"#));
        let server = scripted(vec![answer.header("location", "https://elsewhere.example.com")]).await;
        let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
        let error = client.send(&request()).await.unwrap_err();
        assert!(is_expected(&error) && error.to_string().contains(message), "{status}: {error:?}");
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn what_passes_is_asked_to_the_last_attempt_and_then_told() {
    for status in [429, 500, 502, 503, 504, 520, 529] {
        let answer = Answer::status(status, r#"{"code":"error","message":"come back later"}"#);
        let server = scripted(vec![answer]).await;
        let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
        let error = client.send(&request()).await.unwrap_err();
        match &error {
            VendorError::RateLimited { attempts: 3, .. } => assert_eq!(status, 429),
            VendorError::ServerError { attempts: 3, status: told, .. } => assert_eq!(*told, status),
            other => panic!("{status}: {other:?}"),
        }
        assert!(error.to_string().contains("come back later"), "{error}");
        assert_eq!(server.seen().len(), 3, "{status}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_limit_fails_at_once_with_both_figures() {
    let error = error_of(Answer::status(429, "{}").header("retry-after", "3600")).await;
    assert!(matches!(error, VendorError::WaitTooLong { wait_s: 3600, max_wait_s: 5, status: 429, .. }), "{error:?}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
    let big = format!("{{\"data\":\"{}\"}}", "x".repeat(2000));
    for answer in [Answer::ok(&big), Answer::ok(&big).streamed()] {
        let error = error_of(answer).await;
        assert!(matches!(error, VendorError::TooLarge { max_body_bytes: 1000, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_quoted_briefly_and_without_the_key() {
    let html = format!("<html>\u{1b}[31m sign in, {KEY} ann@example.com {}", "x".repeat(300));
    let cases = [
        (Answer::ok(&html).header("content-type", "text/html"), "an HTML page: \"<html> [31m sign in, *** ***"),
        (Answer::ok(r#"{"a":1}"#).header("content-type", "Text/HTML; charset=utf-8"), "an HTML page: \"{\"a\":1}\""),
        (Answer::ok("upstream error"), "text: \"upstream error\""),
        (Answer::ok(""), "not JSON but empty"),
        (Answer::ok("{}").header("content-encoding", "gzip"), "compressed (\"gzip\"), which was not asked for"),
    ];
    for (answer, expected) in cases {
        let error = error_of(answer).await;
        assert!(matches!(error, VendorError::NotJson { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
        assert!(text.len() < 400, "{text}");
    }
}

#[tokio::test]
async fn a_cut_body_is_asked_again_and_then_told() {
    let cut = [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":[]}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{\"data\":[]}\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"data\":[1,",
    ];
    for answer in cut {
        let server = raw_server(vec![answer]).await;
        let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
        let error = client.send(&request()).await.unwrap_err();
        assert!(matches!(error, VendorError::CutBody { attempts: 3, received_bytes: 11, .. }), "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn a_cut_body_heals_with_the_next_answer() {
    let server = raw_server(vec![
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":[]",
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    ])
    .await;
    let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
    assert_eq!(client.send(&request()).await.unwrap().body, "{}");
}

#[tokio::test]
async fn a_silent_server_is_a_timeout_before_and_within_the_body() {
    for answer in [None, Some("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":[")] {
        let server = server::silent_server(answer).await;
        let mut settings = settings(&server.url);
        settings.timeouts.read = Duration::from_millis(30);
        let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
        let error = client.send(&request()).await.unwrap_err();
        assert!(matches!(error, VendorError::Timeout { attempts: 3, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_slow_body_ends_at_the_total_timeout_although_it_never_pauses() {
    let server = server::dripping_server().await;
    let mut settings = settings(&server.url);
    settings.timeouts.total = Duration::from_millis(100);
    settings.retry.max_asking = Duration::from_millis(100);
    let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
    let error = client.send(&request()).await.unwrap_err();
    assert!(matches!(error, VendorError::Timeout { attempts: 1, .. }), "it is not asked as often as others: {error:?}");
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_host_say_so_and_where() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, reason) in [(format!("http://{closed}"), "refused"), ("https://api.invalid".to_owned(), "dns error")] {
        let client = VendorClient::new(settings(&url), Arc::new(SystemClock)).unwrap();
        let error = client.send(&request()).await.unwrap_err();
        let VendorError::Unreachable { host, attempts: 3, .. } = &error else { panic!("{error:?}") };
        assert_eq!(host, url.split_once("://").unwrap().1);
        let text = error.to_string();
        assert!(text.to_lowercase().contains(reason) && text.ends_with("(HTTPS_PROXY, NO_PROXY)"), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_named_with_the_way_out() {
    let server = server::tls_server(&["localhost"]).await;
    let client = VendorClient::new(settings(&server.url), Arc::new(SystemClock)).unwrap();
    let error = client.send(&request()).await.unwrap_err();
    let host = server.url.trim_start_matches("https://");
    assert_eq!(
        error.to_string(),
        format!(
            "anthropic GET /v1/organizations/cost_report: the TLS certificate of {host} is not trusted: its issuer is \
             unknown to this system; if a proxy inspects TLS, add its certificate to the system's trust store or set \
             SSL_CERT_FILE"
        )
    );
    assert!(matches!(error, VendorError::Certificate { .. }));
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_unreachable_and_no_certificate_problem() {
    let server = raw_server(vec!["HTTP/1.1 400 Bad Request\r\n\r\n"]).await;
    let url = server.url.replace("http://", "https://");
    let client = VendorClient::new(settings(&url), Arc::new(SystemClock)).unwrap();
    let error = client.send(&request()).await.unwrap_err();
    assert!(matches!(error, VendorError::Unreachable { .. }), "{error:?}");
}

#[test]
fn a_header_that_cannot_be_sent_is_refused_without_its_value() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = VendorClient::new(settings("http://127.0.0.1:1"), Arc::new(SystemClock)).unwrap();
    let mut request = request();
    request.headers.push(("anthropic-beta", "hid\nden".to_owned()));
    let error = runtime.block_on(client.send(&request)).unwrap_err();
    assert_eq!(error.to_string(), "anthropic: header anthropic-beta can't be sent");
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    let error = VendorClient::new(settings("https://user:hidden@127.0.0.1"), Arc::new(SystemClock)).unwrap_err();
    assert!(matches!(error, VendorError::Settings { .. }) && !format!("{error:?}").contains("hidden"), "{error:?}");
}

/// Whoever is refused speaks for all: the vendor counts the requests of an account together.
#[tokio::test]
async fn a_limit_holds_back_every_request_of_the_account_for_as_long_as_the_vendor_says() {
    for (retry_after, least_s) in [(Some("250"), 249), (None, 9)] {
        let refusal = Answer::status(429, "{}");
        let refusal = retry_after.map_or(refusal.clone(), |seconds| refusal.header("retry-after", seconds));
        let server = scripted(vec![refusal, Answer::ok("{}")]).await;
        let mut settings = settings(&server.url);
        settings.retry = RetrySettings { max_attempts: NonZeroU32::MIN, ..RetrySettings::default() };
        let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
        client.send(&request()).await.unwrap_err();
        // Nothing but the pause is waited for from here on, so the paused clock jumps over it.
        tokio::time::pause();
        let asked = tokio::time::timeout(Duration::from_secs(least_s), client.send(&request())).await;
        tokio::time::resume();
        assert!(asked.is_err(), "{retry_after:?}");
        assert_eq!(server.seen().len(), 1, "{retry_after:?}");
    }
}
