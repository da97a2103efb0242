//! Reading usage by analytics: one record for each day, product, actor, key, workspace and model. It holds counts, no
//! money.
//!
//! What the vendor reports as null, or leaves out, is not known, which is something else than none.

use everycent_schemas::Day;
use everycent_schemas::rows::ClaudeAnalyticsUsage;
use serde::Deserialize;

use crate::attribution::{Attribution, Rules};
use crate::identity::{IdHasher, Twins};
use crate::rows::Output;
use crate::vendors::anthropic::analytics::{AnalyticsRows, Dated, Group};
use crate::vendors::anthropic::bucket_rows::ResultRows;
use crate::vendors::{Count, Tally, Text};

/// Makes rows of usage by analytics.
pub struct UsageRows<'r> {
    rules: &'r Rules,
}

impl<'r> UsageRows<'r> {
    pub fn of(rules: &'r Rules) -> AnalyticsRows<Self> {
        AnalyticsRows::of(Self { rules })
    }
}

impl ResultRows for UsageRows<'_> {
    type Record<'p> = Record<'p>;

    fn take(&self, day: Day, record: &Record<'_>, twins: &mut Twins, output: &mut Output<'_>) -> Result<(), String> {
        let Record { group, usage, .. } = record;
        let place = output.workspace_by_id(day, group.workspace_id.as_deref());
        let row_id = twins.next(group.dimensions(place, IdHasher::new("claude_analytics_usage"))).hex();
        let Attribution { platform, basis: platform_basis, rank: platform_rank } =
            self.rules.attribute_or_by_product(&group.evidence(place).of_account(&output.manifest().account_id));
        let (cache_5m, cache_1h) = usage.written_to_cache();
        if usage.cache_creation.is_none() && cache_5m.is_some() {
            let reason = "it is missing; cache_creation_input_tokens, in its place, are taken for those of 5 minutes";
            output.remark(Some(day), "usage.cache_creation", reason);
        }
        let manifest = output.manifest();
        let row = ClaudeAnalyticsUsage {
            organization_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            product: group.product.as_deref(),
            actor_type: group.actor_type(),
            actor_id: group.actor_id(),
            actor_email: group.actor_email(),
            actor_name: group.actor_name(),
            api_key_id: group.api_key_id.as_deref(),
            workspace_id: place.workspace_id,
            model: group.model.as_deref(),
            requests: tally(usage.requests),
            uncached_input_tokens: number(usage.uncached_input_tokens),
            cache_read_input_tokens: number(usage.cache_read_input_tokens),
            cache_creation_ephemeral_5m_input_tokens: cache_5m,
            cache_creation_ephemeral_1h_input_tokens: cache_1h,
            output_tokens: number(usage.output_tokens),
            total_tokens: tally(usage.total_tokens),
            web_search_requests: tally(usage.server_tool_use.as_ref().and_then(|tools| tools.web_search_requests)),
            platform: platform.name(),
            platform_basis,
            platform_rank,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        // A day that the vendor reports and does not cover is reported in part: its rows are left in the page.
        Ok(output.row(day, &row)?)
    }
}

fn tally(count: Option<Tally>) -> Option<i64> {
    count.map(|count| count.0)
}

fn number(count: Option<Count>) -> Option<i64> {
    count.map(|count| count.0)
}

/// One row. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
pub struct Record<'a> {
    #[serde(borrow)]
    starting_at: Text<'a>,
    #[serde(borrow)]
    group: Group<'a>,
    usage: Usage,
}

impl Dated for Record<'_> {
    fn starting_at(&self) -> &str {
        &self.starting_at
    }
}

#[derive(Debug, Deserialize)]
struct Usage {
    requests: Option<Tally>,
    uncached_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    /// What the Messages API calls all of them together.
    cache_creation_input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    total_tokens: Option<Tally>,
    server_tool_use: Option<ServerToolUse>,
}

impl Usage {
    /// For five minutes and for an hour.
    fn written_to_cache(&self) -> (Option<i64>, Option<i64>) {
        match &self.cache_creation {
            Some(cache) => (number(cache.ephemeral_5m_input_tokens), number(cache.ephemeral_1h_input_tokens)),
            None => (number(self.cache_creation_input_tokens), None),
        }
    }
}

#[derive(Debug, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Debug, Deserialize)]
struct ServerToolUse {
    web_search_requests: Option<Tally>,
}
