//! Jobs whose ids are made from the content of the work, so that the same work is not done twice: a reply that was lost
//! is answered by asking for the job.

use std::time::Duration;

use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_reference::JobReference;

use super::connection::{Connection, patiently};
use super::failure::Failure;
use crate::backoff;

/// A job that failed keeps its id, so the next attempt has the next one.
const ATTEMPTS_MAX: u32 = 200;
/// A job of BigQuery ends after six hours; none of ours takes a part of it.
const DONE_BY: Duration = Duration::from_secs(1_800);

/// A job that was done and did not fail.
pub(super) struct Done {
    pub job_id: String,
    pub job: Job,
    /// The first attempt that nobody has made yet, should this one turn out to be void.
    pub next: u32,
    /// It was there already: of another process, of another time, or of a reply that was lost.
    pub joined: bool,
}

impl Connection {
    /// Does the work of this id, or joins whoever does it or did it, beginning with an attempt.
    pub async fn run(&self, id: &str, work: &JobConfiguration, first: u32) -> Result<Done, Failure> {
        for attempt in first..ATTEMPTS_MAX {
            let job_id = format!("{id}_{attempt}");
            let (job, joined) = match self.insert(&job_id, work).await {
                Ok(job) => (job, false),
                Err(Failure::AlreadyExists(_)) => (self.ask(&job_id).await?, true),
                Err(failure) => return Err(failure),
            };
            match self.end(&job_id, job).await {
                Ok(job) => return Ok(Done { job_id, job, next: attempt + 1, joined }),
                Err(failure) if joined => tracing::debug!(job_id, ?failure, "an earlier attempt failed"),
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::Refused(format!("job {id} has failed {ATTEMPTS_MAX} times").into()))
    }

    async fn insert(&self, job_id: &str, work: &JobConfiguration) -> Result<Job, Failure> {
        let (rest, location) = (self.rest().await?, self.location().await?);
        let job = Job {
            configuration: Some(work.clone()),
            job_reference: Some(JobReference {
                job_id: Some(job_id.to_owned()),
                location: location.map(str::to_owned),
                project_id: Some(self.project.clone()),
            }),
            ..Default::default()
        };
        let path = ["projects", &self.project, "jobs"];
        patiently(|| rest.post(&path, &job)).await
    }

    async fn ask(&self, job_id: &str) -> Result<Job, Failure> {
        let (rest, location) = (self.rest().await?, self.location().await?);
        let path = ["projects", &self.project, "jobs", job_id];
        let query = [("location", location)];
        patiently(|| rest.get(&path, &query)).await
    }

    /// Waits until the job is done.
    async fn end(&self, job_id: &str, mut job: Job) -> Result<Job, Failure> {
        let begun = tokio::time::Instant::now();
        let mut looks = backoff::JOB.waits();
        loop {
            if let Some(status) = job.status.as_ref().filter(|status| status.state.as_deref() == Some("DONE")) {
                let principal = job.user_email.as_deref();
                let failed = status.error_result.as_ref().map(|error| Failure::of_job(error, principal));
                return failed.map_or(Ok(job), Err);
            }
            if begun.elapsed() > DONE_BY {
                return Err(Failure::MayPass(format!("job {job_id} is not done after {} s", DONE_BY.as_secs()).into()));
            }
            tokio::time::sleep(looks.next().unwrap_or_default()).await;
            job = self.ask(job_id).await?;
        }
    }
}
