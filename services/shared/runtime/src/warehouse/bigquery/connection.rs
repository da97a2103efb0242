//! The client, made when it is first needed, and the dataset that it works in.

use std::time::Duration;

use gcp_bigquery_client::Client;
use gcp_bigquery_client::client_builder::ClientBuilder;
use gcp_bigquery_client::error::BQError;
use tokio::sync::OnceCell;

use super::access;
use super::failure::Failure;
use crate::backoff;
use crate::google::endpoints::install_tls;

/// An answer that took longer is lost.
const ANSWER: Duration = Duration::from_secs(90);

pub(super) struct Connection {
    pub project: String,
    pub dataset: String,
    emulator: Option<String>,
    client: OnceCell<Client>,
    /// Where the dataset lies: a job is asked for there.
    location: OnceCell<Option<String>>,
}

impl Connection {
    pub fn new(emulator: Option<String>, project: &str, dataset: &str) -> Self {
        let (client, location) = (OnceCell::new(), OnceCell::new());
        Self { project: project.to_owned(), dataset: dataset.to_owned(), emulator, client, location }
    }

    /// `project.dataset`, as the domain's SQL takes it.
    pub fn name(&self) -> String {
        format!("{}.{}", self.project, self.dataset)
    }

    /// The name of a table of ours in the dataset, or of one beside them, in backticks.
    pub fn quoted(&self, table: &str) -> String {
        format!("`{}.{table}`", self.name())
    }

    pub async fn client(&self) -> Result<&Client, Failure> {
        self.client.get_or_try_init(|| self.connect()).await.map_err(Failure::of)
    }

    async fn connect(&self) -> Result<Client, BQError> {
        install_tls();
        let mut builder = ClientBuilder::new();
        let access = match &self.emulator {
            Some(url) => {
                builder.with_v2_base_url(format!("{url}/bigquery/v2"));
                access::nobody()
            }
            None => access::application_default()?,
        };
        builder.build_from_authenticator(access).await
    }

    pub async fn location(&self) -> Result<Option<&str>, Failure> {
        let ask = async || {
            let client = self.client().await?;
            let dataset = patiently(|| client.dataset().get(&self.project, &self.dataset)).await?;
            Ok(dataset.location)
        };
        Ok(self.location.get_or_try_init(ask).await?.as_deref())
    }
}

/// Asks again while it may help. Only for what may happen twice, or has an id.
pub(super) async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, BQError>>,
{
    let again = |failure: &Failure| match failure {
        Failure::MayPass(reason) => {
            tracing::debug!(reason = %reason, "BigQuery did not answer; asking again");
            true
        }
        _ => false,
    };
    backoff::ANSWER.retry(|| once(ask()), again).await
}

async fn once<T>(answer: impl Future<Output = Result<T, BQError>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer.map_err(Failure::of),
        Err(_) => Err(Failure::MayPass(format!("no answer in {} s", ANSWER.as_secs()).into())),
    }
}
