//! What there is that rules may name: accounts, workspaces with what they cost, and API keys.

use everycent_domain::attribution::aim::{Directory, KnownKey, KnownWorkspace};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::AccountId;

use super::{between, each};

/// Costs are those of the window; without one, all there are.
pub async fn directory(
    warehouse: &dyn Warehouse,
    window: Option<Window>,
    accounts: Vec<AccountId>,
) -> anyhow::Result<Directory> {
    let days = window.map_or_else(String::new, |window| format!("WHERE activity_date {}", between(window)));
    let workspaces = warehouse
        .query(&format!(
            "SELECT known.organization_id, known.workspace_id, known.name, \
             CASE WHEN known.is_default THEN 1 ELSE 0 END AS is_default, [[usd:cost.total_usd]] AS cost_usd \
             FROM [[table:dim_workspaces]] AS known LEFT JOIN ( \
             SELECT organization_id, workspace_id, [[usd:SUM(amount_usd)]] AS [[exact:total_usd]] \
             FROM [[table:claude_costs]] {days} GROUP BY organization_id, workspace_id) AS cost \
             ON cost.organization_id = known.organization_id AND cost.workspace_id = known.workspace_id \
             ORDER BY 1, 2"
        ))
        .await?;
    let keys =
        warehouse.query("SELECT organization_id, api_key_id, name FROM [[table:dim_api_keys]] ORDER BY 1, 2").await?;
    let workspace = |fact: super::Fact<'_>| {
        Ok(KnownWorkspace {
            account_id: fact.text("organization_id")?.into(),
            id: fact.text("workspace_id")?,
            name: fact.text("name")?,
            is_default: fact.integer("is_default")? == 1,
            cost_usd: fact.usd("cost_usd")?,
        })
    };
    let key = |fact: super::Fact<'_>| {
        Ok(KnownKey {
            account_id: fact.text("organization_id")?.into(),
            id: fact.text("api_key_id")?,
            name: fact.text("name")?,
        })
    };
    Ok(Directory {
        accounts,
        workspaces: each(&workspaces).map(workspace).collect::<anyhow::Result<_>>()?,
        keys: each(&keys).map(key).collect::<anyhow::Result<_>>()?,
    })
}
