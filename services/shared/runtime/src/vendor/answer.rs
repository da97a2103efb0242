//! From a response to a page, or to the error that it is.

use std::sync::PoisonError;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use everycent_domain::room::{ROOM_BYTES, SMALL_BYTES};
use everycent_schemas::Timestamp;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::error::{Failed, Told};
use super::message::{quote, vendor_message};
use super::{RequestName, VendorClient, VendorError, VendorPage};

/// How much of an error's body is looked at.
const MAX_ERROR_BYTES: usize = 64 * 1024;

impl VendorClient {
    pub(super) async fn read_answer(
        &self,
        response: Response,
        request: &RequestName,
        attempt: u32,
    ) -> Result<VendorPage, Failed> {
        if let Some(named) = organization_id(response.headers()) {
            *self.organization_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(named);
        }
        if response.status().is_success() {
            return self.read_page(response, request, attempt).await.map_err(Failed::from);
        }
        Err(self.read_failure(response, request.clone(), attempt).await)
    }

    async fn read_page(
        &self,
        mut response: Response,
        request: &RequestName,
        attempts: u32,
    ) -> Result<VendorPage, VendorError> {
        let request = request.clone();
        let max_body_bytes = self.settings.max_body_bytes;
        let not_json = |found| VendorError::NotJson { request: request.clone(), found };
        if let Some(encoding) = unasked_encoding(response.headers()) {
            return Err(not_json(format!("compressed ({encoding}), which was not asked for")));
        }
        if response.content_length().is_some_and(|length| length > max_body_bytes as u64) {
            return Err(VendorError::TooLarge { request, max_body_bytes });
        }
        let (body, end) = drain(&mut response, max_body_bytes).await;
        let received_bytes = body.len();
        match end {
            End::Whole => {}
            End::Full => return Err(VendorError::TooLarge { request, max_body_bytes }),
            End::Failed(error) if error.is_timeout() => return Err(VendorError::Timeout { request, attempts }),
            End::Failed(_) => return Err(VendorError::CutBody { request, attempts, received_bytes }),
        }
        match shape(&body, is_html(response.headers())) {
            Shape::Json => Ok(VendorPage {
                body,
                request_id: request_id(response.headers()),
                received_at: self.time.uncorrected(),
            }),
            Shape::Unfinished => Err(VendorError::CutBody { request, attempts, received_bytes }),
            Shape::Empty => Err(not_json("empty".to_owned())),
            Shape::Html => Err(not_json(format!("an HTML page: {}", quote(&self.text(&body))))),
            Shape::Other => Err(not_json(format!("text: {}", quote(&self.text(&body))))),
        }
    }

    async fn read_failure(&self, mut response: Response, request: RequestName, attempts: u32) -> Failed {
        let status = response.status();
        let (body, _) = drain(&mut response, MAX_ERROR_BYTES).await;
        let mut message = vendor_message(&self.text(&body));
        if let Some(id) = request_id(response.headers()) {
            message.push_str(&format!(" (request-id {id})"));
        }
        let key_name = self.settings.key_name.clone();
        let error = match status.as_u16() {
            400 => VendorError::BadRequest { request, message },
            401 => VendorError::Unauthorized { request, key_name, message },
            403 => VendorError::Forbidden { request, key_name, message },
            410 => VendorError::Gone { request, message },
            429 => VendorError::RateLimited { request, attempts, message },
            500 | 502..=504 | 520..=524 | 529 => {
                VendorError::ServerError { request, status: status.as_u16(), attempts, message }
            }
            _ => VendorError::Refused { request, status: status.as_u16(), message: refusal(status, message) },
        };
        Failed { told: retry_after(response.headers(), status, self.now()), ..Failed::from(error) }
    }

    /// A body as text, without the key.
    fn text(&self, body: &[u8]) -> String {
        self.settings.auth.scrub(&String::from_utf8_lossy(&body[..body.len().min(MAX_ERROR_BYTES)]))
    }
}

fn refusal(status: StatusCode, message: String) -> String {
    if status.is_redirection() { "a redirect, which is never followed".to_owned() } else { message }
}

/// How reading a body ended.
enum End {
    Whole,
    /// There is more than the limit.
    Full,
    Failed(reqwest::Error),
}

async fn drain(response: &mut Response, max_bytes: usize) -> (Bytes, End) {
    let length = response.content_length().and_then(|length| usize::try_from(length).ok());
    let small = length.filter(|length| *length < SMALL_BYTES);
    let mut body = BytesMut::with_capacity(small.unwrap_or(ROOM_BYTES));
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > max_bytes => {
                body.extend_from_slice(&chunk[..max_bytes - body.len()]);
                break End::Full;
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break End::Whole,
            Err(error) => break End::Failed(error),
        }
    };
    (body.freeze(), end)
}

/// What a whole body looks like from outside.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    Json,
    /// It begins like JSON and does not end like it: the connection was closed in the middle, unannounced.
    Unfinished,
    Empty,
    Html,
    Other,
}

fn shape(body: &[u8], is_html: bool) -> Shape {
    let body = body.trim_ascii();
    match (body.first(), body.last()) {
        (None, _) | (_, None) => Shape::Empty,
        _ if is_html => Shape::Html,
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) if body.len() > 1 => Shape::Json,
        (Some(b'{' | b'['), _) => Shape::Unfinished,
        (Some(b'<'), _) => Shape::Html,
        _ => Shape::Other,
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    text_header(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
}

fn unasked_encoding(headers: &HeaderMap) -> Option<String> {
    let encoding = headers.get(CONTENT_ENCODING)?;
    let name = encoding.to_str().unwrap_or("unknown").trim();
    (!name.is_empty() && !name.eq_ignore_ascii_case("identity")).then(|| quote(name))
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    safe_id(text_header(headers, "request-id").or_else(|| text_header(headers, "x-request-id"))?)
}

/// Of Anthropic, whose every answer has it.
fn organization_id(headers: &HeaderMap) -> Option<String> {
    safe_id(text_header(headers, "anthropic-organization-id")?)
}

fn safe_id(id: &str) -> Option<String> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!id.is_empty() && id.len() <= 128 && id.chars().all(is_safe)).then(|| id.to_owned())
}

/// The wait that `Retry-After` asks for, in seconds or as a date; one that can't be read is none.
fn retry_after(headers: &HeaderMap, status: StatusCode, now: Timestamp) -> Option<Told> {
    let value = text_header(headers, RETRY_AFTER.as_str())?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(value).ok()?;
            until.to_utc().signed_duration_since(now.to_chrono()).to_std().unwrap_or_default()
        }
    };
    Some(Told { status: status.as_u16(), wait })
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now: Timestamp = "2025-10-03T12:00:00Z".parse().unwrap();
        let cases = [
            ("60", Some(60)),
            ("0", Some(0)),
            ("Fri, 03 Oct 2025 12:01:30 GMT", Some(90)),
            ("Fri, 03 Oct 2025 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
            ("", None),
        ];
        for (value, expected) in cases {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            let told = retry_after(&headers, StatusCode::TOO_MANY_REQUESTS, now);
            assert_eq!(told.map(|told| told.wait.as_secs()), expected, "{value}");
        }
    }

    #[test]
    fn a_body_is_known_by_its_ends() {
        let cases: [(&str, bool, Shape); 11] = [
            (" {\"data\":[]}\n", false, Shape::Json),
            ("[]", false, Shape::Json),
            ("{\"data\":[", false, Shape::Unfinished),
            ("{", false, Shape::Unfinished),
            ("[{}", false, Shape::Unfinished),
            (" \n", false, Shape::Empty),
            ("", true, Shape::Empty),
            ("<!doctype html>", false, Shape::Html),
            ("{}", true, Shape::Html),
            ("Bad gateway", false, Shape::Other),
            ("\"text\"", false, Shape::Other),
        ];
        for (body, is_html, expected) in cases {
            assert_eq!(shape(body.as_bytes(), is_html), expected, "{body}");
        }
    }

    #[test]
    fn a_request_id_that_could_break_a_log_line_is_dropped() {
        for (id, expected) in [("req_011CSH-x.1", true), ("a b", false), ("", false)] {
            let headers = HeaderMap::from_iter([("request-id".parse().unwrap(), id.parse().unwrap())]);
            assert_eq!(request_id(&headers).is_some(), expected, "{id}");
        }
    }
}
