//! How Google's clients are made: led to the emulator if there is one.

use std::time::Duration;

use google_cloud_gax::retry_policy::{RetryPolicy, RetryPolicyExt};
use google_cloud_pubsub::retry_policy::RetryableErrors;

/// How long a publish, and each call of an administrator, is tried again.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// When a call is made again.
pub(super) fn retries() -> impl RetryPolicy + 'static {
    RetryableErrors.with_time_limit(RETRY_FOR)
}

/// Makes a client of its builder; `bare` is one that has no calls to make again.
macro_rules! client {
    ($builder:expr, $endpoint:expr) => {
        client!(bare $builder.with_retry_policy($crate::bus::pubsub::client::retries()), $endpoint)
    };
    (bare $builder:expr, $endpoint:expr) => {{
        let builder = $builder;
        match $endpoint {
            Some(url) => builder.with_endpoint(url).with_credentials($crate::google::endpoints::anonymous()),
            None => builder,
        }
        .build()
        .await
        .map_err(|error| $crate::bus::BusError::Refused { action: "open", reason: $crate::failure::Reason::of(error) })
    }};
}
pub(super) use client;
