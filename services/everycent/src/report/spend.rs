//! Spend by vendor, platform and month.

use std::collections::{BTreeMap, BTreeSet};

use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Usd;
use serde::Serialize;

use super::scope::Scope;
use crate::facts;
use crate::show::Grid;

/// The place of the account among the names of a line.
const ACCOUNT: usize = 1;

/// What one platform of one account cost in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpendRow {
    pub vendor: String,
    pub account_id: String,
    pub platform: String,
    /// How the figure came about, as `ai_spend_daily` says it; of Cursor what it is for: `seats`, or `on_demand` for use
    /// beyond what the plan includes.
    pub basis: String,
    pub month: String,
    pub cost_usd: Usd,
}

/// A price that the configuration does not set, so that the one that Cursor published is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AssumedPrice {
    pub account_id: String,
    /// `standard` or `premium`.
    pub seat_tier: String,
}

/// Sums over the days.
pub async fn by_platform_and_month(warehouse: &dyn Warehouse, scope: &Scope) -> anyhow::Result<Vec<SpendRow>> {
    let scope = scope.condition("expense_date", "account_id");
    let of_cursor = |basis: &str, cost: &str, condition: &str| {
        format!(
            "SELECT 'cursor', account_id, platform, '{basis}', [[month:expense_date]], [[exact:{cost}]] \
             FROM [[table:cursor_expenses]] WHERE {condition} AND {scope}"
        )
    };
    let rows = warehouse
        .query(&format!(
            "SELECT vendor, account_id, platform, basis, month, [[usd:SUM(cost_usd)]] AS cost_usd FROM (\n\
             SELECT vendor, account_id, platform, basis, [[month:expense_date]] AS month, [[exact:cost_usd]] \
             FROM [[table:ai_spend_daily]] WHERE vendor <> 'cursor' AND {scope}\nUNION ALL\n{}\nUNION ALL\n{}\n\
             ) AS spend GROUP BY vendor, account_id, platform, basis, month ORDER BY 1, 2, 3, 4, 5",
            of_cursor("seats", "seat_usd", "TRUE"),
            of_cursor("on_demand", "on_demand_usd + unknown_kind_usd", "basis <> 'seat_only'"),
        ))
        .await?;
    let row = |fact: facts::Fact<'_>| {
        Ok(SpendRow {
            vendor: fact.text("vendor")?,
            account_id: fact.text("account_id")?,
            platform: fact.text("platform")?,
            basis: fact.text("basis")?,
            month: fact.text("month")?,
            cost_usd: fact.usd("cost_usd")?,
        })
    };
    facts::each(&rows).map(row).collect()
}

/// The prices of seats that are assumed.
pub async fn assumed_prices(warehouse: &dyn Warehouse, scope: &Scope) -> anyhow::Result<Vec<AssumedPrice>> {
    let rows = warehouse
        .query(&format!(
            "SELECT DISTINCT account_id, seat_tier FROM [[table:charges]] \
             WHERE vendor = 'cursor' AND kind = 'seat' AND price_basis = 'public' AND [[exact:cost_usd]] <> 0 AND {} \
             ORDER BY account_id, seat_tier DESC",
            scope.condition("activity_date", "account_id")
        ))
        .await?;
    let price = |fact: facts::Fact<'_>| {
        Ok(AssumedPrice { account_id: fact.text("account_id")?, seat_tier: fact.text("seat_tier")? })
    };
    facts::each(&rows).map(price).collect()
}

/// The same in a sentence for each account, for people.
pub fn assumptions(prices: &[AssumedPrice]) -> String {
    let mut accounts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for price in prices {
        accounts.entry(&price.account_id).or_default().push(&price.seat_tier);
    }
    let sentence = |(account, tiers): (&&str, &Vec<&str>)| {
        format!(
            "assumed: Cursor's public price of {} seats for account {account}; [[prices.cursor]] sets yours\n",
            tiers.join(" and ")
        )
    };
    accounts.iter().map(sentence).collect()
}

/// A line for each account and platform, a column for each month, and their totals. Where each vendor has one account,
/// its id says nothing.
pub fn text(rows: &[SpendRow]) -> String {
    let months: BTreeSet<&str> = rows.iter().map(|row| row.month.as_str()).collect();
    let mut lines: BTreeMap<[&str; 4], BTreeMap<&str, Usd>> = BTreeMap::new();
    for row in rows {
        let line = lines.entry([&row.vendor, &row.account_id, &row.platform, &row.basis]).or_default();
        let cost = line.entry(&row.month).or_default();
        *cost = *cost + row.cost_usd;
    }
    let accounts: BTreeSet<(&str, &str)> = lines.keys().map(|[vendor, account, ..]| (*vendor, *account)).collect();
    let vendors: BTreeSet<&str> = lines.keys().map(|[vendor, ..]| *vendor).collect();
    let is_shown = |place: &usize| *place != ACCOUNT || accounts.len() > vendors.len();
    let shown = |names: [&str; 4]| (0..4).filter(is_shown).map(|place| names[place].to_owned()).collect::<Vec<_>>();
    let mut headings = shown(["vendor", "account", "platform", "basis"]);
    headings.extend(months.iter().map(|month| format!(">{month}")));
    headings.push(">total".into());
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut grid = Grid::new(&headings);
    for (names, costs) in &lines {
        grid.row(shown(*names).into_iter().chain(cells(&months, costs)));
    }
    let mut all: BTreeMap<&str, Usd> = BTreeMap::new();
    for row in rows {
        let cost = all.entry(&row.month).or_default();
        *cost = *cost + row.cost_usd;
    }
    grid.row(shown(["total", "", "", ""]).into_iter().chain(cells(&months, &all)));
    grid.text()
}

fn cells(months: &BTreeSet<&str>, costs: &BTreeMap<&str, Usd>) -> Vec<String> {
    let of = |month: &&str| costs.get(month).copied().unwrap_or_default();
    let total: Usd = months.iter().map(of).sum();
    months.iter().map(of).chain([total]).map(Usd::cents_text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumed_price_is_named_once_for_each_account() {
        let price = |account: &str, tier: &str| AssumedPrice { account_id: account.into(), seat_tier: tier.into() };
        let prices = [price("acme", "standard"), price("acme", "premium"), price("labs", "premium")];
        assert_eq!(
            assumptions(&prices),
            "assumed: Cursor's public price of standard and premium seats for account acme; [[prices.cursor]] sets yours\n\
             assumed: Cursor's public price of premium seats for account labs; [[prices.cursor]] sets yours\n"
        );
        assert_eq!(assumptions(&[]), "");
    }

    #[test]
    fn months_are_columns_and_totals_add_up() {
        let row = |account: &str, platform: &str, month: &str, dollars: i128| SpendRow {
            vendor: "anthropic".into(),
            account_id: account.into(),
            platform: platform.into(),
            basis: "billed".into(),
            month: month.into(),
            cost_usd: Usd::from_nanos(dollars * 1_000_000_000),
        };
        let of_one = [
            row("acme", "claude_api", "2025-10", 1200),
            row("acme", "claude_api", "2025-11", 30),
            row("acme", "claude_code", "2025-11", 5),
        ];
        let words = |rows: &[SpendRow]| -> Vec<Vec<String>> {
            text(rows).lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
        };
        let lines = words(&of_one);
        assert_eq!(lines[0], ["vendor", "platform", "basis", "2025-10", "2025-11", "total"]);
        assert_eq!(lines[2], ["anthropic", "claude_api", "billed", "1,200.00", "30.00", "1,230.00"]);
        assert_eq!(lines[4], ["total", "1,200.00", "35.00", "1,235.00"]);
        let of_two = words(&[of_one[0].clone(), row("beta", "claude_api", "2025-10", 7)]);
        assert_eq!(of_two[0], ["vendor", "account", "platform", "basis", "2025-10", "total"]);
        assert_eq!(of_two[3], ["anthropic", "beta", "claude_api", "billed", "7.00", "7.00"]);
    }
}
