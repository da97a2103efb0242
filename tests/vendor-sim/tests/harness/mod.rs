//! A plain HTTP client of the simulator, the way any reader of the vendors' documentation would write one.
#![allow(dead_code, clippy::unwrap_used)]

pub mod analytics;

use std::sync::Once;

use chrono::NaiveDate;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use vendor_sim::{Simulator, World};

pub const COST: &str = "/v1/organizations/cost_report";
pub const ME: &str = "/v1/organizations/me";
pub const USAGE: &str = "/v1/organizations/usage_report/messages";
pub const CLAUDE_CODE: &str = "/v1/organizations/usage_report/claude_code";
pub const ANALYTICS: &str = "/v1/organizations/analytics/cost";
pub const ANALYTICS_USAGE: &str = "/v1/organizations/analytics/usage";
pub const ANALYTICS_BETA: &str = "analytics-usage-cost-2026-08-24";
pub const WORKSPACES: &str = "/v1/organizations/workspaces";
pub const API_KEYS: &str = "/v1/organizations/api_keys";
pub const USERS: &str = "/v1/organizations/users";
pub const DAILY: &str = "/teams/daily-usage-data";
pub const EVENTS: &str = "/teams/filtered-usage-events";
pub const SPEND: &str = "/teams/spend";
pub const MEMBERS: &str = "/teams/members";

pub struct Harness {
    pub simulator: Simulator,
    pub client: Client,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn cents(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn midnight_ms(day: NaiveDate) -> i64 {
    day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis()
}

/// A JSON answer with its status.
#[derive(Debug, PartialEq)]
pub struct Told {
    pub status: u16,
    pub body: Value,
}

impl Harness {
    pub async fn start(world: World) -> Harness {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let client = Client::builder().no_proxy().build().unwrap();
        Harness { simulator: Simulator::start(world).await.unwrap(), client }
    }

    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.client
            .get(format!("{}{path}", self.simulator.url()))
            .header("x-api-key", self.simulator.anthropic_key())
            .header("anthropic-version", "2023-06-01")
            .header("anthropic-beta", ANALYTICS_BETA)
            .query(query)
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.simulator.url()))
            .basic_auth(self.simulator.cursor_key(), Some(""))
            .json(body)
    }

    pub async fn cost(&self, query: &[(&str, &str)]) -> Told {
        told(self.get(COST, query)).await
    }

    pub async fn daily(&self, body: &Value) -> Told {
        told(self.post(DAILY, body)).await
    }

    /// A good answer of Anthropic.
    pub async fn read(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let told = told(self.get(path, query)).await;
        assert_eq!(told.status, 200, "{path} {query:?}: {}", told.body);
        told.body
    }

    /// The message of an answer of Anthropic with status 400.
    pub async fn refusal(&self, path: &str, query: &[(&str, &str)]) -> String {
        let told = told(self.get(path, query)).await;
        assert_eq!(told.status, 400, "{path} {query:?}: {}", told.body);
        told.body["error"]["message"].as_str().unwrap().to_owned()
    }

    /// All records of a report without buckets, page by page.
    pub async fn records(&self, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
        let (mut records, mut page) = (Vec::new(), None::<String>);
        loop {
            let mut query = query.to_vec();
            query.extend(page.as_deref().map(|token| ("page", token)));
            let body = self.read(path, &query).await;
            records.extend(body["data"].as_array().unwrap().clone());
            if !body["has_more"].as_bool().unwrap() {
                assert!(body["next_page"].is_null());
                return records;
            }
            page = Some(body["next_page"].as_str().unwrap().to_owned());
        }
    }

    /// All items of a list of the directory, page by page.
    pub async fn listed(&self, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
        let (mut items, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut query = query.to_vec();
            query.extend(after.as_deref().map(|id| ("after_id", id)));
            let body = self.read(path, &query).await;
            items.extend(body["data"].as_array().unwrap().clone());
            if !body["has_more"].as_bool().unwrap() {
                return items;
            }
            after = Some(body["last_id"].as_str().unwrap().to_owned());
        }
    }

    /// A good answer of Cursor.
    pub async fn ask(&self, path: &str, body: &Value) -> Value {
        let told = told(self.post(path, body)).await;
        assert_eq!(told.status, 200, "{path} {body}: {}", told.body);
        told.body
    }

    /// All buckets of days, both ends included, page by page.
    pub async fn buckets(&self, first: &str, last: &str, group_by: &[&str], limit: &str) -> Vec<Value> {
        self.buckets_of(COST, first, last, group_by, limit).await
    }

    /// The same of another report in buckets.
    pub async fn buckets_of(&self, path: &str, first: &str, last: &str, group_by: &[&str], limit: &str) -> Vec<Value> {
        let start = format!("{first}T00:00:00Z");
        let end = format!("{}T00:00:00Z", day(last).succ_opt().unwrap());
        let mut query = vec![("starting_at", start.as_str()), ("ending_at", end.as_str()), ("limit", limit)];
        query.extend(group_by.iter().map(|name| ("group_by[]", *name)));
        let (mut buckets, mut page) = (Vec::new(), None::<String>);
        loop {
            let mut query = query.clone();
            query.extend(page.as_deref().map(|token| ("page", token)));
            let body = self.read(path, &query).await;
            buckets.extend(body["data"].as_array().unwrap().clone());
            if !body["has_more"].as_bool().unwrap() {
                assert!(body["next_page"].is_null());
                return buckets;
            }
            page = Some(body["next_page"].as_str().unwrap().to_owned());
        }
    }
}

pub async fn told(request: RequestBuilder) -> Told {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    Told { status, body: response.json().await.unwrap() }
}

pub async fn refused_with(response: Response, status: StatusCode) -> Value {
    assert_eq!(response.status(), status);
    response.json().await.unwrap()
}

/// Every result of the buckets.
pub fn results(buckets: &[Value]) -> Vec<&Value> {
    buckets.iter().flat_map(|bucket| bucket["results"].as_array().unwrap()).collect()
}

/// Tokens not from the cache, put out, read from the cache, written to it for five minutes and for an
/// hour, and searches of the web.
pub fn counts(figures: &Value) -> [u64; 6] {
    [
        "/uncached_input_tokens",
        "/output_tokens",
        "/cache_read_input_tokens",
        "/cache_creation/ephemeral_5m_input_tokens",
        "/cache_creation/ephemeral_1h_input_tokens",
        "/server_tool_use/web_search_requests",
    ]
    .map(|path| figures.pointer(path).unwrap().as_u64().unwrap())
}

pub fn sum(results: &[&Value]) -> Decimal {
    results.iter().map(|row| cents(row["amount"].as_str().unwrap())).sum()
}

/// The body of a request for days, both ends included.
pub fn daily_body(first: &str, last: &str) -> Value {
    json!({"startDate": midnight_ms(day(first)), "endDate": midnight_ms(day(last).succ_opt().unwrap()) - 1})
}

pub fn paged(first: &str, last: &str, page: u32, page_size: u32) -> Value {
    let mut body = daily_body(first, last);
    body["page"] = json!(page);
    body["pageSize"] = json!(page_size);
    body
}
