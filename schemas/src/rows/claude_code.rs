//! Rows of what people do with Claude Code.

use serde::Serialize;

use super::Row;
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaudeCodeUsageStat<'a> {
    pub organization_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub actor_type: &'a str,
    /// In lower case; `None` for an API key.
    pub actor_email: Option<&'a str>,
    /// Neither unique nor stable, and not its id.
    pub api_key_name: Option<&'a str>,
    pub customer_type: &'a str,
    pub subscription_type: Option<&'a str>,
    pub terminal_type: Option<&'a str>,
    pub is_remote: Option<bool>,
    pub num_sessions: i64,
    pub lines_of_code_added: i64,
    pub lines_of_code_removed: i64,
    pub commits_by_claude_code: i64,
    pub pull_requests_by_claude_code: i64,
    pub edit_tool_accepted: i64,
    pub edit_tool_rejected: i64,
    pub multi_edit_tool_accepted: i64,
    pub multi_edit_tool_rejected: i64,
    pub write_tool_accepted: i64,
    pub write_tool_rejected: i64,
    pub notebook_edit_tool_accepted: i64,
    pub notebook_edit_tool_rejected: i64,
    /// Of all tools, those without a column of their own too.
    pub tools_accepted: i64,
    pub tools_rejected: i64,
    /// JSON with its names in order.
    pub tool_actions: &'a str,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ClaudeCodeUsageStat<'_> {
    const TABLE: &'static str = "claude_code_usage_stats";

    fn amount(&self) -> Option<Usd> {
        None
    }

    fn quantity(&self) -> i64 {
        [
            self.num_sessions,
            self.lines_of_code_added,
            self.lines_of_code_removed,
            self.commits_by_claude_code,
            self.pull_requests_by_claude_code,
            self.edit_tool_accepted,
            self.edit_tool_rejected,
            self.multi_edit_tool_accepted,
            self.multi_edit_tool_rejected,
            self.write_tool_accepted,
            self.write_tool_rejected,
            self.notebook_edit_tool_accepted,
            self.notebook_edit_tool_rejected,
            self.tools_accepted,
            self.tools_rejected,
        ]
        .into_iter()
        .fold(0, i64::saturating_add)
    }
}

/// One model of a row of [`ClaudeCodeUsageStat`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaudeCodeModelUsage<'a> {
    pub organization_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    /// The row that it belongs to.
    pub usage_row_id: &'a str,
    pub actor_type: &'a str,
    /// In lower case; `None` for an API key.
    pub actor_email: Option<&'a str>,
    pub api_key_name: Option<&'a str>,
    pub customer_type: &'a str,
    pub subscription_type: Option<&'a str>,
    pub terminal_type: Option<&'a str>,
    pub is_remote: Option<bool>,
    pub model: Option<&'a str>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_creation_tokens: i64,
    pub currency: &'a str,
    /// The vendor's own number, in cents.
    pub estimated_cost_cents: &'a str,
    pub estimated_cost_usd: Usd,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ClaudeCodeModelUsage<'_> {
    const TABLE: &'static str = "claude_code_model_usage";

    fn amount(&self) -> Option<Usd> {
        Some(self.estimated_cost_usd)
    }

    fn quantity(&self) -> i64 {
        [self.input_tokens, self.output_tokens, self.cache_read_tokens, self.cache_creation_tokens]
            .into_iter()
            .fold(0, i64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    #[test]
    fn the_row_of_what_was_done_fits_its_table_with_its_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            fits::check(ClaudeCodeUsageStat {
                organization_id: "a",
                activity_date: day,
                row_id: "r",
                actor_type: "user_actor",
                actor_email: some,
                api_key_name: some,
                customer_type: "api",
                subscription_type: some,
                terminal_type: some,
                is_remote: some.map(|_| true),
                num_sessions: 1,
                lines_of_code_added: 2,
                lines_of_code_removed: 3,
                commits_by_claude_code: 4,
                pull_requests_by_claude_code: 5,
                edit_tool_accepted: 6,
                edit_tool_rejected: 7,
                multi_edit_tool_accepted: 8,
                multi_edit_tool_rejected: 9,
                write_tool_accepted: 10,
                write_tool_rejected: 11,
                notebook_edit_tool_accepted: 12,
                notebook_edit_tool_rejected: 13,
                tools_accepted: 14,
                tools_rejected: 15,
                tool_actions: "{}",
                platform: "claude_code",
                platform_basis: some,
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }

    #[test]
    fn the_row_of_a_model_fits_its_table_with_its_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            fits::check(ClaudeCodeModelUsage {
                organization_id: "a",
                activity_date: day,
                row_id: "m",
                usage_row_id: "r",
                actor_type: "user_actor",
                actor_email: some,
                api_key_name: some,
                customer_type: "api",
                subscription_type: some,
                terminal_type: some,
                is_remote: some.map(|_| false),
                model: some,
                input_tokens: 1,
                output_tokens: 2,
                cache_read_tokens: 3,
                cache_creation_tokens: 4,
                currency: "USD",
                estimated_cost_cents: "141",
                estimated_cost_usd: Usd::from_nanos(1_410_000_000),
                platform: "claude_code",
                platform_basis: some,
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
