//! What goes over plain HTTP is read by everybody on the way, so nothing secret does, but to this machine.

use std::net::IpAddr;

use reqwest::Url;

/// Whether what is sent there can be read on the way.
pub(crate) fn is_readable_by_others(url: &Url) -> bool {
    url.scheme() != "https" && !is_loopback(url)
}

/// Whether it is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn loopback_is_known_in_all_its_forms() {
        let loopback = |url: &str| is_loopback(&url.parse().unwrap());
        assert!(
            ["http://localhost:1", "http://127.0.0.1", "http://127.8.8.8:1", "http://[::1]:1"]
                .map(loopback)
                .iter()
                .all(|yes| *yes)
        );
        assert!(!loopback("http://localhost.example.com") && !loopback("https://api.example.com"));
    }
}
