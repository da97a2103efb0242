//! What can go wrong between a request and its page, and what to do about it.
//!
//! No error holds a key, a query or more than a short quotation of a body.

use std::fmt;
use std::time::Duration;

use super::Method;
use crate::failure::{Reason, Retryability, Retryable};

/// Names a request in errors: vendor, method and path, never its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestName {
    pub vendor: &'static str,
    pub method: Method,
    pub path: String,
}

impl fmt::Display for RequestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.vendor, self.method, self.path)
    }
}

/// Why there is no page. `message` is the vendor's own, shortened and without control characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendorError {
    /// The client can't be made, or the request can't be written.
    #[error("{vendor}: {reason}")]
    Settings {
        vendor: &'static str,
        #[source]
        reason: Reason,
    },
    #[error(
        "{request}: the key from {key_name} was not accepted (401): {message}; check that it is whole, an admin key, and neither revoked nor expired"
    )]
    Unauthorized { request: RequestName, key_name: String, message: String },
    #[error(
        "{request}: the key from {key_name} may not do this (403): {message}; give the key the scope, or use one of an administrator whose plan has this API"
    )]
    Forbidden { request: RequestName, key_name: String, message: String },
    /// 400: the request or its page token was refused; asking the window again from its first page may help.
    #[error("{request}: refused (400): {message}; ask the window again from its start, and report it if that stays")]
    BadRequest { request: RequestName, message: String },
    /// 410: the page token expired; the window has to be asked again from its first page.
    #[error("{request}: the page token expired (410): {message}; ask the window again from its start")]
    Gone { request: RequestName, message: String },
    /// Any other status that is no success and does not pass by itself.
    #[error("{request}: unexpected answer ({status}): {message}; check the vendor's address and the account's plan")]
    Refused { request: RequestName, status: u16, message: String },
    #[error(
        "{request}: over the rate limit (429) {attempts} times: {message}; lower requests_per_minute, or look for another program that uses this account"
    )]
    RateLimited { request: RequestName, attempts: u32, message: String },
    #[error("{request}: failed at the vendor ({status}) {attempts} times: {message}; try again later")]
    ServerError { request: RequestName, status: u16, attempts: u32, message: String },
    #[error(
        "{request}: the vendor asks to wait {wait_s} s ({status}), longer than the {max_wait_s} s allowed; try again after that time"
    )]
    WaitTooLong { request: RequestName, status: u16, wait_s: u64, max_wait_s: u64 },
    #[error(
        "{request}: the TLS certificate of {host} is not trusted: {reason}; if a proxy inspects TLS, add its certificate to the system's trust store or set SSL_CERT_FILE"
    )]
    Certificate {
        request: RequestName,
        host: String,
        #[source]
        reason: Reason,
    },
    #[error(
        "{request}: {host} could not be reached in {attempts} attempts: {reason}; check the address, the network and the proxy (HTTPS_PROXY, NO_PROXY)"
    )]
    Unreachable {
        request: RequestName,
        host: String,
        attempts: u32,
        #[source]
        reason: Reason,
    },
    #[error("{request}: no answer in time in {attempts} attempts; check the network, or try again later")]
    Timeout { request: RequestName, attempts: u32 },
    #[error("{request}: the answer is larger than {max_body_bytes} bytes; ask for fewer days or smaller pages")]
    TooLarge { request: RequestName, max_body_bytes: usize },
    #[error(
        "{request}: the answer was cut off after {received_bytes} bytes in {attempts} attempts; check the network, or try again later"
    )]
    CutBody { request: RequestName, attempts: u32, received_bytes: usize },
    #[error(
        "{request}: the answer is not JSON but {found}; check the vendor's address, and whether a proxy answers in its place"
    )]
    NotJson { request: RequestName, found: String },
}

impl VendorError {
    /// A name for logs and counters.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Settings { .. } => "settings",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::BadRequest { .. } => "bad_request",
            Self::Gone { .. } => "gone",
            Self::Refused { .. } => "refused",
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerError { .. } => "server_error",
            Self::WaitTooLong { .. } => "wait_too_long",
            Self::Certificate { .. } => "certificate",
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::CutBody { .. } => "cut_body",
            Self::NotJson { .. } => "not_json",
        }
    }
}

impl VendorError {
    /// Whether the vendor refuses the whole report to this key, whatever is asked: its plan, its scopes or what the
    /// organization agreed to don't allow it. Trying again is of no use.
    pub fn closes_report(&self) -> bool {
        match self {
            Self::Forbidden { .. } | Self::Refused { status: 404, .. } => true,
            Self::BadRequest { message, .. } => closes_by_words(message),
            _ => false,
        }
    }
}

/// A 400 is as a rule about the question. Of an organization that may not use a report it says so.
fn closes_by_words(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    says(&["hipaa"])
        || (says(&["organization", "organisation", "account", "team", "plan"])
            && says(&["not available", "not supported", "not enabled", "not eligible", "not permitted", "not allowed"]))
}

impl Retryable for VendorError {
    /// Of the request. A window that is asked again from its start is another one.
    fn retryability(&self) -> Retryability {
        match self {
            Self::RateLimited { .. }
            | Self::ServerError { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::CutBody { .. } => Retryability::Transient,
            Self::Settings { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::Refused { .. }
            | Self::WaitTooLong { .. }
            | Self::Certificate { .. }
            | Self::TooLarge { .. }
            | Self::NotJson { .. } => Retryability::Permanent,
            Self::BadRequest { .. } | Self::Gone { .. } => Retryability::Impossible,
        }
    }
}

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: VendorError,
    /// The status and the wait that the vendor asked for, if it did.
    pub(super) told: Option<Told>,
    /// From the first byte sent to the last one received.
    pub(super) took: Duration,
}

impl Failed {
    /// Whether the same request may be answered a moment later.
    pub(super) fn passes(&self) -> bool {
        self.error.retryability() == Retryability::Transient
    }

    /// Whether it is over a limit, and nobody said for how long.
    pub(super) fn is_limited(&self) -> bool {
        matches!(self.error, VendorError::RateLimited { .. }) && self.told.is_none()
    }
}

impl Failed {
    pub(super) fn after(self, took: Duration) -> Self {
        Self { took, ..self }
    }
}

/// What `Retry-After` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) wait: Duration,
}

impl From<VendorError> for Failed {
    fn from(error: VendorError) -> Self {
        Self { error, told: None, took: Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestName {
        RequestName { vendor: "anthropic", method: Method::Get, path: "/v1/x".to_owned() }
    }

    #[test]
    fn a_report_is_closed_by_its_status_or_by_the_words_of_a_400() {
        let bad = |message: &str| VendorError::BadRequest { request: request(), message: message.to_owned() };
        for message in [
            "This endpoint is not available for organizations with HIPAA readiness enabled.",
            "Cost analytics are not supported for your organization.",
            "Not enabled on this plan",
        ] {
            assert!(bad(message).closes_report(), "{message}");
        }
        for message in [
            "Invalid date range: ending date must be after starting date",
            "Cannot specify more than 5 group_by[] dimensions.",
            "limit: must be at most 31",
            "",
        ] {
            assert!(!bad(message).closes_report(), "{message}");
        }
        let refused = |status| VendorError::Refused { request: request(), status, message: String::new() };
        assert!(refused(404).closes_report() && !refused(402).closes_report() && !refused(409).closes_report());
        let forbidden =
            VendorError::Forbidden { request: request(), key_name: "KEY".to_owned(), message: String::new() };
        assert!(forbidden.closes_report());
        let unauthorized =
            VendorError::Unauthorized { request: request(), key_name: "KEY".to_owned(), message: String::new() };
        assert!(!unauthorized.closes_report());
    }
}
