//! Reading tokens of the Claude API: buckets of a day, each with its results. It holds counts, no money.
//!
//! A null `api_key_id` is use of the console, a null `workspace_id` the default workspace. Tokens written to the cache
//! are told in an object, `cache_creation`; a result without it is refused, for its tokens must not read as none.

use everycent_schemas::Day;
use everycent_schemas::rows::ClaudeUsageTokens;
use serde::Deserialize;

use crate::attribution::{Attribution, Evidence, Rules};
use crate::identity::{IdHasher, Twins};
use crate::rows::Output;
use crate::vendors::anthropic::bucket_rows::{BucketRows, ResultRows};
use crate::vendors::{Count, Text};

/// Makes rows of the usage report.
pub struct UsageRows<'r> {
    rules: &'r Rules,
}

impl<'r> UsageRows<'r> {
    pub fn of(rules: &'r Rules) -> BucketRows<Self> {
        BucketRows::of(Self { rules })
    }
}

impl ResultRows for UsageRows<'_> {
    type Record<'p> = UsageRecord<'p>;

    fn take(
        &self,
        day: Day,
        record: &UsageRecord<'_>,
        twins: &mut Twins,
        output: &mut Output<'_>,
    ) -> Result<(), String> {
        let Attribution { platform, basis: platform_basis, rank: platform_rank } =
            self.rules.attribute(&record.evidence().of_account(&output.manifest().account_id));
        let row_id = twins.next(record.dimensions()).hex();
        let manifest = output.manifest();
        let row = ClaudeUsageTokens {
            organization_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            api_key_id: record.api_key_id.as_deref(),
            workspace_id: record.workspace_id.as_deref(),
            model: record.model.as_deref(),
            service_tier: record.service_tier.as_deref(),
            context_window: record.context_window.as_deref(),
            uncached_input_tokens: record.uncached_input_tokens.0,
            cache_read_input_tokens: record.cache_read_input_tokens.0,
            cache_creation_ephemeral_5m_input_tokens: record.cache_creation.ephemeral_5m_input_tokens.0,
            cache_creation_ephemeral_1h_input_tokens: record.cache_creation.ephemeral_1h_input_tokens.0,
            output_tokens: record.output_tokens.0,
            web_search_requests: record.server_tool_use.web_search_requests.0,
            platform: platform.name(),
            platform_basis,
            platform_rank,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        Ok(output.row(day, &row)?)
    }
}

/// One result. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
pub struct UsageRecord<'a> {
    #[serde(borrow)]
    api_key_id: Option<Text<'a>>,
    #[serde(borrow)]
    workspace_id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
    #[serde(borrow)]
    context_window: Option<Text<'a>>,
    uncached_input_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation: CacheCreation,
    output_tokens: Count,
    server_tool_use: ServerToolUse,
}

#[derive(Debug, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Count,
    ephemeral_1h_input_tokens: Count,
}

#[derive(Debug, Deserialize)]
struct ServerToolUse {
    web_search_requests: Count,
}

impl UsageRecord<'_> {
    /// What it is grouped by.
    fn dimensions(&self) -> IdHasher {
        [&self.api_key_id, &self.workspace_id, &self.model, &self.service_tier, &self.context_window]
            .into_iter()
            .fold(IdHasher::new("claude_usage_tokens"), |hasher, dimension| hasher.optional(dimension.as_deref()))
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            workspace_id: self.workspace_id.as_deref(),
            api_key_id: self.api_key_id.as_deref(),
            model: self.model.as_deref(),
            service_tier: self.service_tier.as_deref(),
            ..Evidence::default()
        }
    }
}
