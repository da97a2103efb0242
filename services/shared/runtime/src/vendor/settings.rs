//! What the client knows of an account, and its limits.

use std::num::NonZeroU32;
use std::time::Duration;

use reqwest::Url;

use super::{Auth, RetrySettings};

/// How one account of a vendor is asked.
#[derive(Debug, Clone)]
pub struct VendorSettings {
    pub base_url: Url,
    pub auth: Auth,
    /// Where a person finds the key: the variable or the file.
    pub key_name: String,
    /// `None`: no limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// How many requests may go at once after a pause; counted within the limit.
    pub burst: NonZeroU32,
    pub timeouts: Timeouts,
    pub max_body_bytes: usize,
    pub retry: RetrySettings,
}

impl VendorSettings {
    /// Settings with the usual timeouts, limits and retries, and no limit of requests.
    pub fn new(base_url: Url, auth: Auth, key_name: impl Into<String>) -> Self {
        Self {
            base_url,
            auth,
            key_name: key_name.into(),
            requests_per_minute: None,
            burst: NonZeroU32::MIN,
            timeouts: Timeouts::default(),
            max_body_bytes: 64 * 1024 * 1024,
            retry: RetrySettings::default(),
        }
    }
}

/// Limits of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// Without a byte.
    pub read: Duration,
    /// From the first byte sent to the last one received.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), read: Duration::from_secs(60), total: Duration::from_secs(120) }
    }
}
