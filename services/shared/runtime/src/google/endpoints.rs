//! Where Google's services are: at Google, or emulators on this machine.
//!
//! It is the only place that reads the emulators' variables. A service whose variable is not set is Google's own, with
//! the credentials that the environment gives; there is no way from the one to the other at run time.

use google_cloud_auth::credentials::Credentials;
use google_cloud_auth::credentials::anonymous::Builder as Anonymous;

use crate::secret::Env;

/// The base URL of each service that is an emulator, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoints {
    pub pubsub: Option<String>,
    pub storage: Option<String>,
    pub bigquery: Option<String>,
}

impl Endpoints {
    /// Reads `PUBSUB_EMULATOR_HOST`, `STORAGE_EMULATOR_HOST` and `BIGQUERY_EMULATOR_HOST`: `host:port`, with or without
    /// `http://` before it.
    pub fn from_env(env: Env<'_>) -> Self {
        install_tls();
        let emulator = |name: &str| env(name).as_deref().and_then(url);
        Self {
            pubsub: emulator("PUBSUB_EMULATOR_HOST"),
            storage: emulator("STORAGE_EMULATOR_HOST"),
            bigquery: emulator("BIGQUERY_EMULATOR_HOST"),
        }
    }
}

/// The credentials for an emulator: none.
pub fn anonymous() -> Credentials {
    Anonymous::new().build()
}

/// Google's clients need it before the first of them is made, even for plain HTTP. Doing it again is harmless.
pub fn install_tls() {
    // It fails where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn url(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('/');
    match host {
        "" => None,
        url if url.contains("://") => Some(url.to_owned()),
        host => Some(format!("http://{host}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_emulator_is_there_only_when_its_variable_is_set() {
        let env = |name: &str| match name {
            "PUBSUB_EMULATOR_HOST" => Some("127.0.0.1:8085".to_owned()),
            "STORAGE_EMULATOR_HOST" => Some("http://127.0.0.1:4443/".to_owned()),
            "BIGQUERY_EMULATOR_HOST" => Some(String::new()),
            _ => None,
        };
        let endpoints = Endpoints::from_env(&env);
        assert_eq!(endpoints.pubsub.unwrap(), "http://127.0.0.1:8085");
        assert_eq!(endpoints.storage.unwrap(), "http://127.0.0.1:4443");
        assert_eq!(endpoints.bigquery, None);
        assert_eq!(Endpoints::from_env(&|_| None), Endpoints::default());
    }
}
