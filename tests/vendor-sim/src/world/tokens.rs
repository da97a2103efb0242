//! Claude token use by key, model and tier: the ground truth of the messages usage report.
//!
//! Owns the grain of that use. It must never price anything.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::prices::SONNET_4_5;
use super::{CostShare, World};

/// What a count of tokens is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey {
    /// None is the default workspace.
    pub workspace_id: Option<String>,
    /// None is the console.
    pub api_key_id: Option<String>,
    pub model: String,
    pub service_tier: String,
    pub context_window: String,
    pub inference_geo: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageCounts {
    pub uncached_input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub web_searches: u64,
}

impl UsageCounts {
    pub(crate) fn add(&mut self, more: UsageCounts) {
        self.uncached_input += more.uncached_input;
        self.output += more.output;
        self.cache_read += more.cache_read;
        self.cache_write_5m += more.cache_write_5m;
        self.cache_write_1h += more.cache_write_1h;
        self.web_searches += more.web_searches;
    }

    fn of(share: &CostShare) -> UsageCounts {
        let mut counts = UsageCounts { web_searches: share.web_searches, ..UsageCounts::default() };
        let place = match share.token_type.as_deref() {
            Some("uncached_input_tokens") => &mut counts.uncached_input,
            Some("output_tokens") => &mut counts.output,
            Some("cache_read_input_tokens") => &mut counts.cache_read,
            Some("cache_creation.ephemeral_5m_input_tokens") => &mut counts.cache_write_5m,
            Some("cache_creation.ephemeral_1h_input_tokens") => &mut counts.cache_write_1h,
            _ => return counts,
        };
        *place = share.tokens;
        counts
    }
}

impl World {
    /// The use of a day at the finest grain, in the order of its keys.
    pub fn claude_usage(&self, day: NaiveDate) -> Vec<(UsageKey, UsageCounts)> {
        let mut rows: BTreeMap<UsageKey, UsageCounts> = BTreeMap::new();
        let (searches, tokens): (Vec<CostShare>, Vec<CostShare>) =
            self.cost_shares(day).into_iter().partition(|share| share.web_searches > 0);
        for share in tokens.iter().filter(|share| share.tokens > 0) {
            rows.entry(key_of(share)).or_default().add(UsageCounts::of(share));
        }
        for share in &searches {
            let key = searching(&rows, share);
            rows.entry(key).or_default().add(UsageCounts::of(share));
        }
        rows.into_iter().collect()
    }
}

fn key_of(share: &CostShare) -> UsageKey {
    let text = |text: &Option<String>, fallback: &str| text.clone().unwrap_or_else(|| fallback.to_owned());
    UsageKey {
        workspace_id: share.workspace_id.clone(),
        api_key_id: share.api_key_id.clone(),
        model: text(&share.model, SONNET_4_5.id),
        service_tier: text(&share.service_tier, "standard"),
        context_window: text(&share.context_window, "0-200k"),
        inference_geo: text(&share.inference_geo, "not_available"),
    }
}

/// Searches have no model in the cost report, but they happen in the course of some model's use.
fn searching(rows: &BTreeMap<UsageKey, UsageCounts>, share: &CostShare) -> UsageKey {
    let is_its_own = |key: &&UsageKey| key.workspace_id == share.workspace_id && key.api_key_id == share.api_key_id;
    rows.keys().find(is_its_own).cloned().unwrap_or_else(|| key_of(share))
}
