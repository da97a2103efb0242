//! Facts for reports and checks, read from the warehouse.

mod charges;
pub mod claude;
pub mod cursor;
mod directory;
pub mod imported_money;
pub mod key_owners;
mod loaded;
pub mod money;
pub mod people;
mod range;
mod uploaded_use;

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use everycent_domain::bucket::BucketId;
use everycent_domain::reconcile::{BucketFact, BucketSums};
use everycent_domain::report;
use everycent_domain::source::Source;
use everycent_domain::sql;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Rows, Warehouse, WarehouseError};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::rows::{RejectedRecord, Remark, Row};
use everycent_schemas::tables::{self, Kind, Table};
use everycent_schemas::{AccountId, CoverageState, Day, Timestamp, Usd};

use crate::scope;

pub use charges::charges;
pub use directory::directory;
pub use loaded::Loaded;
pub use range::{culprits, out_of_range};
pub use uploaded_use::uploaded_use;

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

    pub fn timestamp(&self, column: &str) -> anyhow::Result<Timestamp> {
        self.text(column)?.parse().with_context(|| format!("column {column}"))
    }
}

/// The rows of an answer.
pub fn each(rows: &Rows) -> impl Iterator<Item = Fact<'_>> {
    rows.rows.iter().map(|cells| Fact { columns: &rows.columns, cells })
}

/// `BETWEEN` the two ends of a window, for a query.
fn between(window: Window) -> String {
    format!("BETWEEN '{}' AND '{}'", window.from(), window.to())
}

/// The first and the last day that any table of facts has a row of. Tables that keep their rows have no buckets, and what stands
/// beside them is of no day that was asked for on its own.
pub async fn stored_days(warehouse: &dyn Warehouse) -> anyhow::Result<Vec<Day>> {
    let mut days = Vec::new();
    for table in tables::all().iter().filter(|table| !table.bucket.is_empty() && !table.is_beside()) {
        for end in ["MIN", "MAX"] {
            let query = format!("SELECT {end}(activity_date) AS activity_date FROM [[table:{}]]", table.name);
            let rows = warehouse.query(&query).await?;
            days.extend(each(&rows).filter_map(|fact| fact.day("activity_date").ok()));
        }
    }
    Ok(days)
}

/// Every bucket of the window that is wanted, covered or has rows, as coverage has it and as the tables have it. Coverage
/// is that of all days there are.
pub async fn buckets(
    warehouse: &dyn Warehouse,
    window: Window,
    coverage: &[CoverageRow],
    wanted: impl IntoIterator<Item = BucketId>,
) -> anyhow::Result<Vec<BucketFact>> {
    let stored = stored_sums(warehouse, window).await?;
    let last_readings = last_readings(coverage);
    let mut facts: BTreeMap<BucketId, BucketFact> = BTreeMap::new();
    for bucket in stored.keys() {
        facts.insert(bucket.clone(), fact(bucket.clone(), None, &stored));
    }
    for bucket in wanted {
        facts.insert(bucket.clone(), fact(bucket, None, &stored));
    }
    for row in coverage.iter().filter(|row| window.contains(row.activity_date)) {
        let bucket = BucketId::of(row);
        let last = last_readings.get(&(row.source.as_str(), &row.account_id));
        let is_superseded = last.is_some_and(|last| row.activity_date < *last);
        facts.insert(bucket.clone(), BucketFact { is_superseded, ..fact(bucket, Some(row), &stored) });
    }
    let closed = scope::unavailable(coverage);
    for (id, fact) in &mut facts {
        fact.unavailable = closed.get(&(id.source.clone(), id.account_id.clone())).cloned();
    }
    Ok(facts.into_values().collect())
}

/// The day of the last reading of each feed that tells how things stand.
fn last_readings(coverage: &[CoverageRow]) -> BTreeMap<(&str, &AccountId), Day> {
    let tells_of_now =
        |row: &&CoverageRow| row.source.parse().is_ok_and(|source: Source| source.kind() == report::Kind::PointInTime);
    let mut last = BTreeMap::new();
    for row in coverage.iter().filter(tells_of_now) {
        let day = last.entry((row.source.as_str(), &row.account_id)).or_insert(row.activity_date);
        *day = row.activity_date.max(*day);
    }
    last
}

fn fact(id: BucketId, row: Option<&CoverageRow>, stored: &BTreeMap<BucketId, BucketSums>) -> BucketFact {
    let sums = stored.get(&id).copied().unwrap_or_default();
    BucketFact {
        id,
        merged: row.filter(|row| row.fetched_at.is_some()).map(merged),
        stored: sums,
        failure: row
            .filter(|row| row.state == CoverageState::Failed)
            .map(|row| row.failure.clone().unwrap_or_default()),
        held: row.and_then(held),
        is_superseded: false,
        unavailable: None,
    }
}

/// Why the newest answer is not the one that is loaded.
fn held(row: &CoverageRow) -> Option<String> {
    let replaying =
        || "its rows are being made again, and a stored page that is gone can be fetched by a sync".to_owned();
    row.held.clone().or_else(|| (row.state == CoverageState::Replaying).then(replaying))
}

fn merged(row: &CoverageRow) -> BucketSums {
    BucketSums {
        rows: row.rows.unwrap_or_default(),
        rejects: row.rejects.unwrap_or_default(),
        amount_usd: row.amount_usd.unwrap_or_default(),
        quantity: row.quantity.unwrap_or_default(),
        remarks: row.remarks.unwrap_or_default(),
    }
}

/// What the tables hold of each bucket: rows of the facts, rejects and remarks.
async fn stored_sums(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<BTreeMap<BucketId, BucketSums>> {
    let mut sums: BTreeMap<BucketId, BucketSums> = BTreeMap::new();
    for table in tables::all().iter().filter(|table| !table.bucket.is_empty() && !table.is_beside()) {
        let rows = match warehouse.query(&sums_query(table, window, FIGURE_MAX)).await {
            // Tables of an earlier version may hold many figures that are each just within a day's limit.
            Err(WarehouseError::OutOfRange { .. }) => {
                warehouse.query(&sums_query(table, window, FIGURE_MAX / 1000)).await?
            }
            rows => rows?,
        };
        for fact in each(&rows) {
            let bucket = BucketId {
                source: fact.text("source")?,
                account_id: fact.text("account_id")?.into(),
                activity_date: fact.day("activity_date")?,
            };
            let bucket_sums = sums.entry(bucket).or_default();
            match table.name {
                RejectedRecord::TABLE => bucket_sums.rejects = fact.integer("row_count")?,
                Remark::TABLE => bucket_sums.remarks = fact.integer("quantity")?,
                _ => {
                    bucket_sums.rows += fact.integer("row_count")?;
                    bucket_sums.amount_usd = bucket_sums.amount_usd + fact.usd("amount_usd")?;
                    bucket_sums.quantity += fact.integer("quantity")?;
                }
            }
        }
    }
    Ok(sums)
}

/// The largest figure that is added up where each is compared with its control sum: a billion dollars in nano-dollars. One
/// beyond is missing in the sum of the others, and named by `out_of_range`. In BigQuery, where money has room for more, it
/// leaves nothing out.
const FIGURE_MAX: i64 = 1_000_000_000_000_000_000;

fn sums_query(table: &Table, window: Window, max: i64) -> String {
    let in_range = |name: &str| format!("CASE WHEN {name} BETWEEN -{max} AND {max} THEN {name} END");
    let total = |kind: Kind| {
        let columns = table.columns.iter().filter(|column| column.control && column.kind == kind);
        let sums: Vec<String> = columns.map(|column| format!("COALESCE(SUM({}), 0)", in_range(&column.name))).collect();
        if sums.is_empty() { "NULL".to_owned() } else { sums.join(" + ") }
    };
    let (source, group_by_source) = match &table.sources[..] {
        [source] if source != "*" => (sql::text(source), ""),
        _ => ("source".to_owned(), "source, "),
    };
    format!(
        "SELECT {source} AS source, {account} AS account_id, activity_date, COUNT(*) AS row_count, \
         [[usd:{money}]] AS amount_usd, {quantity} AS quantity FROM [[table:{name}]] \
         WHERE activity_date {between} GROUP BY {group_by_source}{account}, activity_date",
        account = table.account_column(),
        money = total(Kind::Money),
        quantity = total(Kind::Integer),
        name = table.name,
        between = between(window),
    )
}
