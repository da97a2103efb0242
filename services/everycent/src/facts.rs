//! Facts for reports and checks, read from the warehouse.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use everycent_domain::reconcile::{BucketFact, BucketSums, Workspace};
use everycent_domain::sql;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Rows, Warehouse};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::tables::{self, Kind, Table};
use everycent_schemas::{Day, Usd};

/// A bucket's name: source, account, day.
pub type Bucket = (String, String, Day);

/// A row of an answer, by column.
pub struct Fact<'a> {
    columns: &'a [String],
    cells: &'a [Cell],
}

impl Fact<'_> {
    fn cell(&self, column: &str) -> anyhow::Result<&Cell> {
        let index = self.columns.iter().position(|name| name == column);
        index.map(|index| &self.cells[index]).ok_or_else(|| anyhow!("the warehouse answered without column {column}"))
    }

    pub fn text(&self, column: &str) -> anyhow::Result<String> {
        match self.cell(column)? {
            Cell::Text(text) => Ok(text.clone()),
            Cell::Null => Ok(String::new()),
            other => Err(anyhow!("column {column} is no text: {other:?}")),
        }
    }

    /// A text that may be missing.
    pub fn optional(&self, column: &str) -> anyhow::Result<Option<String>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    pub fn integer(&self, column: &str) -> anyhow::Result<i64> {
        match self.cell(column)? {
            Cell::Integer(number) => Ok(*number),
            Cell::Null => Ok(0),
            other => Err(anyhow!("column {column} is no integer: {other:?}")),
        }
    }

    pub fn usd(&self, column: &str) -> anyhow::Result<Usd> {
        match self.cell(column)? {
            Cell::Money(amount) => Ok(*amount),
            Cell::Null => Ok(Usd::ZERO),
            other => Err(anyhow!("column {column} is no money: {other:?}")),
        }
    }

    pub fn day(&self, column: &str) -> anyhow::Result<Day> {
        self.text(column)?.parse().with_context(|| format!("column {column}"))
    }
}

/// The rows of an answer.
pub fn each(rows: &Rows) -> impl Iterator<Item = Fact<'_>> {
    rows.rows.iter().map(|cells| Fact { columns: &rows.columns, cells })
}

/// Sums of a money table by account and day.
pub async fn daily_sums(
    warehouse: &dyn Warehouse,
    table: &str,
    window: Window,
) -> anyhow::Result<BTreeMap<(String, Day), Usd>> {
    let rows = warehouse
        .query(&format!(
            "SELECT organization_id, activity_date, [[usd:SUM(amount_usd)]] AS amount_usd FROM [[table:{table}]] \
             WHERE activity_date BETWEEN '{}' AND '{}' GROUP BY organization_id, activity_date",
            window.from(),
            window.to()
        ))
        .await?;
    each(&rows)
        .map(|fact| Ok(((fact.text("organization_id")?, fact.day("activity_date")?), fact.usd("amount_usd")?)))
        .collect()
}

/// What a total of Claude cost is about.
#[derive(Debug, Clone)]
pub struct CostScope {
    /// `None`: all of them.
    pub account_id: Option<String>,
    pub workspace: Workspace,
}

/// Claude cost of some days.
pub async fn claude_total(warehouse: &dyn Warehouse, window: Window, scope: &CostScope) -> anyhow::Result<Usd> {
    let workspace = match &scope.workspace {
        Workspace::All => String::new(),
        Workspace::Default => " AND workspace_id IS NULL".into(),
        Workspace::Id(id) => format!(" AND workspace_id = {}", sql::text(id)),
    };
    let account = scope.account_id.as_ref().map(|id| format!(" AND organization_id = {}", sql::text(id)));
    let rows = warehouse
        .query(&format!(
            "SELECT [[usd:SUM(amount_usd)]] AS total_usd FROM [[table:claude_costs]] \
             WHERE activity_date BETWEEN '{}' AND '{}'{workspace}{}",
            window.from(),
            window.to(),
            account.unwrap_or_default()
        ))
        .await?;
    each(&rows).next().map_or(Ok(Usd::ZERO), |fact| fact.usd("total_usd"))
}

/// The first and the last day that any table of facts has a row of.
pub async fn stored_days(warehouse: &dyn Warehouse) -> anyhow::Result<Vec<Day>> {
    let mut days = Vec::new();
    for table in tables::all().iter().filter(|table| !table.bucket.is_empty()) {
        for end in ["MIN", "MAX"] {
            let query = format!("SELECT {end}(activity_date) AS activity_date FROM [[table:{}]]", table.name);
            let rows = warehouse.query(&query).await?;
            days.extend(each(&rows).filter_map(|fact| fact.day("activity_date").ok()));
        }
    }
    Ok(days)
}

/// Every bucket that is wanted, covered or has rows, as coverage has it and as the tables have it.
pub async fn buckets(
    warehouse: &dyn Warehouse,
    window: Window,
    coverage: &[CoverageRow],
    wanted: impl IntoIterator<Item = Bucket>,
) -> anyhow::Result<Vec<BucketFact>> {
    let stored = stored_sums(warehouse, window).await?;
    let mut facts: BTreeMap<Bucket, BucketFact> = BTreeMap::new();
    for bucket in stored.keys() {
        facts.insert(bucket.clone(), fact(bucket.clone(), None, &stored));
    }
    for (source, account_id, day) in wanted {
        let bucket = (source, account_id, day);
        facts.insert(bucket.clone(), fact(bucket, None, &stored));
    }
    for row in coverage {
        let bucket = (row.source.clone(), row.account_id.clone(), row.activity_date);
        facts.insert(bucket.clone(), fact(bucket, Some(row), &stored));
    }
    Ok(facts.into_values().collect())
}

fn fact(bucket: Bucket, row: Option<&CoverageRow>, stored: &BTreeMap<Bucket, BucketSums>) -> BucketFact {
    let sums = stored.get(&bucket).copied().unwrap_or_default();
    let (source, account_id, day) = bucket;
    BucketFact {
        source,
        account_id,
        day,
        merged: row.filter(|row| row.fetched_at.is_some()).map(merged),
        stored: sums,
        failure: row.filter(|row| row.state == "failed").map(|row| row.failure.clone().unwrap_or_default()),
    }
}

fn merged(row: &CoverageRow) -> BucketSums {
    BucketSums {
        rows: row.rows.unwrap_or_default(),
        rejects: row.rejects.unwrap_or_default(),
        amount_usd: row.amount_usd.unwrap_or_default(),
        quantity: row.quantity.unwrap_or_default(),
    }
}

/// What the tables hold of each bucket: rows of the facts, and rejects.
async fn stored_sums(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<BTreeMap<Bucket, BucketSums>> {
    let mut sums: BTreeMap<Bucket, BucketSums> = BTreeMap::new();
    for table in tables::all().iter().filter(|table| !table.bucket.is_empty()) {
        let rows = warehouse.query(&sums_query(table, window)).await?;
        for fact in each(&rows) {
            let bucket = (fact.text("source")?, fact.text("account_id")?, fact.day("activity_date")?);
            let bucket_sums = sums.entry(bucket).or_default();
            if table.name == "rejected_records" {
                bucket_sums.rejects = fact.integer("row_count")?;
            } else {
                bucket_sums.rows += fact.integer("row_count")?;
                bucket_sums.amount_usd = bucket_sums.amount_usd + fact.usd("amount_usd")?;
                bucket_sums.quantity += fact.integer("quantity")?;
            }
        }
    }
    Ok(sums)
}

fn sums_query(table: &Table, window: Window) -> String {
    let total = |kind: Kind| {
        let columns = table.columns.iter().filter(|column| column.control && column.kind == kind);
        let sums: Vec<String> = columns.map(|column| format!("COALESCE(SUM({}), 0)", column.name)).collect();
        if sums.is_empty() { "NULL".to_owned() } else { sums.join(" + ") }
    };
    let (source, group_by_source) = match &table.sources[..] {
        [source] if source != "*" => (sql::text(source), ""),
        _ => ("source".to_owned(), "source, "),
    };
    format!(
        "SELECT {source} AS source, {account} AS account_id, activity_date, COUNT(*) AS row_count, \
         [[usd:{money}]] AS amount_usd, {quantity} AS quantity FROM [[table:{name}]] \
         WHERE activity_date BETWEEN '{from}' AND '{to}' GROUP BY {group_by_source}{account}, activity_date",
        account = table.account_column(),
        money = total(Kind::Money),
        quantity = total(Kind::Integer),
        name = table.name,
        from = window.from(),
        to = window.to(),
    )
}
