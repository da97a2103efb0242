//! Who asks: nobody at an emulator, otherwise whom the Application Default Credentials name.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use gcp_bigquery_client::auth::Authenticator;
use gcp_bigquery_client::error::BQError;
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};

const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// What an emulator takes: anything.
#[derive(Clone)]
struct Nobody;

#[async_trait]
impl Authenticator for Nobody {
    async fn access_token(&self) -> Result<String, BQError> {
        Ok("emulator".to_owned())
    }
}

/// Application Default Credentials, of any kind that Google's own library knows.
#[derive(Clone)]
struct ApplicationDefault(AccessTokenCredentials);

#[async_trait]
impl Authenticator for ApplicationDefault {
    async fn access_token(&self) -> Result<String, BQError> {
        let token = self.0.access_token().await;
        // The kind tells a failure that may pass from one that does not.
        token.map(|token| token.token).map_err(|error| match error.is_transient() {
            true => no_token(io::ErrorKind::TimedOut, error),
            false => no_token(io::ErrorKind::PermissionDenied, error),
        })
    }
}

pub(super) fn nobody() -> Arc<dyn Authenticator> {
    Arc::new(Nobody)
}

pub(super) fn application_default() -> Result<Arc<dyn Authenticator>, BQError> {
    let credentials = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
    let credentials = credentials.map_err(|error| no_token(io::ErrorKind::PermissionDenied, error))?;
    Ok(Arc::new(ApplicationDefault(credentials)))
}

fn no_token(kind: io::ErrorKind, error: impl std::error::Error + Send + Sync + 'static) -> BQError {
    BQError::InvalidApplicationDefaultCredentialsAuthenticator(io::Error::new(kind, error))
}
