//! Money that a person has imported, and what stands against importing more.

use std::collections::BTreeSet;

use everycent_domain::attribution::OF_CLAUDE_AI;
use everycent_domain::source::Source;
use everycent_domain::sql;
use everycent_domain::vendors::upload::money::Lines;
use everycent_domain::vendors::upload::{claude_console_cost, claude_spend, cursor_usage};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day};

use super::{between, each};

/// What is known of the file's lines on these days: each with its day, or the first of its period, and what it bills.
pub async fn imported_lines(
    warehouse: &dyn Warehouse,
    source: Source,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<Lines> {
    let account = sql::text(account_id.as_str());
    let days = between(window);
    let query = if source == claude_spend::SOURCE {
        format!(
            "SELECT period_from AS day, row_id, [[usd:SUM(net_usd)]] AS billed_usd FROM [[table:claude_imported_spend]] \
             WHERE organization_id = {account} AND activity_date {days} GROUP BY period_from, row_id"
        )
    } else if source == claude_console_cost::SOURCE {
        format!(
            "SELECT activity_date AS day, row_id, [[usd:SUM(amount_usd)]] AS billed_usd FROM [[table:claude_imported_costs]] \
             WHERE organization_id = {account} AND activity_date {days} GROUP BY activity_date, row_id"
        )
    } else {
        debug_assert_eq!(source, cursor_usage::SOURCE);
        format!(
            "SELECT activity_date AS day, row_id, \
             [[usd:SUM(CASE WHEN billing IN ('on_demand', 'unknown') THEN cost_usd END)]] AS billed_usd \
             FROM [[table:cursor_imported_events]] \
             WHERE account_id = {account} AND activity_date {days} GROUP BY activity_date, row_id"
        )
    };
    let rows = warehouse.query(&query).await?;
    each(&rows).map(|line| Ok(((line.day("day")?, line.text("row_id")?), line.usd("billed_usd")?))).collect()
}

/// The periods of imported spend that have a day in the window.
pub async fn spend_periods(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<BTreeSet<(Day, Day)>> {
    let rows = warehouse
        .query(&format!(
            "SELECT DISTINCT period_from, period_to FROM [[table:claude_imported_spend]] \
             WHERE organization_id = {account} AND activity_date {days}",
            account = sql::text(account_id.as_str()),
            days = between(window),
        ))
        .await?;
    each(&rows).map(|line| Ok((line.day("period_from")?, line.day("period_to")?))).collect()
}

/// The days of the window on which the API reports money of products of claude.ai.
pub async fn days_of_claude_ai(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<BTreeSet<Day>> {
    let rows = warehouse
        .query(&format!(
            "SELECT DISTINCT activity_date FROM [[table:claude_analytics_costs]] \
             WHERE organization_id = {account} AND activity_date {days} AND product IN ({products})",
            account = sql::text(account_id.as_str()),
            days = between(window),
            products = OF_CLAUDE_AI.map(sql::text).join(", "),
        ))
        .await?;
    each(&rows).map(|line| line.day("activity_date")).collect()
}

/// The days of the window that an answer of the report is loaded of.
pub async fn loaded_days(
    warehouse: &dyn Warehouse,
    source: Source,
    account_id: &AccountId,
    window: Window,
) -> anyhow::Result<BTreeSet<Day>> {
    let coverage = warehouse.coverage(window.from(), window.to()).await?;
    let of_report = coverage.iter().filter(|row| row.source == source.name() && row.account_id == *account_id);
    Ok(of_report.filter(|row| row.snapshot_id.is_some()).map(|row| row.activity_date).collect())
}
