//! A record of Claude Code as the vendor tells it. Fields that it adds are left in the page.
//!
//! What a record always tells must be there, or the record does not read: nothing passes for none.

use std::collections::BTreeMap;

use everycent_schemas::{Day, Usd};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::vendors::anthropic::api::{bucket_day, currency};
use crate::vendors::{Amount, Count, Text};

#[derive(Debug, Deserialize)]
pub struct ClaudeCodeRecord<'a> {
    #[serde(borrow)]
    pub date: Text<'a>,
    #[serde(borrow)]
    pub actor: Actor<'a>,
    #[serde(borrow)]
    pub customer_type: Text<'a>,
    #[serde(borrow)]
    pub subscription_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub terminal_type: Option<Text<'a>>,
    /// Not in answers of 2025.
    pub is_remote: Option<bool>,
    pub core_metrics: CoreMetrics,
    #[serde(borrow)]
    pub tool_actions: BTreeMap<Text<'a>, &'a RawValue>,
    #[serde(borrow)]
    pub model_breakdown: Vec<ModelUse<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct Actor<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub api_key_name: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct CoreMetrics {
    pub num_sessions: Count,
    pub lines_of_code: LinesOfCode,
    pub commits_by_claude_code: Count,
    pub pull_requests_by_claude_code: Count,
}

#[derive(Debug, Deserialize)]
pub struct LinesOfCode {
    pub added: Count,
    pub removed: Count,
}

#[derive(Debug, Deserialize)]
pub struct ModelUse<'a> {
    #[serde(borrow)]
    pub model: Option<Text<'a>>,
    pub tokens: Tokens,
    #[serde(borrow)]
    estimated_cost: EstimatedCost<'a>,
}

#[derive(Debug, Deserialize)]
pub struct Tokens {
    pub input: Count,
    pub output: Count,
    pub cache_read: Count,
    pub cache_creation: Count,
}

#[derive(Debug, Deserialize)]
struct EstimatedCost<'a> {
    #[serde(borrow)]
    amount: Amount<'a>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
}

/// What a model is estimated to have cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate<'a> {
    pub currency: &'a str,
    /// The vendor's own number.
    pub cents: &'a str,
    pub usd: Usd,
}

impl ClaudeCodeRecord<'_> {
    /// A midnight as the vendor tells it today, or the day alone as it once did.
    pub fn day(&self) -> Option<Day> {
        bucket_day(&self.date).or_else(|| self.date.parse().ok())
    }
}

impl Actor<'_> {
    /// The kinds that are known have their name. What the vendor adds may have none.
    pub fn check(&self) -> Result<(), String> {
        let missing = match &*self.kind {
            "user_actor" if self.email_address.is_none() => "email_address",
            "api_actor" if self.api_key_name.is_none() => "api_key_name",
            _ => return Ok(()),
        };
        Err(format!("actor: {} without {missing}", &*self.kind))
    }
}

impl<'a> ModelUse<'a> {
    pub fn estimate(&'a self) -> Result<Estimate<'a>, String> {
        let EstimatedCost { amount, currency: named } = &self.estimated_cost;
        let usd = amount.usd_from_cents().map_err(|e| format!("estimated_cost: {e}"))?;
        Ok(Estimate { currency: currency(named.as_deref())?, cents: amount.text(), usd })
    }
}
