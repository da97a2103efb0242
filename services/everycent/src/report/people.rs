//! Cost by person, over both vendors.

use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Usd;
use serde::Serialize;

use super::scope::Scope;
use crate::facts;
use crate::show::Grid;

/// What one person cost: by the keys that they own, and by what they used of Cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonRow {
    /// `None`: nobody is known.
    pub email: Option<String>,
    pub claude_usd: Usd,
    pub cursor_usd: Usd,
    pub total_usd: Usd,
}

/// Every person, the dearest first.
pub async fn by_cost(warehouse: &dyn Warehouse, scope: &Scope) -> anyhow::Result<Vec<PersonRow>> {
    let of = |vendor: &str| format!("[[usd:SUM(CASE WHEN vendor = '{vendor}' THEN cost_usd ELSE 0 END)]]");
    let rows = warehouse
        .query(&format!(
            "SELECT person AS email, {} AS claude_usd, {} AS cursor_usd, [[usd:SUM(cost_usd)]] AS total_usd \
             FROM [[table:ai_spend_by_person]] WHERE {} \
             GROUP BY person ORDER BY 4 DESC, 1",
            of("anthropic"),
            of("cursor"),
            scope.condition("expense_date", "account_id")
        ))
        .await?;
    let row = |fact: facts::Fact<'_>| {
        Ok(PersonRow {
            email: fact.optional("email")?,
            claude_usd: fact.usd("claude_usd")?,
            cursor_usd: fact.usd("cursor_usd")?,
            total_usd: fact.usd("total_usd")?,
        })
    };
    facts::each(&rows).map(row).collect()
}

pub fn text(rows: &[PersonRow], shown: usize) -> String {
    let mut grid = Grid::new(&["person", ">claude", ">cursor", ">usd"]);
    let (known, unknown): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.email.is_some());
    for row in known.iter().take(shown) {
        grid.row(cells(row.email.clone().unwrap_or_default(), std::slice::from_ref(row)));
    }
    if let Some(rest) = known.get(shown..).filter(|rest| !rest.is_empty()) {
        grid.row(cells(format!("and {} more", rest.len()), rest));
    }
    if !unknown.is_empty() {
        grid.row(cells("(nobody known)".to_owned(), &unknown));
    }
    grid.text()
}

fn cells(name: String, rows: &[&PersonRow]) -> [String; 4] {
    let sum = |of: fn(&PersonRow) -> Usd| rows.iter().map(|row| of(row)).sum::<Usd>().cents_text();
    [name, sum(|row| row.claude_usd), sum(|row| row.cursor_usd), sum(|row| row.total_usd)]
}
