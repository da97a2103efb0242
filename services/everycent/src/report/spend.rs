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
    /// How the figure came about, as `ai_spend_daily` says it.
    pub basis: String,
    pub month: String,
    pub cost_usd: Usd,
}

/// Sums over the days.
pub async fn by_platform_and_month(warehouse: &dyn Warehouse, scope: &Scope) -> anyhow::Result<Vec<SpendRow>> {
    let rows = warehouse
        .query(&format!(
            "SELECT vendor, account_id, platform, basis, [[month:expense_date]] AS month, \
             [[usd:SUM(cost_usd)]] AS cost_usd FROM [[table:ai_spend_daily]] WHERE {} \
             GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
            scope.condition("expense_date", "account_id")
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
