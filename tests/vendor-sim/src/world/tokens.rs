//! Claude token use by key, model and tier: the ground truth of the messages usage report.
//!
//! Owns the grain of that use. It must never price anything.

use std::collections::BTreeMap;

use chrono::NaiveDate;

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
    pub is_fast: bool,
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
    /// All tokens, those from and into the cache among them.
    pub fn total_tokens(&self) -> u64 {
        self.uncached_input + self.output + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }

    pub(crate) fn add(&mut self, more: UsageCounts) {
        *self = self.each(more, |count, more| count + more);
    }

    /// What each of so many equal parts has; what division leaves is in none of them.
    pub(crate) fn part(self, parts: u32) -> UsageCounts {
        self.each(UsageCounts::default(), |count, _| count / u64::from(parts))
    }

    /// What is left if so many such parts are taken away.
    pub(crate) fn without(self, part: UsageCounts, times: u64) -> UsageCounts {
        self.each(part, |count, part| count - part * times)
    }

    fn each(self, other: UsageCounts, of: impl Fn(u64, u64) -> u64) -> UsageCounts {
        UsageCounts {
            uncached_input: of(self.uncached_input, other.uncached_input),
            output: of(self.output, other.output),
            cache_read: of(self.cache_read, other.cache_read),
            cache_write_5m: of(self.cache_write_5m, other.cache_write_5m),
            cache_write_1h: of(self.cache_write_1h, other.cache_write_1h),
            web_searches: of(self.web_searches, other.web_searches),
        }
    }

    pub(crate) fn of(share: &CostShare) -> UsageCounts {
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
        for used in self.analytics_usage(day) {
            rows.entry(used.key).or_default().add(used.counts);
        }
        rows.into_iter().collect()
    }
}
