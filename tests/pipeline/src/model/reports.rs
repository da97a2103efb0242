//! One file for each kind of report: its tables, and what the world says in it, written from docs/tables.md.

pub(super) mod claude_analytics;
pub(super) mod claude_code;
pub(super) mod claude_costs;
pub(super) mod claude_directory;
pub(super) mod claude_usage;
pub(super) mod cursor_events;
pub(super) mod cursor_team;
pub(super) mod cursor_usage;
pub(super) mod sheets;
