//! Lines of the bill, and the tokens that explain them.

use everycent_schemas::rows::{ClaudeCost, ClaudeUsageTokens};
use everycent_schemas::{TokenType, Usd};

use super::super::world::{Answer, at, day};
use super::dice::Dice;

pub(super) const COSTS: &str = "anthropic/cost_report";
pub(super) const USAGE: &str = "anthropic/usage_messages";

const WORKSPACES: [Option<&str>; 3] = [None, Some("w1"), Some("w2")];
const MODELS: [Option<&str>; 3] = [Some("claude-sonnet"), Some("claude-opus"), None];
const TIERS: [Option<&str>; 3] = [Some("standard"), Some("standard"), Some("batch")];
const PLATFORMS: [(&str, Option<&str>, Option<i64>); 3] =
    [("unattributed", None, None), ("claude_code", Some("rule-1"), Some(1)), ("claude_api", Some("rule-2"), Some(2))];

/// The lines of a day as the version of the answer has them.
pub(super) fn costs(answer: &Answer, offset: u32, [mut of_day, mut of_answer]: [Dice; 2]) -> Vec<ClaudeCost<'static>> {
    let lines = of_day.below(5);
    let line = |place: u64| {
        let (platform, platform_basis, platform_rank) = of_day.one_of(&PLATFORMS);
        let cost_type = of_day.one_of(&[Some("tokens"), Some("tokens"), Some("tokens"), Some("web_search"), None]);
        let token_type = of_day.one_of(&[TokenType::ALL[0].name(), TokenType::ALL[4].name(), "thoughts"]);
        let nanos = of_day.count(30_000_000_007) - 1_000_000_000;
        let nanos = if of_answer.once_in(3) { nanos + of_answer.count(1_000_003) } else { nanos };
        ClaudeCost {
            organization_id: answer.account,
            activity_date: day(offset),
            row_id: format!("line-{place}").leak(),
            workspace_id: of_day.one_of(&WORKSPACES),
            description: Some("a line"),
            cost_type,
            model: of_day.one_of(&MODELS),
            token_type: (cost_type == Some("tokens")).then_some(token_type),
            service_tier: of_day.one_of(&TIERS),
            context_window: Some("0-200k"),
            inference_geo: of_day.one_of(&[None, Some("us")]),
            currency: "USD",
            amount_cents: "1",
            amount_usd: Usd::from_nanos(nanos.into()),
            platform,
            platform_basis,
            platform_rank,
            money_from: None,
            snapshot_id: answer.snapshot_id,
            fetched_at: at(answer.fetched),
            ingestion_timestamp: at(answer.normalized),
        }
    };
    (0..lines).map(line).collect()
}

/// The use of a day, likewise.
pub(super) fn usage(
    answer: &Answer,
    offset: u32,
    [mut of_day, mut of_answer]: [Dice; 2],
) -> Vec<ClaudeUsageTokens<'static>> {
    let rows = of_day.below(6);
    let row = |place: u64| {
        let (platform, platform_basis, platform_rank) = of_day.one_of(&PLATFORMS);
        let tokens = of_day.count(5_000_000_000) * i64::from(!of_day.once_in(4));
        ClaudeUsageTokens {
            organization_id: answer.account,
            activity_date: day(offset),
            row_id: format!("use-{place}").leak(),
            api_key_id: of_day.one_of(&[None, Some("k1"), Some("k2"), Some("k3")]),
            workspace_id: of_day.one_of(&WORKSPACES),
            model: of_day.one_of(&MODELS),
            service_tier: of_day.one_of(&TIERS),
            context_window: Some("0-200k"),
            uncached_input_tokens: if of_answer.once_in(3) { tokens / 3 } else { tokens },
            cache_read_input_tokens: 0,
            cache_creation_ephemeral_5m_input_tokens: 7,
            cache_creation_ephemeral_1h_input_tokens: 0,
            output_tokens: of_day.count(900),
            web_search_requests: of_day.count(4),
            platform,
            platform_basis,
            platform_rank,
            snapshot_id: answer.snapshot_id,
            fetched_at: at(answer.fetched),
            ingestion_timestamp: at(answer.normalized),
        }
    };
    (0..rows).map(row).collect()
}
