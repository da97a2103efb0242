//! The HTTP client for vendors' APIs: one request in, the bytes of one page out.
//!
//! It owns credentials, pace, retries, limits and the words of errors. It knows no endpoint, never reads what a page
//! says, and never follows a redirect or lets a key, a query or a body into a log.

mod answer;
mod auth;
mod body_budget;
pub(crate) mod connection;
mod error;
mod message;
mod pace;
mod request;
mod retry;
mod settings;
mod time;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::Duration;
use everycent_schemas::Timestamp;
pub use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, debug, info_span};

pub use auth::Auth;
pub use error::{RequestName, VendorError};
pub use request::{Method, VendorRequest};
pub use retry::RetrySettings;
pub use settings::{Timeouts, VendorSettings};

use crate::clock::Clock;
use crate::failure::Reason;
use body_budget::BodyBudget;
use error::Failed;
use pace::Pace;
use time::VendorTime;

/// One answer of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorPage {
    /// As received: it begins and ends like JSON, and nothing more is known of it. As long as a copy of it lives, it
    /// counts towards what the client may hold of answers.
    pub body: Bytes,
    /// The vendor's name for the exchange, for questions to its support.
    pub request_id: Option<String>,
    /// When the whole of it was here, by this machine's clock.
    pub received_at: Timestamp,
}

/// Asks one account of a vendor. Whoever asks for the same account shares one client, for its pace.
#[derive(Debug)]
pub struct VendorClient {
    http: reqwest::Client,
    settings: VendorSettings,
    credential: (HeaderName, HeaderValue),
    pace: Pace,
    bodies: BodyBudget,
    time: VendorTime,
    /// As the latest answer that named one has it.
    organization_id: Mutex<Option<String>>,
}

impl VendorClient {
    /// Fails if the key can't be sent, the address can't be asked, or the system's certificates can't be read.
    pub fn new(settings: VendorSettings, clock: Arc<dyn Clock>) -> Result<Self, VendorError> {
        let vendor = settings.auth.vendor();
        let wrong = |reason: Reason| VendorError::Settings { vendor, reason };
        connection::check_base_url(&settings.base_url).map_err(|e| wrong(e.into()))?;
        let credential = settings.auth.header(&settings.key_name).map_err(|e| wrong(e.into()))?;
        let http = connection::build(&settings).map_err(wrong)?;
        let pace = Pace::new(settings.requests_per_minute, settings.burst);
        let (bodies, time) = (BodyBudget::default(), VendorTime::new(clock));
        Ok(Self { http, settings, credential, pace, bodies, time, organization_id: Mutex::default() })
    }

    /// The organization that the key opens, as a header of the answers so far names it, refusals included.
    pub fn organization_id(&self) -> Option<String> {
        self.organization_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a request, as often as it takes within the settings. Requests only read at the vendor, so repeating one
    /// whose answer was lost is right.
    pub async fn send(&self, request: &VendorRequest) -> Result<VendorPage, VendorError> {
        let name = self.name(request);
        let span = info_span!("ask", otel.name = %name, otel.kind = "client", otel.status_code = Empty);
        let pause = |wait| self.pace.pause(wait);
        let answer = self.settings.retry.run(&name, pause, |attempt| self.attempt(request, &name, attempt));
        let answer = answer.instrument(span.clone()).await;
        if answer.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        answer
    }

    /// The time at the vendor, as far as its answers told it.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Whether an answer told it.
    pub fn knows_the_time(&self) -> bool {
        self.time.is_known()
    }

    /// How much the vendor's clock is ahead of this machine's, negative where it is behind; nothing as long as no answer
    /// showed that they differ.
    pub fn clock_offset(&self) -> Duration {
        self.time.offset()
    }

    fn name(&self, request: &VendorRequest) -> RequestName {
        RequestName { vendor: self.settings.auth.vendor(), method: request.method, path: request.path.clone() }
    }

    async fn attempt(&self, request: &VendorRequest, name: &RequestName, attempt: u32) -> Result<VendorPage, Failed> {
        let http = self.http_request(request)?;
        let waited = self.pace.turn().await;
        let sent_at = self.time.uncorrected();
        let sent = Instant::now();
        let answered = self.http.execute(http).await;
        if let Ok(response) = &answered {
            self.time.observe(response.headers(), sent_at);
        }
        let status = answered.as_ref().ok().map(|response| response.status().as_u16());
        let result = match answered {
            Ok(response) => {
                let budget = self.bodies.reserve(&response).await;
                let page = self.read_answer(response, name, attempt).await;
                page.map(|page| VendorPage { body: budget.hold(page.body), ..page })
            }
            Err(error) => Err(connection::failure(error, name, self.host(), attempt).into()),
        };
        let result = result.map_err(|failed| failed.after(sent.elapsed()));
        debug!(
            vendor = name.vendor,
            http.method = %name.method,
            http.path = name.path,
            http.status = status,
            attempt,
            wait_ms = waited.as_millis(),
            error.kind = result.as_ref().err().map(|failed| failed.error.kind()),
            body_bytes = result.as_ref().ok().map(|page| page.body.len()),
            "asked"
        );
        result
    }

    /// Writes the request down. What is wrong with it is told without its values.
    fn http_request(&self, request: &VendorRequest) -> Result<reqwest::Request, VendorError> {
        let wrong = |reason: Reason| VendorError::Settings { vendor: self.settings.auth.vendor(), reason };
        let mut url = self.settings.base_url.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), request.path));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut builder = self.http.request(method, url).header(&self.credential.0, &self.credential.1);
        for (name, value) in &request.headers {
            let value =
                HeaderValue::from_str(value).map_err(|_| wrong(format!("header {name} can't be sent").into()))?;
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        builder.build().map_err(|error| {
            let reason = Reason::of(error.without_url());
            wrong(reason.reworded(|error| format!("the request can't be written: {error}")))
        })
    }

    fn host(&self) -> String {
        connection::host(&self.settings.base_url)
    }
}
