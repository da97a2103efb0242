//! Facts of Claude's tables: what was billed, and by which tokens.

use std::collections::BTreeMap;

use everycent_domain::sql;
use everycent_domain::vendors::anthropic::checks::{KeyCost, LineCost, OvertoldPool, TokenLine};
use everycent_domain::vendors::expected::Workspace;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, TokenType, Usd};

use super::{Fact, between, each};

/// Claude cost of some days, of one account or all.
pub async fn claude_total(
    warehouse: &dyn Warehouse,
    window: Window,
    account_id: Option<&AccountId>,
    workspace: &Workspace,
) -> anyhow::Result<Usd> {
    let workspace = match workspace {
        Workspace::All => String::new(),
        Workspace::Default => " AND workspace_id IS NULL".into(),
        Workspace::Id(id) => format!(" AND workspace_id = {}", sql::text(id)),
    };
    let account = account_id.map(|id| format!(" AND organization_id = {}", sql::text(id.as_str())));
    let rows = warehouse
        .query(&format!(
            "SELECT [[usd:SUM(amount_usd)]] AS total_usd FROM [[table:claude_costs]] \
             WHERE activity_date {}{workspace}{}",
            between(window),
            account.unwrap_or_default()
        ))
        .await?;
    each(&rows).next().map_or(Ok(Usd::ZERO), |fact| fact.usd("total_usd"))
}

/// What token lines cost, line by line.
pub async fn line_costs(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<LineCost>> {
    let line = "organization_id, activity_date, workspace_id, model, token_type, service_tier, context_window";
    let rows = warehouse
        .query(&format!(
            "SELECT {line}, inference_geo, [[usd:SUM(amount_usd)]] AS amount_usd FROM [[table:claude_costs]] \
             WHERE activity_date {} AND cost_type = 'tokens' GROUP BY {line}, inference_geo",
            between(window)
        ))
        .await?;
    each(&rows)
        .map(|fact| {
            Ok(LineCost {
                line: token_line(&fact, &fact.text("token_type")?)?,
                inference_geo: fact.text("inference_geo")?,
                amount_usd: fact.usd("amount_usd")?,
            })
        })
        .collect()
}

/// Tokens, by what their cost lines are called.
pub async fn token_counts(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<BTreeMap<TokenLine, i64>> {
    let line = "organization_id, activity_date, workspace_id, model, service_tier, context_window";
    let rows = warehouse
        .query(&format!(
            "SELECT {line}, [[tokens:SUM({{column}}) AS {{column}}|, ]] FROM [[table:{}]] \
             WHERE activity_date {} GROUP BY {line}",
            TokenType::TABLE,
            between(window)
        ))
        .await?;
    let mut counts = BTreeMap::new();
    for fact in each(&rows) {
        for token_type in TokenType::ALL {
            counts.insert(token_line(&fact, token_type.name())?, fact.integer(token_type.column())?);
        }
    }
    Ok(counts)
}

/// What the tokens of each API key cost as the bill is shared out, and as the analytics show it.
pub async fn key_costs(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<[Vec<KeyCost>; 2]> {
    let shares = key_sums(warehouse, window, ("claude_cost_shares", "expense_date", "cost_usd")).await?;
    let analytics = key_sums(warehouse, window, ("claude_analytics_costs", "activity_date", "amount_usd")).await?;
    Ok([shares, analytics])
}

/// Where the analytics tell more of a workspace, model, cost type and token type than is billed. Of a credit, which is below
/// zero and for nobody, they tell nothing.
pub async fn overtold_pools(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<OvertoldPool>> {
    let pool = "organization_id, activity_date, workspace_id, cost_type, token_type";
    let model = "CASE WHEN cost_type = 'tokens' THEN model END AS model";
    let days = between(window);
    let rows = warehouse
        .query(&format!(
            "SELECT {pool}, model, [[usd:SUM(billed_usd)]] AS billed_usd, [[usd:SUM(told_usd)]] AS told_usd FROM (\
             SELECT {pool}, {model}, [[exact:amount_usd AS billed_usd]], [[dollars:0]] AS [[exact:told_usd]] \
             FROM [[table:claude_costs]] WHERE activity_date {days} AND money_from IS NULL \
             UNION ALL SELECT {pool}, {model}, [[dollars:0]], [[exact:amount_usd]] \
             FROM [[table:claude_analytics_costs]] WHERE activity_date {days} AND money_from IS NULL \
             AND [[exact:amount_usd]] > 0 AND NOT [[of_claude_ai:product]]) AS both_sides \
             GROUP BY {pool}, model \
             HAVING [[exact:SUM(told_usd)]] > [[exact:SUM(billed_usd)]] AND [[exact:SUM(told_usd)]] > 0"
        ))
        .await?;
    each(&rows)
        .map(|fact| {
            Ok(OvertoldPool {
                account_id: fact.text("organization_id")?.into(),
                day: fact.day("activity_date")?,
                workspace_id: fact.optional("workspace_id")?,
                model: fact.optional("model")?,
                cost_type: fact.optional("cost_type")?,
                token_type: fact.optional("token_type")?,
                billed: fact.usd("billed_usd")?,
                told: fact.usd("told_usd")?,
            })
        })
        .collect()
}

async fn key_sums(
    warehouse: &dyn Warehouse,
    window: Window,
    (table, day, usd): (&str, &str, &str),
) -> anyhow::Result<Vec<KeyCost>> {
    let rows = warehouse
        .query(&format!(
            "SELECT organization_id, {day} AS activity_date, api_key_id, [[usd:SUM({usd})]] AS cost_usd FROM [[table:{table}]] \
             WHERE {day} {} AND cost_type = 'tokens' AND api_key_id IS NOT NULL \
             GROUP BY organization_id, {day}, api_key_id",
            between(window)
        ))
        .await?;
    each(&rows)
        .map(|fact| {
            Ok(KeyCost {
                account_id: fact.text("organization_id")?.into(),
                day: fact.day("activity_date")?,
                api_key_id: fact.text("api_key_id")?,
                usd: fact.usd("cost_usd")?,
            })
        })
        .collect()
}

fn token_line(fact: &Fact<'_>, token_type: &str) -> anyhow::Result<TokenLine> {
    Ok(TokenLine {
        account_id: fact.text("organization_id")?.into(),
        day: fact.day("activity_date")?,
        workspace_id: fact.text("workspace_id")?,
        model: fact.text("model")?,
        token_type: token_type.to_owned(),
        service_tier: fact.text("service_tier")?,
        context_window: fact.text("context_window")?,
    })
}
