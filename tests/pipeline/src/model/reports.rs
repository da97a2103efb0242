//! The list of reports, and one file for each kind: its tables, and what the world says in it, written from
//! docs/tables.md.

mod claude_analytics;
pub(super) mod claude_analytics_costs;
pub(super) mod claude_analytics_usage;
pub(super) mod claude_code;
pub(super) mod claude_costs;
pub(super) mod claude_directory;
mod claude_tokens;
pub(super) mod claude_usage;
pub(super) mod cursor_events;
pub(super) mod cursor_team;
pub(super) mod cursor_usage;
pub(super) mod sheets;

use super::report::Report;

impl Report {
    pub const ALL: [&'static Self; 19] = [
        &claude_costs::COSTS,
        &claude_costs::TOTALS,
        &claude_usage::TOKENS,
        &claude_code::CLAUDE_CODE,
        &claude_analytics_costs::COSTS,
        &claude_analytics_usage::USAGE,
        &claude_directory::WORKSPACES,
        &claude_directory::API_KEYS,
        &claude_directory::USERS,
        &cursor_usage::USAGE,
        &cursor_events::EVENTS,
        &cursor_team::SPEND,
        &cursor_team::MEMBERS,
        &sheets::CLAUDE_USAGE,
        &sheets::API_KEY_OWNERS,
        &sheets::CLAUDE_SPEND,
        &sheets::CLAUDE_CONSOLE_COST,
        &sheets::CURSOR_USAGE,
        &sheets::PEOPLE,
    ];

    pub fn named(source: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|report| report.source == source)
    }
}
