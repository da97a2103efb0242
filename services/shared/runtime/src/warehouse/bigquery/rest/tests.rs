#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::google::endpoints::Endpoints;
use crate::warehouse::{BigQueryWarehouse, Warehouse, WarehouseError};

/// Answers every request with the same; gives its address and how often it was asked.
fn server(status: &'static str, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            count.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 65536];
            let _ = stream.read(&mut request);
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    (url, asked)
}

fn warehouse(url: &str) -> BigQueryWarehouse {
    let endpoints = Endpoints { bigquery: Some(url.to_owned()), ..Endpoints::default() };
    BigQueryWarehouse::new(&endpoints, "acme", "everycent")
}

/// A person is told by the first answer.
async fn told_at_once(status: &'static str, body: &'static str, words: &str) {
    let (url, asked) = server(status, body);
    let error = warehouse(&url).migrate().await.unwrap_err();
    assert!(matches!(error, WarehouseError::Refused { .. }), "{status} {body}: {error:?}");
    assert!(error.to_string().contains(words), "{status} {body}: {error}");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "{status} {body}");
}

const PAGE: &str = "<html><head><title>403 Forbidden</title></head><body>ada@example.com may not</body></html>";

#[tokio::test]
async fn a_missing_permission_is_told_by_the_first_answer_whatever_its_body_is_like() {
    let missing = "a permission is missing, grant it to the account that this runs as";
    let full = r#"{"error": {"code": 403, "message": "Access Denied: no", "status": "PERMISSION_DENIED",
        "errors": [{"reason": "accessDenied", "message": "Access Denied: no", "domain": "global"}]}}"#;
    let bodies = [
        full,
        r#"{"error": {"code": 403, "message": "Permission denied", "status": "PERMISSION_DENIED"}}"#,
        r#"[{"error": {"code": 403, "message": "Permission denied", "status": "PERMISSION_DENIED"}}]"#,
        r#"{"error": {"code": 403, "errors": []}}"#,
        r#"{"error": {"message": "API not enabled", "details": [{"reason": "SERVICE_DISABLED"}]}}"#,
        r#"{"error": "access_denied", "error_description": "Account restricted"}"#,
        r#"{"message": "Forbidden"}"#,
        PAGE,
        "",
    ];
    for body in bodies {
        told_at_once("403 Forbidden", body, missing).await;
    }
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_told_by_the_first_answer() {
    for body in ["", PAGE, r#"{"error": {"code": 401, "message": "Invalid Credentials", "status": "UNAUTHENTICATED"}}"#]
    {
        told_at_once("401 Unauthorized", body, "the Application Default Credentials are not accepted").await;
    }
}

#[tokio::test]
async fn a_gateway_that_refuses_is_told_by_the_first_answer_and_its_page_is_not_quoted() {
    for status in
        ["400 Bad Request", "404 Not Found", "407 Proxy Authentication Required", "409 Conflict", "413 Too Large"]
    {
        told_at_once(status, PAGE, &status[..3]).await;
        told_at_once(status, "", &status[..3]).await;
    }
    let (url, _) = server("403 Forbidden", PAGE);
    let error = warehouse(&url).migrate().await.unwrap_err().to_string();
    assert!(!error.contains("ada@example.com") && !error.contains('<'), "{error}");
}

/// Answers with the head of an error and then says ever more, or nothing; for as long as it is listened to.
fn endless(said_again: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 65536]);
            let mut text = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 99999999999\r\n\r\nno".to_vec();
            while stream.write_all(&text).is_ok() && said_again {
                text = vec![b' '; 1 << 20];
            }
            // Until the other side has enough.
            let _ = stream.read(&mut [0; 1]);
        }
    });
    url
}

#[tokio::test]
async fn an_error_that_goes_on_without_end_is_told_by_its_status() {
    let error = warehouse(&endless(true)).migrate().await.unwrap_err();
    assert!(matches!(error, WarehouseError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("65536 bytes that do not say why"), "{error}");
}

#[tokio::test]
async fn an_error_whose_words_never_come_is_not_waited_for() {
    let answer = reqwest::get(endless(false)).await.unwrap();
    assert_eq!(beginning(answer, std::time::Duration::from_millis(50)).await, b"no");
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again() {
    let (url, asked) = server("503 Service Unavailable", PAGE);
    let error = warehouse(&url).migrate().await.unwrap_err();
    assert!(matches!(error, WarehouseError::Unavailable { .. }), "{error:?}");
    assert!(asked.load(Ordering::SeqCst) > 1);
}

#[test]
fn what_passes_by_itself_is_told_by_the_status_whatever_the_body_is_like() {
    for status in [408, 429, 500, 502, 503, 504] {
        for body in ["", PAGE, r#"{"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}"#] {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = Failure::of_answer(status.as_u16(), &explained(status, body.as_bytes()));
            assert!(matches!(failure, Failure::MayPass(_)), "{status} {body}: {failure:?}");
        }
    }
}

#[test]
fn a_quota_is_no_permission_also_where_the_list_of_errors_is_missing() {
    let check = |body: &str| {
        let failure = Failure::of_answer(403, &explained(StatusCode::FORBIDDEN, body.as_bytes()));
        assert!(matches!(failure, Failure::MayPass(_)), "{body}: {failure:?}");
    };
    check(r#"{"error": {"errors": [{"reason": "quotaExceeded"}], "message": "Quota exceeded"}}"#);
    check(r#"{"error": {"errors": [{"reason": "rateLimitExceeded"}]}}"#);
    check(r#"{"error": {"message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}"#);
    check(r#"{"error": {"message": "Quota exceeded", "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}}"#);
}

#[test]
fn a_name_is_one_part_of_a_path_whatever_is_in_it() {
    let rest = Rest::new("http://127.0.0.1:1/bigquery/v2", super::super::access::nobody()).unwrap();
    let url = rest.url(&["projects", "acme.com:spend", "jobs", "a/b?c"]);
    assert_eq!(url.as_str(), "http://127.0.0.1:1/bigquery/v2/projects/acme.com:spend/jobs/a%2Fb%3Fc");
}
