//! Claude cost by the evidence that attribution looks at, read from the warehouse.

use everycent_domain::attribution::trial::{Line, Usage};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;

use crate::facts::{self, Fact};

/// Cost of the cost report, each line shared out among the keys, by all that a rule can look at.
pub async fn costs(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<Line>> {
    let rows = warehouse.query(&costs_query(window)).await?;
    facts::each(&rows).map(|fact| cost(&fact)).collect()
}

fn costs_query(window: Window) -> String {
    let columns = "share.organization_id, share.workspace_id, share.model, share.service_tier, share.description, share.cost_type, \
                   share.platform, share.platform_basis";
    let usage = "u.api_key_id, u.model, u.service_tier";
    format!(
        "SELECT {columns}, u.api_key_id, u.model AS usage_model, u.service_tier AS usage_service_tier, \
         CASE WHEN u.row_id IS NULL THEN 0 ELSE 1 END AS is_used, [[usd:SUM(share.cost_usd)]] AS cost_usd \
         FROM [[table:claude_cost_shares]] AS share \
         LEFT JOIN [[table:claude_usage_tokens]] AS u ON u.organization_id = share.organization_id \
         AND u.activity_date = share.expense_date AND u.row_id = share.usage_row_id \
         WHERE share.expense_date BETWEEN '{}' AND '{}' \
         GROUP BY {columns}, {usage}, CASE WHEN u.row_id IS NULL THEN 0 ELSE 1 END",
        window.from(),
        window.to()
    )
}

fn cost(fact: &Fact<'_>) -> anyhow::Result<Line> {
    let usage = Usage {
        api_key_id: fact.optional("api_key_id")?,
        model: fact.optional("usage_model")?,
        service_tier: fact.optional("usage_service_tier")?,
    };
    Ok(Line {
        workspace_id: fact.optional("workspace_id")?,
        model: fact.optional("model")?,
        service_tier: fact.optional("service_tier")?,
        description: fact.optional("description")?,
        cost_type: fact.optional("cost_type")?,
        usage: (fact.integer("is_used")? == 1).then_some(usage),
        ..decided(fact)?
    })
}

/// Cost by analytics, by all that a rule can look at.
pub async fn analytics(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<Line>> {
    let rows = warehouse
        .query(&format!(
            "SELECT organization_id, product, workspace_id, api_key_id, model, cost_type, platform, platform_basis, \
             [[usd:SUM(amount_usd)]] AS cost_usd FROM [[table:claude_analytics_costs]] \
             WHERE activity_date BETWEEN '{}' AND '{}' \
             GROUP BY organization_id, product, workspace_id, api_key_id, model, cost_type, platform, platform_basis",
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
        account_id: fact.optional("organization_id")?,
        platform: fact.text("platform")?,
        platform_basis: fact.optional("platform_basis")?,
        amount_usd: fact.usd("cost_usd")?,
        ..Line::default()
    })
}
