//! Cost by team, over both vendors.

use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Usd;
use serde::Serialize;

use super::scope::Scope;
use crate::facts;
use crate::show::Grid;

/// What one team cost: by its keys, and by its people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TeamRow {
    /// `unassigned` is what no team is known for.
    pub team: String,
    pub is_known: bool,
    pub claude_usd: Usd,
    pub cursor_usd: Usd,
    pub total_usd: Usd,
}

/// Every team, the dearest first, and what is of none at the end.
pub async fn by_cost(warehouse: &dyn Warehouse, scope: &Scope) -> anyhow::Result<Vec<TeamRow>> {
    let of = |vendor: &str| format!("[[usd:SUM(CASE WHEN vendor = '{vendor}' THEN cost_usd ELSE 0 END)]]");
    let rows = warehouse
        .query(&format!(
            "SELECT team, CASE WHEN team_basis IS NULL THEN 0 ELSE 1 END AS is_known, {} AS claude_usd, \
             {} AS cursor_usd, [[usd:SUM(cost_usd)]] AS total_usd FROM [[table:ai_spend_by_team]] WHERE {} \
             GROUP BY 1, 2 ORDER BY 2 DESC, 5 DESC, 1",
            of("anthropic"),
            of("cursor"),
            scope.condition("expense_date", "account_id")
        ))
        .await?;
    let row = |fact: facts::Fact<'_>| {
        Ok(TeamRow {
            team: fact.text("team")?,
            is_known: fact.integer("is_known")? == 1,
            claude_usd: fact.usd("claude_usd")?,
            cursor_usd: fact.usd("cursor_usd")?,
            total_usd: fact.usd("total_usd")?,
        })
    };
    facts::each(&rows).map(row).collect()
}

/// All of them: a company has fewer teams than people.
pub fn text(rows: &[TeamRow]) -> String {
    let mut grid = Grid::new(&["team", ">claude", ">cursor", ">usd"]);
    for row in rows {
        let name = if row.is_known { row.team.clone() } else { format!("({})", row.team) };
        grid.row([name, row.claude_usd.cents_text(), row.cursor_usd.cents_text(), row.total_usd.cents_text()]);
    }
    match rows.iter().any(|row| row.is_known) {
        true => grid.text(),
        false => format!("{}  no team is known; `everycent import people FILE.csv` brings them\n", grid.text()),
    }
}
