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
use crate::vendors::{Count, Text};

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
        let row_id = twins.next(group.dimensions(IdHasher::new("claude_analytics_usage"))).hex();
        let actor_email = group.actor_email();
        let Attribution { platform, basis: platform_basis, rank: platform_rank } =
            self.rules.attribute_or_by_product(&group.evidence().of_account(&output.manifest().account_id));
        let manifest = output.manifest();
        let cache = usage.cache_creation.as_ref();
        let row = ClaudeAnalyticsUsage {
            organization_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            product: group.product.as_deref(),
            actor_type: group.actor_type(),
            actor_id: group.actor_id(),
            actor_email: actor_email.as_deref(),
            actor_name: group.actor_name(),
            api_key_id: group.api_key_id.as_deref(),
            workspace_id: group.workspace_id.as_deref(),
            model: group.model.as_deref(),
            requests: number(usage.requests),
            uncached_input_tokens: number(usage.uncached_input_tokens),
            cache_read_input_tokens: number(usage.cache_read_input_tokens),
            cache_creation_ephemeral_5m_input_tokens: number(cache.and_then(|cache| cache.ephemeral_5m_input_tokens)),
            cache_creation_ephemeral_1h_input_tokens: number(cache.and_then(|cache| cache.ephemeral_1h_input_tokens)),
            output_tokens: number(usage.output_tokens),
            total_tokens: number(usage.total_tokens),
            web_search_requests: number(usage.server_tool_use.as_ref().and_then(|tools| tools.web_search_requests)),
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
    requests: Option<Count>,
    uncached_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    output_tokens: Option<Count>,
    total_tokens: Option<Count>,
    server_tool_use: Option<ServerToolUse>,
}

#[derive(Debug, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Debug, Deserialize)]
struct ServerToolUse {
    web_search_requests: Option<Count>,
}
