//! Facts of Cursor's tables: readings of the spend, what events were charged, and what the price table said.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::reconcile::AccountDay;
use everycent_domain::sql;
use everycent_domain::vendors::cursor::checks::{ChargedEvents, PricedCycle, SpendReading};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Usd};

use super::{Fact, between, each};

/// What Cursor costs, seats and use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorCost {
    pub total_usd: Usd,
    pub seat_usd: Usd,
}

/// Cursor's cost of some days, of one account or all.
pub async fn cursor_total(
    warehouse: &dyn Warehouse,
    window: Window,
    account_id: Option<&AccountId>,
) -> anyhow::Result<CursorCost> {
    let account = account_id.map(|id| format!(" AND account_id = {}", sql::text(id.as_str()))).unwrap_or_default();
    let rows = warehouse
        .query(&format!(
            "SELECT [[usd:SUM(total_usd)]] AS total_usd, [[usd:SUM(seat_usd)]] AS seat_usd \
             FROM [[table:cursor_expenses]] WHERE expense_date {}{account}",
            between(window)
        ))
        .await?;
    let none = CursorCost { total_usd: Usd::ZERO, seat_usd: Usd::ZERO };
    let cost = |fact: Fact<'_>| Ok(CursorCost { total_usd: fact.usd("total_usd")?, seat_usd: fact.usd("seat_usd")? });
    each(&rows).next().map_or(Ok(none), cost)
}

/// The latest reading of the spend of each day, all people together.
pub async fn spend_readings(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<SpendReading>> {
    let rows = warehouse
        .query(&format!(
            "SELECT account_id, activity_date, billing_cycle_start, MAX(fetched_at) AS read_at, \
             [[usd:SUM(spend_usd)]] AS on_demand_usd, [[usd:SUM(overall_spend_usd)]] AS overall_usd, \
             COUNT(*) - COUNT([[exact:overall_spend_usd]]) AS overall_untold, \
             COUNT(*) - COUNT([[exact:spend_usd]]) AS on_demand_untold \
             FROM (SELECT reading.*, RANK() OVER (PARTITION BY account_id, activity_date \
             ORDER BY fetched_at DESC, snapshot_id DESC) AS place \
             FROM [[table:cursor_spend]] AS reading WHERE activity_date {}) AS ranked \
             WHERE place = 1 GROUP BY account_id, activity_date, billing_cycle_start \
             ORDER BY account_id, activity_date",
            between(window)
        ))
        .await?;
    each(&rows)
        .map(|fact| {
            let (overall, on_demand) = (fact.usd("overall_usd")?, fact.usd("on_demand_usd")?);
            Ok(SpendReading {
                account_id: fact.text("account_id")?.into(),
                day: fact.day("activity_date")?,
                read_at: fact.timestamp("read_at")?,
                cycle_start: fact.day("billing_cycle_start")?,
                on_demand_usd: (fact.integer("on_demand_untold")? == 0).then_some(on_demand),
                overall_usd: (fact.integer("overall_untold")? == 0).then_some(overall),
            })
        })
        .collect()
}

/// What the events of each day were charged.
pub async fn charged_events(
    warehouse: &dyn Warehouse,
    window: Window,
) -> anyhow::Result<BTreeMap<AccountDay, ChargedEvents>> {
    let rows = warehouse
        .query(&format!(
            "SELECT account_id, activity_date, \
             [[usd:SUM(CASE billing WHEN 'not_charged' THEN NULL WHEN 'own_key' THEN cursor_token_fee_usd \
             ELSE charged_usd END)]] AS overall_usd, \
             [[usd:SUM(CASE billing WHEN 'on_demand' THEN charged_usd WHEN 'own_key' THEN cursor_token_fee_usd END)]] \
             AS on_demand_usd \
             FROM [[table:cursor_usage_events]] WHERE activity_date {} GROUP BY account_id, activity_date",
            between(window)
        ))
        .await?;
    each(&rows)
        .map(|fact| {
            let charged =
                ChargedEvents { overall_usd: fact.usd("overall_usd")?, on_demand_usd: fact.usd("on_demand_usd")? };
            Ok(((fact.text("account_id")?.into(), fact.day("activity_date")?), charged))
        })
        .collect()
}

/// The billing cycle of each day, as the price table said when the day's rows were made.
pub async fn priced_cycles(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<BTreeSet<PricedCycle>> {
    let rows = warehouse
        .query(&format!(
            "SELECT DISTINCT account_id, activity_date, billing_cycle_start FROM [[table:cursor_usage_stats]] \
             WHERE activity_date {} AND billing_cycle_start IS NOT NULL",
            between(window)
        ))
        .await?;
    each(&rows)
        .map(|fact| {
            Ok(PricedCycle {
                account_id: fact.text("account_id")?.into(),
                day: fact.day("activity_date")?,
                cycle_start: fact.day("billing_cycle_start")?,
            })
        })
        .collect()
}
