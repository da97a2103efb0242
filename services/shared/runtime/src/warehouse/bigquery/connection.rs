//! Where BigQuery is, found when it is first needed, and the dataset that is worked in.

use std::time::Duration;

use gcp_bigquery_client::model::dataset::Dataset;
use tokio::sync::OnceCell;

use super::access;
use super::failure::Failure;
use super::rest::Rest;
use crate::backoff;
use crate::google::endpoints::install_tls;

const BIGQUERY: &str = "https://bigquery.googleapis.com/bigquery/v2";
/// An answer that took longer is lost.
const ANSWER: Duration = Duration::from_secs(90);

pub(super) struct Connection {
    pub project: String,
    pub dataset: String,
    emulator: Option<String>,
    rest: OnceCell<Rest>,
    /// Where the dataset lies: a job is asked for there.
    location: OnceCell<Option<String>>,
}

impl Connection {
    pub fn new(emulator: Option<String>, project: &str, dataset: &str) -> Self {
        let (rest, location) = (OnceCell::new(), OnceCell::new());
        Self { project: project.to_owned(), dataset: dataset.to_owned(), emulator, rest, location }
    }

    /// `project.dataset`, as the domain's SQL takes it.
    pub fn name(&self) -> String {
        format!("{}.{}", self.project, self.dataset)
    }

    /// The name of a table of ours in the dataset, or of one beside them, in backticks.
    pub fn quoted(&self, table: &str) -> String {
        format!("`{}.{table}`", self.name())
    }

    pub async fn rest(&self) -> Result<&Rest, Failure> {
        self.rest.get_or_try_init(async || self.connect()).await
    }

    fn connect(&self) -> Result<Rest, Failure> {
        install_tls();
        match &self.emulator {
            Some(url) => Rest::new(&format!("{url}/bigquery/v2"), access::nobody()),
            None => Rest::new(BIGQUERY, access::application_default().map_err(Failure::of)?),
        }
    }

    pub async fn location(&self) -> Result<Option<&str>, Failure> {
        let ask = async || {
            let rest = self.rest().await?;
            let path = ["projects", &self.project, "datasets", &self.dataset];
            let dataset: Dataset = patiently(|| rest.get(&path, &())).await?;
            Ok(dataset.location)
        };
        Ok(self.location.get_or_try_init(ask).await?.as_deref())
    }
}

/// Asks again while it may help. Only for what may happen twice, or has an id.
pub(super) async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
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

async fn once<T>(answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::MayPass(format!("no answer in {} s", ANSWER.as_secs()).into())),
    }
}
