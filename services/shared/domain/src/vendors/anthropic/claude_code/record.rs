//! A record of Claude Code as the vendor tells it. Fields that it adds are left in the page.
//!
//! Its day, who it is of and its models, which carry money, must read. Any other field that does not is remarked.

use std::collections::BTreeMap;

use everycent_schemas::{Day, Usd};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::rows::read_needed;
use crate::vendors::anthropic::api::{bucket_day, currency};
use crate::vendors::{Address, Amount, Count, Flag, Label, Tally, Text};

#[derive(Debug, Deserialize)]
pub struct ClaudeCodeRecord<'a> {
    #[serde(borrow)]
    pub date: Text<'a>,
    #[serde(borrow)]
    pub actor: Actor<'a>,
    #[serde(borrow)]
    pub customer_type: Option<Label<'a>>,
    #[serde(borrow)]
    pub subscription_type: Option<Label<'a>>,
    #[serde(borrow)]
    pub terminal_type: Option<Label<'a>>,
    /// Not in answers of 2025.
    pub is_remote: Option<Flag>,
    pub core_metrics: Option<CoreMetrics>,
    #[serde(borrow)]
    pub tool_actions: Option<BTreeMap<Text<'a>, &'a RawValue>>,
    #[serde(borrow)]
    pub model_breakdown: Vec<ModelUse<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct Actor<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub email_address: Option<Address<'a>>,
    #[serde(borrow)]
    pub api_key_name: Option<Label<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub struct CoreMetrics {
    pub num_sessions: Tally,
    pub lines_of_code: Option<LinesOfCode>,
    pub commits_by_claude_code: Tally,
    pub pull_requests_by_claude_code: Tally,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct LinesOfCode {
    pub added: Tally,
    pub removed: Tally,
}

#[derive(Debug, Deserialize)]
pub struct ModelUse<'a> {
    #[serde(borrow)]
    pub model: Option<Label<'a>>,
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
    #[serde(default, borrow, deserialize_with = "read_needed")]
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
    pub fn email(&self) -> Option<&str> {
        self.email_address.as_ref().and_then(Address::person)
    }

    /// The field that a known kind has its name in and that is empty. What the vendor adds may have none.
    pub fn missing(&self) -> Option<&'static str> {
        let is_empty = |name: Option<&str>| name.is_none_or(|name| name.trim().is_empty());
        match &*self.kind {
            "user_actor" if self.email().is_none() => Some("actor.email_address"),
            "api_actor" if is_empty(self.api_key_name.as_deref()) => Some("actor.api_key_name"),
            _ => None,
        }
    }
}

impl<'a> ModelUse<'a> {
    pub fn estimate(&'a self) -> Result<Estimate<'a>, String> {
        let EstimatedCost { amount, currency: named } = &self.estimated_cost;
        let usd = amount.usd_from_cents().map_err(|e| format!("estimated_cost: {e}"))?;
        Ok(Estimate { currency: currency(named.as_deref())?, cents: amount.text(), usd })
    }
}
