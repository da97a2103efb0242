//! Between the loader and the emulator of BigQuery: counts the jobs that are asked for, and weighs the tables of each
//! before it is done. It changes nothing on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;

use crate::jobs::{Begun, Jobs};
use crate::sizes::Scales;

/// A merge that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(300);

/// Dropping it ends it.
pub struct Proxy {
    pub url: String,
    counter: Arc<Counter>,
    _server: JoinSet<()>,
}

struct Counter {
    scales: Scales,
    counted: Mutex<Counted>,
    /// A merge has ended.
    ended: Notify,
}

#[derive(Default)]
struct Counted {
    jobs: Jobs,
    /// Asked for again, a job is the same.
    ids: BTreeSet<String>,
    under_way: BTreeMap<String, Option<Begun>>,
    trouble: Option<anyhow::Error>,
}

impl Proxy {
    pub async fn before(scales: Scales) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let counter = Arc::new(Counter { scales, counted: Mutex::default(), ended: Notify::new() });
        let router = Router::new().fallback(pass).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&counter));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // Without it nobody is answered, and the measurement fails.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, counter, _server: server })
    }

    /// What was asked for since the last call. Who looks at the tables sees a merge before the loader does, so it waits
    /// until all of them have ended.
    pub async fn take(&self) -> anyhow::Result<Jobs> {
        let all_ended = async {
            loop {
                let ended = self.counter.ended.notified();
                if self.counter.counted.lock().await.under_way.is_empty() {
                    return;
                }
                ended.await;
            }
        };
        tokio::time::timeout(PATIENCE, all_ended).await.context("a merge does not end")?;
        let mut counted = self.counter.counted.lock().await;
        match counted.trouble.take() {
            Some(trouble) => Err(trouble.context("a job could not be weighed")),
            None => Ok(std::mem::take(&mut counted.jobs)),
        }
    }
}

impl Counter {
    async fn count(&self, method: &Method, path: &str, body: &[u8]) -> anyhow::Result<()> {
        if *method == Method::GET {
            return self.ends(path).await;
        }
        if *method != Method::POST || !(path.ends_with("/jobs") || path.ends_with("/queries")) {
            return Ok(());
        }
        let asked: Value = serde_json::from_slice(body)?;
        match path.ends_with("/jobs") {
            true => self.job(&asked).await,
            false => self.query(asked["query"].as_str().context("a query without a text")?).await,
        }
    }

    async fn job(&self, job: &Value) -> anyhow::Result<()> {
        let (id, work) = (job["jobReference"]["jobId"].as_str().unwrap_or_default(), &job["configuration"]);
        if work["dryRun"] == true || !self.counted.lock().await.ids.insert(id.to_owned()) {
            return Ok(());
        }
        if work["load"].is_object() {
            self.counted.lock().await.jobs.loads += 1;
            return Ok(());
        }
        let sql = work["query"]["query"].as_str().context("a job that neither loads nor asks")?;
        ensure!(id.starts_with("merge_"), "job {id} is no merge");
        let begun = Begun::begin(&self.scales, sql).await?;
        self.counted.lock().await.under_way.insert(id.to_owned(), Some(begun));
        Ok(())
    }

    async fn query(&self, sql: &str) -> anyhow::Result<()> {
        let bytes = Begun::begin(&self.scales, sql).await?.reckon();
        let jobs = &mut self.counted.lock().await.jobs;
        jobs.queries += 1;
        jobs.query_bytes += bytes;
        Ok(())
    }

    /// The rows of a script are asked for when it is done.
    async fn ends(&self, path: &str) -> anyhow::Result<()> {
        let Some((_, id)) = path.split_once("/queries/") else { return Ok(()) };
        let begun = self.counted.lock().await.under_way.get_mut(id).and_then(Option::take);
        let Some(begun) = begun else { return Ok(()) };
        let merge = begun.end(&self.scales).await;
        let mut counted = self.counted.lock().await;
        counted.under_way.remove(id);
        self.ended.notify_one();
        counted.jobs.merges.push(merge?);
        Ok(())
    }

    async fn forward(
        &self,
        method: Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> reqwest::Result<Response> {
        for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let url = format!("{}{uri}", self.scales.url);
        let response = self.scales.http.request(method, url).headers(headers).body(body).send().await?;
        let (status, mut headers) = (response.status(), response.headers().clone());
        headers.remove(header::TRANSFER_ENCODING);
        Ok((status, headers, response.bytes().await?).into_response())
    }
}

async fn pass(
    State(counter): State<Arc<Counter>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(trouble) = counter.count(&method, uri.path(), &body).await {
        counter.counted.lock().await.trouble.get_or_insert(trouble);
    }
    let forwarded = counter.forward(method, &uri, headers, body).await;
    forwarded.unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response())
}
