//! Spend by vendor, platform and month.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Usd;
use serde::Serialize;

use crate::facts;
use crate::show::Grid;

/// What one platform cost in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpendRow {
    pub vendor: String,
    pub platform: String,
    /// How the figure came about, as `ai_spend_daily` says it.
    pub basis: String,
    pub month: String,
    pub cost_usd: Usd,
}

/// Sums over days of the window.
pub async fn by_platform_and_month(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<SpendRow>> {
    let rows = warehouse
        .query(&format!(
            "SELECT vendor, platform, basis, [[month:expense_date]] AS month, [[usd:SUM(cost_usd)]] AS cost_usd \
             FROM [[table:ai_spend_daily]] WHERE expense_date BETWEEN '{}' AND '{}' \
             GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            window.from(),
            window.to()
        ))
        .await?;
    let row = |fact: facts::Fact<'_>| {
        Ok(SpendRow {
            vendor: fact.text("vendor")?,
            platform: fact.text("platform")?,
            basis: fact.text("basis")?,
            month: fact.text("month")?,
            cost_usd: fact.usd("cost_usd")?,
        })
    };
    facts::each(&rows).map(row).collect()
}

/// A line for each platform, a column for each month, and their totals.
pub fn text(rows: &[SpendRow]) -> String {
    let months: BTreeSet<&str> = rows.iter().map(|row| row.month.as_str()).collect();
    let mut lines: BTreeMap<(&str, &str, &str), BTreeMap<&str, Usd>> = BTreeMap::new();
    for row in rows {
        let line = lines.entry((&row.vendor, &row.platform, &row.basis)).or_default();
        let cost = line.entry(&row.month).or_default();
        *cost = *cost + row.cost_usd;
    }
    let mut headings = vec!["vendor".to_owned(), "platform".into(), "basis".into()];
    headings.extend(months.iter().map(|month| format!(">{month}")));
    headings.push(">total".into());
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut grid = Grid::new(&headings);
    for ((vendor, platform, basis), costs) in &lines {
        let names = [(*vendor).to_owned(), (*platform).to_owned(), (*basis).to_owned()];
        grid.row(names.into_iter().chain(cells(&months, costs)));
    }
    let mut all: BTreeMap<&str, Usd> = BTreeMap::new();
    for row in rows {
        let cost = all.entry(&row.month).or_default();
        *cost = *cost + row.cost_usd;
    }
    let names = ["total".to_owned(), String::new(), String::new()];
    grid.row(names.into_iter().chain(cells(&months, &all)));
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
        let row = |platform: &str, month: &str, dollars: i128| SpendRow {
            vendor: "anthropic".into(),
            platform: platform.into(),
            basis: "billed".into(),
            month: month.into(),
            cost_usd: Usd::from_nanos(dollars * 1_000_000_000),
        };
        let text = text(&[
            row("claude_api", "2025-10", 1200),
            row("claude_api", "2025-11", 30),
            row("claude_code", "2025-11", 5),
        ]);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["vendor", "platform", "basis", "2025-10", "2025-11", "total"]);
        assert_eq!(lines[2], ["anthropic", "claude_api", "billed", "1,200.00", "30.00", "1,230.00"]);
        assert_eq!(lines[4], ["total", "1,200.00", "35.00", "1,235.00"]);
    }
}
