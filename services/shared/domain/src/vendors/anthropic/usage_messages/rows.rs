//! Reading tokens of the Claude API: buckets of a day, each with its results. It holds counts, no money.
//!
//! A null `api_key_id` is use of the console, a null `workspace_id` the default workspace. Tokens written to the cache
//! are reported in an object, `cache_creation`; where it is missing, or flat, that is remarked.

use everycent_schemas::Day;
use everycent_schemas::rows::ClaudeUsageTokens;
use serde::Deserialize;

use crate::attribution::{Attribution, Evidence, Rules};
use crate::identity::{IdHasher, Twins};
use crate::rows::{Output, read_needed};
use crate::vendors::anthropic::bucket_rows::{BucketRows, ResultRows};
use crate::vendors::{Count, Label, Tally};
use crate::workspaces::Place;

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
        let place = output.workspace(record.workspace_id.as_deref());
        let Attribution { platform, basis: platform_basis, rank: platform_rank } =
            self.rules.attribute(&record.evidence(place).of_account(&output.manifest().account_id));
        let row_id = twins.next(record.dimensions(place)).hex();
        let cache = record.written_to_cache();
        if let Some((field, reason)) = cache.odd {
            output.remark(Some(day), field, reason);
        }
        if record.server_tool_use.is_none() {
            output.remark(Some(day), "server_tool_use", "it is null or missing; its counts are taken for 0");
        }
        let manifest = output.manifest();
        let row = ClaudeUsageTokens {
            organization_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            api_key_id: record.api_key_id.as_deref(),
            workspace_id: place.workspace_id,
            model: record.model.as_deref(),
            service_tier: record.service_tier.as_deref(),
            context_window: record.context_window.as_deref(),
            uncached_input_tokens: record.uncached_input_tokens.0,
            cache_read_input_tokens: record.cache_read_input_tokens.0,
            cache_creation_ephemeral_5m_input_tokens: cache.ephemeral_5m,
            cache_creation_ephemeral_1h_input_tokens: cache.ephemeral_1h,
            output_tokens: record.output_tokens.0,
            web_search_requests: record.server_tool_use.as_ref().map_or(0, |tools| tools.web_search_requests.0),
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
    #[serde(default, borrow, deserialize_with = "read_needed")]
    api_key_id: Option<Label<'a>>,
    #[serde(default, borrow, deserialize_with = "read_needed")]
    workspace_id: Option<Label<'a>>,
    #[serde(borrow)]
    model: Option<Label<'a>>,
    #[serde(borrow)]
    service_tier: Option<Label<'a>>,
    #[serde(borrow)]
    context_window: Option<Label<'a>>,
    uncached_input_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation: Option<CacheCreation>,
    /// What the Messages API calls all of them together.
    cache_creation_input_tokens: Option<Count>,
    output_tokens: Count,
    server_tool_use: Option<ServerToolUse>,
}

#[derive(Debug, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Debug, Deserialize)]
struct ServerToolUse {
    web_search_requests: Tally,
}

/// Tokens written to the cache, and what is odd about how they are reported.
struct WrittenToCache {
    ephemeral_5m: i64,
    ephemeral_1h: i64,
    odd: Option<(&'static str, &'static str)>,
}

impl UsageRecord<'_> {
    fn written_to_cache(&self) -> WrittenToCache {
        let number = |count: Option<Count>| count.map_or(0, |count| count.0);
        match (&self.cache_creation, self.cache_creation_input_tokens) {
            (Some(CacheCreation { ephemeral_5m_input_tokens, ephemeral_1h_input_tokens }), _) => {
                let is_whole = ephemeral_5m_input_tokens.is_some() && ephemeral_1h_input_tokens.is_some();
                WrittenToCache {
                    ephemeral_5m: number(*ephemeral_5m_input_tokens),
                    ephemeral_1h: number(*ephemeral_1h_input_tokens),
                    odd: (!is_whole).then_some(("cache_creation", "it lacks a count, which is taken for 0")),
                }
            }
            (None, Some(Count(all))) => WrittenToCache {
                ephemeral_5m: all,
                ephemeral_1h: 0,
                odd: Some((
                    "cache_creation",
                    "it is missing; cache_creation_input_tokens, in its place, are taken for those of 5 minutes",
                )),
            },
            (None, None) => WrittenToCache {
                ephemeral_5m: 0,
                ephemeral_1h: 0,
                odd: Some(("cache_creation", "it is null or missing; its counts are taken for 0")),
            },
        }
    }

    /// What it is grouped by.
    fn dimensions(&self, place: Place<'_>) -> IdHasher {
        let hasher = IdHasher::new("claude_usage_tokens");
        [
            self.api_key_id.as_deref(),
            place.workspace_id,
            self.model.as_deref(),
            self.service_tier.as_deref(),
            self.context_window.as_deref(),
        ]
        .into_iter()
        .fold(hasher, IdHasher::optional)
    }

    fn evidence<'e>(&'e self, place: Place<'e>) -> Evidence<'e> {
        Evidence {
            workspace: place,
            api_key_id: self.api_key_id.as_deref(),
            model: self.model.as_deref(),
            service_tier: self.service_tier.as_deref(),
            ..Evidence::default()
        }
    }
}
