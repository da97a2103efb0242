//! Claude cost by the evidence that attribution looks at, read from the warehouse.

use everycent_domain::attribution::trial::{Line, Usage};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;

use crate::facts::{self, Fact};

/// Cost of the cost report, by all that a rule can look at.
pub async fn costs(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<Line>> {
    let rows = warehouse
        .query(&format!(
            "SELECT workspace_id, model, service_tier, description, cost_type, platform, platform_basis, \
             [[usd:SUM(amount_usd)]] AS cost_usd FROM [[table:claude_costs]] WHERE activity_date BETWEEN '{}' AND '{}' \
             GROUP BY workspace_id, model, service_tier, description, cost_type, platform, platform_basis",
            window.from(),
            window.to()
        ))
        .await?;
    facts::each(&rows).map(|fact| cost(&fact)).collect()
}

fn cost(fact: &Fact<'_>) -> anyhow::Result<Line> {
    Ok(Line {
        workspace_id: fact.optional("workspace_id")?,
        model: fact.optional("model")?,
        service_tier: fact.optional("service_tier")?,
        description: fact.optional("description")?,
        cost_type: fact.optional("cost_type")?,
        ..decided(fact)?
    })
}

/// Cost by analytics, by all that a rule can look at.
pub async fn analytics(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<Line>> {
    let rows = warehouse
        .query(&format!(
            "SELECT product, workspace_id, api_key_id, model, cost_type, platform, platform_basis, \
             [[usd:SUM(amount_usd)]] AS cost_usd FROM [[table:claude_analytics_costs]] \
             WHERE activity_date BETWEEN '{}' AND '{}' \
             GROUP BY product, workspace_id, api_key_id, model, cost_type, platform, platform_basis",
            window.from(),
            window.to()
        ))
        .await?;
    facts::each(&rows).map(|fact| by_product(&fact)).collect()
}

fn by_product(fact: &Fact<'_>) -> anyhow::Result<Line> {
    let usage = Usage { api_key_id: fact.optional("api_key_id")?, ..Usage::default() };
    Ok(Line {
        product: fact.optional("product")?,
        workspace_id: fact.optional("workspace_id")?,
        model: fact.optional("model")?,
        cost_type: fact.optional("cost_type")?,
        usage: Some(usage),
        ..decided(fact)?
    })
}

/// What the tables say of a line.
fn decided(fact: &Fact<'_>) -> anyhow::Result<Line> {
    Ok(Line {
        platform: fact.text("platform")?,
        platform_basis: fact.optional("platform_basis")?,
        amount_usd: fact.usd("cost_usd")?,
        ..Line::default()
    })
}
