//! Sums of money by account and day, of any report that has some.

use std::collections::BTreeMap;

use everycent_domain::reconcile::{AccountDay, ControlSums, Shown};
use everycent_domain::report::Weight;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{Usd, tables};

use super::{between, each};

/// What a report billed: the money that it weighs, in the rows that meet the condition.
pub async fn bill(
    warehouse: &dyn Warehouse,
    source: Source,
    window: Window,
    condition: Option<&'static str>,
) -> anyhow::Result<BTreeMap<AccountDay, Usd>> {
    let mut bill: BTreeMap<AccountDay, Usd> = BTreeMap::new();
    for weight in source.report().weighs {
        let Weight::Usd { table, column } = *weight else { continue };
        let sums = ControlSums { table, amount_usd: column, list_amount_usd: None, condition };
        for (bucket, money) in shown(warehouse, &sums, window).await? {
            let sum = bill.entry(bucket).or_default();
            *sum = *sum + money.amount_usd;
        }
    }
    Ok(bill)
}

/// What a control shows.
pub async fn shown(
    warehouse: &dyn Warehouse,
    sums: &ControlSums,
    window: Window,
) -> anyhow::Result<BTreeMap<AccountDay, Shown>> {
    let ControlSums { table, amount_usd, list_amount_usd, condition } = *sums;
    let account = tables::find(table).map_or("account_id", |table| table.account_column());
    let list = list_amount_usd.map(|column| format!(", [[usd:SUM({column})]] AS list_amount_usd")).unwrap_or_default();
    let condition = condition.map(|condition| format!(" AND {condition}")).unwrap_or_default();
    let rows = warehouse
        .query(&format!(
            "SELECT {account} AS account, activity_date, [[usd:SUM({amount_usd})]] AS amount_usd{list} FROM [[table:{table}]] \
             WHERE activity_date {}{condition} GROUP BY {account}, activity_date",
            between(window)
        ))
        .await?;
    each(&rows)
        .map(|fact| {
            let list_amount_usd = if list_amount_usd.is_some() { fact.usd("list_amount_usd")? } else { Usd::ZERO };
            let shown = Shown { amount_usd: fact.usd("amount_usd")?, list_amount_usd };
            Ok(((fact.text("account")?.into(), fact.day("activity_date")?), shown))
        })
        .collect()
}
