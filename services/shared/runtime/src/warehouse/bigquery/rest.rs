//! Calls of BigQuery's REST API: one request, one answer.
//!
//! What an error answer means is read off its status first, for what stands between here and BigQuery answers in shapes of
//! its own, and off its body where there is something to read.

use std::sync::Arc;
use std::time::Duration;

use gcp_bigquery_client::auth::Authenticator;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::{Explained, Failure};
use crate::failure::Reason;

/// How much of an error answer is looked at, and how long it is waited for. What stands before BigQuery may send a page
/// without end.
const EXPLANATION_BYTES: usize = 64 << 10;
const EXPLANATION_TIME: Duration = Duration::from_secs(10);

/// Where BigQuery is, and who asks.
pub(super) struct Rest {
    http: Client,
    base: Url,
    access: Arc<dyn Authenticator>,
}

impl Rest {
    pub fn new(base: &str, access: Arc<dyn Authenticator>) -> Result<Self, Failure> {
        let base: Url =
            base.parse().map_err(|e| Failure::Refused(Reason::from(format!("{base}: {e}")).caused_by(e)))?;
        let http = Client::builder().build().map_err(|e| Failure::Refused(Reason::of(e)))?;
        Ok(Self { http, base, access })
    }

    /// Below the base, such as `["projects", "acme", "jobs"]`.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &impl Serialize) -> Result<T, Failure> {
        read(self.send(self.http.get(self.url(path)).query(query)).await?).await
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Result<T, Failure> {
        read(self.send(self.http.post(self.url(path)).json(body)).await?).await
    }

    pub async fn delete(&self, path: &[&str]) -> Result<(), Failure> {
        self.send(self.http.delete(self.url(path))).await.map(drop)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("invariant: http and https have a path").pop_if_empty().extend(path);
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let token = self.access.access_token().await.map_err(Failure::of)?;
        let answer = request.bearer_auth(token).send().await.map_err(lost)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        // The status is there, whatever becomes of the rest.
        let body = beginning(answer, EXPLANATION_TIME).await;
        Err(Failure::of_answer(status.as_u16(), &explained(status, &body)))
    }
}

/// What came of a body within a time, no more than is looked at.
async fn beginning(mut answer: Response, within: Duration) -> Vec<u8> {
    let mut body = Vec::new();
    let fill = async {
        while let Ok(Some(part)) = answer.chunk().await {
            body.extend_from_slice(&part[..part.len().min(EXPLANATION_BYTES - body.len())]);
            if body.len() == EXPLANATION_BYTES {
                break;
            }
        }
    };
    // Over or not, what came is there.
    tokio::time::timeout(within, fill).await.ok();
    body
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Failure> {
    answer.json().await.map_err(lost)
}

/// It may have happened. An answer that does not read is one of a server before BigQuery.
fn lost(error: reqwest::Error) -> Failure {
    Failure::MayPass(Reason::of(error.without_url()))
}

/// What an error answer says. Google's own have an object `error`, some of them in a list, and not all of its fields.
fn explained(status: StatusCode, body: &[u8]) -> Explained {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let answer = answer.get(0).unwrap_or(&answer);
    let error = &answer["error"];
    let text = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let in_details = || error["details"].as_array()?.iter().find_map(|detail| text(&detail["reason"]));
    let message = text(&error["message"]).or_else(|| text(&answer["error_description"])).or_else(|| text(error));
    Explained {
        by_google: error.is_object(),
        reason: text(&error["errors"][0]["reason"]).or_else(in_details).or_else(|| text(&error["status"])),
        message: message.unwrap_or_else(|| unexplained(status, body)),
    }
}

/// The body is not quoted: nobody knows what a page of a gateway holds.
fn unexplained(status: StatusCode, body: &[u8]) -> String {
    let what =
        if body.is_empty() { "nothing else".to_owned() } else { format!("{} bytes that do not say why", body.len()) };
    format!("BigQuery, or a gateway before it, answered with {status} and {what}")
}

#[cfg(test)]
mod tests;
