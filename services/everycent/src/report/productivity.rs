//! What people did with the tools: use, and how much of it they kept.

use everycent_runtime::warehouse::Warehouse;
use serde::Serialize;

use super::scope::Scope;
use crate::facts::{self, Fact};
use crate::show::{Grid, grouped};

/// Sums over all people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Productivity {
    pub cursor: Cursor,
    pub claude_code: ClaudeCode,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cursor {
    pub active_people: i64,
    pub lines_added: i64,
    pub lines_accepted: i64,
    pub tabs_shown: i64,
    pub tabs_accepted: i64,
    pub requests: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClaudeCode {
    /// People and API keys.
    pub active_actors: i64,
    pub sessions: i64,
    pub lines_added: i64,
    pub lines_removed: i64,
    pub commits: i64,
    pub pull_requests: i64,
    pub tools_accepted: i64,
    pub tools_rejected: i64,
}

const CURSOR: &str = "SELECT COUNT(DISTINCT CASE WHEN is_active THEN email END) AS active_people, \
    SUM(total_lines_added) AS lines_added, SUM(accepted_lines_added) AS lines_accepted, \
    SUM(total_tabs_shown) AS tabs_shown, SUM(total_tabs_accepted) AS tabs_accepted, \
    SUM(composer_requests + chat_requests + agent_requests) AS requests FROM [[table:cursor_usage_stats]]";

const CLAUDE_CODE: &str = "SELECT COUNT(DISTINCT COALESCE(actor_email, api_key_name)) AS active_actors, \
    SUM(num_sessions) AS sessions, SUM(lines_of_code_added) AS lines_added, \
    SUM(lines_of_code_removed) AS lines_removed, SUM(commits_by_claude_code) AS commits, \
    SUM(pull_requests_by_claude_code) AS pull_requests, SUM(tools_accepted) AS tools_accepted, \
    SUM(tools_rejected) AS tools_rejected FROM [[table:claude_code_usage_stats]]";

impl Productivity {
    pub async fn read(warehouse: &dyn Warehouse, scope: &Scope) -> anyhow::Result<Self> {
        let of = |account: &str| scope.condition("activity_date", account);
        let cursor = warehouse.query(&format!("{CURSOR} WHERE {}", of("account_id"))).await?;
        let claude_code = warehouse.query(&format!("{CLAUDE_CODE} WHERE {}", of("organization_id"))).await?;
        Ok(Self {
            cursor: facts::each(&cursor).next().map_or_else(|| Ok(Cursor::default()), |fact| Cursor::of(&fact))?,
            claude_code: facts::each(&claude_code)
                .next()
                .map_or_else(|| Ok(ClaudeCode::default()), |fact| ClaudeCode::of(&fact))?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.cursor == Cursor::default() && self.claude_code == ClaudeCode::default()
    }

    pub fn text(&self) -> String {
        let (cursor, code) = (&self.cursor, &self.claude_code);
        let mut grid = Grid::new(&["", ">people", ">use", ">lines added", ">accepted", ">shipped"]);
        grid.row([
            "Cursor".to_owned(),
            cursor.active_people.to_string(),
            format!("{} requests", grouped(cursor.requests)),
            grouped(cursor.lines_added),
            format!(
                "{} of lines, {} of tabs",
                rate(cursor.lines_accepted, cursor.lines_added),
                rate(cursor.tabs_accepted, cursor.tabs_shown)
            ),
            String::new(),
        ]);
        grid.row([
            "Claude Code".to_owned(),
            code.active_actors.to_string(),
            format!("{} sessions", grouped(code.sessions)),
            grouped(code.lines_added),
            format!("{} of edits", rate(code.tools_accepted, code.tools_accepted + code.tools_rejected)),
            format!("{} commits, {} pull requests", grouped(code.commits), grouped(code.pull_requests)),
        ]);
        grid.text()
    }
}

impl Cursor {
    fn of(fact: &Fact<'_>) -> anyhow::Result<Self> {
        Ok(Self {
            active_people: fact.integer("active_people")?,
            lines_added: fact.integer("lines_added")?,
            lines_accepted: fact.integer("lines_accepted")?,
            tabs_shown: fact.integer("tabs_shown")?,
            tabs_accepted: fact.integer("tabs_accepted")?,
            requests: fact.integer("requests")?,
        })
    }
}

impl ClaudeCode {
    fn of(fact: &Fact<'_>) -> anyhow::Result<Self> {
        Ok(Self {
            active_actors: fact.integer("active_actors")?,
            sessions: fact.integer("sessions")?,
            lines_added: fact.integer("lines_added")?,
            lines_removed: fact.integer("lines_removed")?,
            commits: fact.integer("commits")?,
            pull_requests: fact.integer("pull_requests")?,
            tools_accepted: fact.integer("tools_accepted")?,
            tools_rejected: fact.integer("tools_rejected")?,
        })
    }
}

/// Percent with one decimal, rounded down; a dash where nothing was offered.
fn rate(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let per_mille = i128::from(part) * 1000 / i128::from(whole);
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_one_decimal_and_needs_something_offered() {
        assert_eq!(rate(2, 3), "66.6 %");
        assert_eq!(rate(5, 5), "100.0 %");
        assert_eq!(rate(0, 7), "0.0 %");
        assert_eq!(rate(0, 0), "–");
    }
}
