//! Rows of what the Claude API was used for.

use serde::Serialize;

use super::Row;
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaudeUsageTokens<'a> {
    pub organization_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    /// `None` is use of the console, which has no key.
    pub api_key_id: Option<&'a str>,
    /// `None` is the default workspace.
    pub workspace_id: Option<&'a str>,
    pub model: Option<&'a str>,
    pub service_tier: Option<&'a str>,
    pub context_window: Option<&'a str>,
    pub uncached_input_tokens: i64,
    pub cache_read_input_tokens: i64,
    pub cache_creation_ephemeral_5m_input_tokens: i64,
    pub cache_creation_ephemeral_1h_input_tokens: i64,
    pub output_tokens: i64,
    pub web_search_requests: i64,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    /// From 1; the smaller decides where cost line and key disagree.
    pub platform_rank: Option<i64>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ClaudeUsageTokens<'_> {
    const TABLE: &'static str = "claude_usage_tokens";

    fn amount(&self) -> Option<Usd> {
        None
    }

    fn quantity(&self) -> i64 {
        [
            self.uncached_input_tokens,
            self.cache_read_input_tokens,
            self.cache_creation_ephemeral_5m_input_tokens,
            self.cache_creation_ephemeral_1h_input_tokens,
            self.output_tokens,
            self.web_search_requests,
        ]
        .into_iter()
        .fold(0, i64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    #[test]
    fn the_row_fits_its_table_with_its_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            fits::check(ClaudeUsageTokens {
                organization_id: "a",
                activity_date: day,
                row_id: "r",
                api_key_id: some,
                workspace_id: some,
                model: some,
                service_tier: some,
                context_window: some,
                uncached_input_tokens: 1,
                cache_read_input_tokens: 2,
                cache_creation_ephemeral_5m_input_tokens: 3,
                cache_creation_ephemeral_1h_input_tokens: 4,
                output_tokens: 5,
                web_search_requests: 6,
                platform: "claude_api",
                platform_basis: some,
                platform_rank: some.map(|_| 7),
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
