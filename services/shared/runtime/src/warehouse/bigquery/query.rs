//! Queries: one statement, and its rows.

use everycent_domain::sql::{self, BigQuery};
use gcp_bigquery_client::model::data_format_options::DataFormatOptions;
use gcp_bigquery_client::model::get_query_results_parameters::GetQueryResultsParameters;
use gcp_bigquery_client::model::get_query_results_response::GetQueryResultsResponse;
use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::job_reference::JobReference;
use gcp_bigquery_client::model::query_request::QueryRequest;
use gcp_bigquery_client::model::query_response::QueryResponse;

use super::cells;
use super::connection::{Connection, patiently};
use super::failure::Failure;
use crate::backoff;
use crate::failure::Reason;
use crate::warehouse::{Rows, WarehouseError, located};

const ACTION: &str = "query";
/// More than this is an export, not an answer.
const ROWS_MAX: usize = 1_000_000;
const WAIT_MS: i32 = 30_000;

/// A query that a person or a check asks. Whatever would change something is refused.
pub(super) async fn query(connection: &Connection, template: &str) -> Result<Rows, WarehouseError> {
    let refused = |reason: Reason| WarehouseError::Refused { action: ACTION, reason };
    let dataset = connection.name();
    let sql = sql::query(template, &BigQuery { dataset: &dataset }).map_err(|e| refused(Reason::of(e)))?;
    match kind_of(connection, &sql).await.map_err(|failure| failure.during(ACTION))?.as_deref() {
        Some("SELECT") => connection.select(&sql).await.map_err(|failure| located(failure.during(ACTION), template)),
        Some(other) => Err(refused(format!("it is no SELECT but {other}").into())),
        None => Err(refused("it asks for nothing".into())),
    }
}

/// What the statement would be, without running it.
async fn kind_of(connection: &Connection, sql: &str) -> Result<Option<String>, Failure> {
    let configuration = JobConfiguration { dry_run: Some(true), ..script(sql) };
    let (rest, location) = (connection.rest().await?, connection.location().await?);
    let job = Job {
        configuration: Some(configuration),
        job_reference: Some(JobReference { location: location.map(str::to_owned), ..Default::default() }),
        ..Default::default()
    };
    let path = ["projects", &connection.project, "jobs"];
    let job: Job = patiently(|| rest.post(&path, &job)).await?;
    Ok(job.statistics.and_then(|statistics| statistics.query).and_then(|query| query.statement_type))
}

/// The work of a job that runs a statement or a script.
pub(super) fn script(sql: &str) -> JobConfiguration {
    let query = JobConfigurationQuery { query: sql.to_owned(), use_legacy_sql: Some(false), ..Default::default() };
    JobConfiguration { query: Some(query), ..Default::default() }
}

impl Connection {
    /// Runs a statement or script that may run twice, and gives the rows of its last query.
    pub async fn select(&self, sql: &str) -> Result<Rows, Failure> {
        let (rest, location) = (self.rest().await?, self.location().await?);
        let request = QueryRequest {
            format_options: Some(DataFormatOptions { use_int64_timestamp: Some(true) }),
            location: location.map(str::to_owned),
            timeout_ms: Some(WAIT_MS),
            use_legacy_sql: false,
            ..QueryRequest::new(sql)
        };
        let path = ["projects", &self.project, "queries"];
        let answer = patiently(|| rest.post(&path, &request)).await?;
        self.all_pages(answer).await
    }

    /// Runs a script that may run twice, and again where somebody else came first.
    pub async fn change(&self, action: &'static str, script: &str) -> Result<(), WarehouseError> {
        let changed = backoff::CONCURRENT.retry(|| self.select(script), |failure| failure.is_concurrent(action));
        changed.await.map(drop).map_err(|failure| failure.during(action))
    }

    /// The rows of a job that was done.
    pub async fn rows_of(&self, job_id: &str) -> Result<Rows, Failure> {
        let first = self.page(job_id, None).await?;
        self.all_pages(first).await
    }

    async fn all_pages(&self, mut page: QueryResponse) -> Result<Rows, Failure> {
        let mut all = Rows::default();
        loop {
            // Beside an answer they are warnings.
            let errors = page.errors.as_deref().filter(|_| page.schema.is_none());
            if let Some(error) = errors.and_then(<[_]>::first) {
                return Err(Failure::of_job(error, None));
            }
            let job_id = page.job_reference.as_ref().and_then(|job| job.job_id.clone());
            let job_id = job_id.ok_or_else(|| Failure::MayPass("an answer names no job".into()));
            if page.job_complete != Some(true) {
                page = self.page(&job_id?, None).await?;
                continue;
            }
            let next = page.page_token.take();
            cells::append(&mut all, page)?;
            if all.rows.len() > ROWS_MAX {
                return Err(Failure::Refused(format!("it gives more than {ROWS_MAX} rows").into()));
            }
            match next {
                Some(token) => page = self.page(&job_id?, Some(token)).await?,
                None => return Ok(all),
            }
        }
    }

    async fn page(&self, job_id: &str, page_token: Option<String>) -> Result<QueryResponse, Failure> {
        let (rest, location) = (self.rest().await?, self.location().await?);
        let parameters = GetQueryResultsParameters {
            location: location.map(str::to_owned),
            page_token,
            timeout_ms: Some(WAIT_MS),
            ..Default::default()
        };
        let path = ["projects", &self.project, "queries", job_id];
        let page: GetQueryResultsResponse = patiently(|| rest.get(&path, &parameters)).await?;
        Ok(page.into())
    }
}
