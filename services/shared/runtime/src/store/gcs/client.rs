//! Google's clients, with the patience of the store.

use google_cloud_gax::client_builder::Result as Built;
use google_cloud_gax::exponential_backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use google_cloud_gax::retry_policy::{RetryPolicy, RetryPolicyExt};
use google_cloud_storage::client::{Storage, StorageControl};
use google_cloud_storage::read_resume_policy::{ReadResumePolicyExt, Recommended};
use google_cloud_storage::retry_policy::RetryableErrors;
use std::time::Duration;

use super::GcsSettings;
use super::emulator::Emulator;
use crate::google::endpoints::{anonymous, install_tls};

/// How often one read goes on where its connection was lost.
const READ_RESUMES: u32 = 5;

/// Bodies come and go by `data`, over HTTP; names by `control`, over gRPC.
#[derive(Debug)]
pub(super) struct Clients {
    pub data: Storage,
    pub control: StorageControl,
}

/// The service with the credentials of the environment, or the emulator without any.
pub(super) async fn connect(emulator: Option<&str>, settings: &GcsSettings) -> Built<Clients> {
    install_tls();
    let data = Storage::builder()
        .with_retry_policy(retries(settings))
        .with_backoff_policy(backoff())
        .with_read_resume_policy(Recommended.with_attempt_limit(READ_RESUMES))
        .with_resumable_upload_threshold(settings.parts_from_bytes);
    let Some(url) = emulator else {
        let control = StorageControl::builder().with_retry_policy(retries(settings)).with_backoff_policy(backoff());
        return Ok(Clients { data: data.build().await?, control: control.build().await? });
    };
    let data = data.with_endpoint(url).with_credentials(anonymous()).build().await?;
    Ok(Clients { data, control: StorageControl::from_stub(Emulator::at(url)) })
}

/// Only what is idempotent is made again: reads, lists, and writes and deletes that say so.
fn retries(settings: &GcsSettings) -> impl RetryPolicy + 'static {
    RetryableErrors.with_time_limit(settings.retry_for)
}

fn backoff() -> ExponentialBackoff {
    ExponentialBackoffBuilder::new()
        .with_initial_delay(Duration::from_millis(250))
        .with_maximum_delay(Duration::from_secs(8))
        .clamp()
}
