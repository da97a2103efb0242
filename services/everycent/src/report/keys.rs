//! Claude cost by API key.

use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Usd;
use serde::Serialize;

use super::scope::Scope;
use crate::facts;
use crate::show::Grid;

/// What one key cost. Without a key: the console, and what no key explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    pub organization_id: String,
    pub api_key_id: Option<String>,
    pub key_name: Option<String>,
    pub owner_email: Option<String>,
    pub workspace_name: String,
    /// How the share was found: by tokens, by web searches, or as what is left.
    pub share_basis: String,
    pub cost_usd: Usd,
}

/// Every key, the dearest first.
pub async fn by_cost(warehouse: &dyn Warehouse, scope: &Scope) -> anyhow::Result<Vec<KeyRow>> {
    let rows = warehouse
        .query(&format!(
            "SELECT organization_id, api_key_id, key_name, owner_email, workspace_name, \
             CASE WHEN share_basis = 'residual' THEN 'residual' ELSE 'use' END AS share_basis, \
             [[usd:SUM(cost_usd)]] AS cost_usd FROM [[table:api_usage_expenses]] \
             WHERE {} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7 DESC, 1, 2, 5",
            scope.condition("expense_date", "organization_id")
        ))
        .await?;
    let row = |fact: facts::Fact<'_>| {
        Ok(KeyRow {
            organization_id: fact.text("organization_id")?,
            api_key_id: fact.optional("api_key_id")?,
            key_name: fact.optional("key_name")?,
            owner_email: fact.optional("owner_email")?,
            workspace_name: fact.text("workspace_name")?,
            share_basis: fact.text("share_basis")?,
            cost_usd: fact.usd("cost_usd")?,
        })
    };
    facts::each(&rows).map(row).collect()
}

pub fn text(rows: &[KeyRow], shown: usize) -> String {
    let mut grid = Grid::new(&["key", "workspace", "owner", ">usd"]);
    for row in rows.iter().take(shown) {
        let owner = row.owner_email.clone().unwrap_or_default();
        grid.row([row.name(), row.workspace_name.clone(), owner, row.cost_usd.cents_text()]);
    }
    match rows.get(shown..).filter(|rest| !rest.is_empty()) {
        None => grid.text(),
        Some(rest) => {
            let cost: Usd = rest.iter().map(|row| row.cost_usd).sum();
            format!("{}  and {} more for {}\n", grid.text(), rest.len(), cost.cents_text())
        }
    }
}

impl KeyRow {
    /// Leaves who owns the key, and its name, which often is the name of who made it.
    pub fn forget_people(&mut self) {
        self.owner_email = None;
        self.key_name = None;
    }

    fn name(&self) -> String {
        match (&self.key_name, &self.api_key_id) {
            (Some(name), _) => name.clone(),
            (None, Some(id)) => id.clone(),
            (None, None) if self.share_basis == "residual" => "(no key explains it)".to_owned(),
            (None, None) => "(console)".to_owned(),
        }
    }
}
