//! The connection under the client: how it is built, and what its failures mean.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use rustls::CertificateError;

use super::{RequestName, VendorError, VendorSettings};
use crate::failure::Reason;
use crate::plain_http::{is_loopback, is_readable_by_others};

/// Refuses an address that would put a key in the wrong place or lose part of itself.
pub(crate) fn check_base_url(url: &Url) -> Result<(), String> {
    let reason = if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        "is not http:// or https:// with a host"
    } else if is_readable_by_others(url) {
        "is plain http://, which shows the key to everybody on the way; only this machine is asked so, write https://"
    } else if !url.username().is_empty() || url.password().is_some() {
        "holds a name or a password; keys have variables of their own"
    } else if url.query().is_some() || url.fragment().is_some() {
        "holds a query or a fragment; leave it out"
    } else {
        return Ok(());
    };
    Err(format!("the address of {} {reason}", host(url)))
}

/// The host and port, for errors.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("no host");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

pub(super) fn build(settings: &VendorSettings) -> Result<Client, Reason> {
    // Another part of the program may have chosen first; either is a whole provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let timeouts = settings.timeouts;
    let mut builder = Client::builder()
        .user_agent(user_agent())
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .timeout(timeouts.total)
        .pool_idle_timeout(Duration::from_secs(60))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();
    if settings.base_url.scheme() == "http" {
        // Without TLS the system's certificates are not needed, and may be missing.
        builder = builder.tls_certs_only([]);
    }
    if is_loopback(&settings.base_url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        let words = format!(
            "can't prepare TLS: {}; install the system's certificates (ca-certificates), or set SSL_CERT_FILE",
            reason(&error)
        );
        Reason::from(words).caused_by(error)
    })
}

fn user_agent() -> String {
    let program = concat!("EveryCent/", env!("CARGO_PKG_VERSION"));
    match env!("CARGO_PKG_REPOSITORY") {
        "" => program.to_owned(),
        repository => format!("{program} (+{repository})"),
    }
}

/// What a failure before the first byte of the answer means.
pub(super) fn failure(error: reqwest::Error, request: &RequestName, host: String, attempts: u32) -> VendorError {
    let request = request.clone();
    // Its address may hold a page token.
    let error = error.without_url();
    if let Some(problem) = certificate_problem(&error) {
        VendorError::Certificate { request, host, reason: Reason::from(problem).caused_by(error) }
    } else if error.is_timeout() && !error.is_connect() {
        VendorError::Timeout { request, attempts }
    } else {
        let reason = Reason::from(reason(&error)).caused_by(error);
        VendorError::Unreachable { request, host, attempts, reason }
    }
}

/// What is wrong with the other side's certificate, if that is the cause.
fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        let cause = unwrapped(cause);
        match cause.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(problem)) => return Some(certificate_words(problem)),
            Some(rustls::Error::NoCertificatesPresented) => return Some("none was shown".to_owned()),
            _ => next = cause.source(),
        }
    }
    None
}

/// An error that an `io::Error` carries is not its source but its content.
fn unwrapped<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => unwrapped(inner),
        None => error,
    }
}

fn certificate_words(problem: &CertificateError) -> String {
    match problem {
        CertificateError::UnknownIssuer => "its issuer is unknown to this system".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("it has expired, or this system's clock is wrong ({problem})")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("it is not valid yet, or this system's clock is wrong ({problem})")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it belongs to another host ({problem})")
        }
        other => other.to_string(),
    }
}

/// The causes of an error in one line, without the library's words around them.
fn reason(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        let is_wrapping = text.starts_with("error sending request") || text.starts_with("client error");
        let is_repeated = parts.last().is_some_and(|last| last.contains(&text));
        if !is_wrapping && !is_repeated {
            parts.push(text);
        }
        next = cause.source();
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_that_hides_a_key_or_a_query_is_refused_without_printing_it() {
        let refused = ["ftp://api.example.com", "https://hidden@api.example.com", "https://api.example.com/?hidden=1"];
        for url in refused {
            let reason = check_base_url(&url.parse().unwrap()).unwrap_err();
            assert!(reason.starts_with("the address of api.example.com ") && !reason.contains("hidden"), "{reason}");
        }
        for url in ["https://api.example.com", "http://127.0.0.1:8080/anthropic"] {
            assert_eq!(check_base_url(&url.parse().unwrap()), Ok(()));
        }
    }

    #[test]
    fn a_key_goes_over_plain_http_to_this_machine_only() {
        for url in ["http://api.example.com", "HTTP://10.0.0.1:80", "http://127.0.0.1.example.com", "http://[fe80::1]"]
        {
            let reason = check_base_url(&url.parse().unwrap()).unwrap_err();
            assert!(reason.contains("plain http://") && reason.contains("write https://"), "{reason}");
        }
        for url in ["http://localhost:1", "http://127.8.8.8", "http://[::1]:1", "https://10.0.0.1"] {
            assert_eq!(check_base_url(&url.parse().unwrap()), Ok(()), "{url}");
        }
    }
}
