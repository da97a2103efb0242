//! Figures that are too large to be added up, by table, source, account and day.

use everycent_domain::reconcile::OutOfRangeRows;
use everycent_domain::rows::{DAY_COUNT_MAX, DAY_MONEY_MAX};
use everycent_domain::sql;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::tables::{self, Column, Kind, Table};

use super::{between, each};

/// A part of what a day may hold, of which hundreds add up. Where a sum leaves the range though each figure is within it,
/// figures above this part are what makes it do so.
const SUSPICIOUS_PART: i128 = 100;

/// What a figure is compared with.
#[derive(Clone, Copy)]
struct Bounds {
    nanos: i128,
    count: i128,
}

const OF_A_DAY: Bounds = Bounds { nanos: DAY_MONEY_MAX.nanos(), count: DAY_COUNT_MAX as i128 };

/// Rows of the window with a figure beyond what a whole day may hold. It compares and adds nothing up, so it answers
/// where a sum does not.
pub async fn out_of_range(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<OutOfRangeRows>> {
    beyond_bounds(warehouse, window, OF_A_DAY).await
}

/// What makes a sum leave the range.
pub async fn culprits(warehouse: &dyn Warehouse, window: Window) -> anyhow::Result<Vec<OutOfRangeRows>> {
    let found = out_of_range(warehouse, window).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let Bounds { nanos, count } = OF_A_DAY;
    let suspicious = Bounds { nanos: nanos / SUSPICIOUS_PART, count: count / SUSPICIOUS_PART };
    beyond_bounds(warehouse, window, suspicious).await
}

async fn beyond_bounds(
    warehouse: &dyn Warehouse,
    window: Window,
    bounds: Bounds,
) -> anyhow::Result<Vec<OutOfRangeRows>> {
    let mut found = Vec::new();
    for table in tables::all().iter().filter(|table| is_of_days(table)) {
        let Some(query) = query(table, window, bounds) else { continue };
        for fact in each(&warehouse.query(&query).await?) {
            found.push(OutOfRangeRows {
                table: table.name,
                source: fact.text("source")?,
                account_id: fact.text("account_id")?.into(),
                day: fact.day("activity_date")?,
                rows: fact.integer("row_count")?,
            });
        }
    }
    Ok(found)
}

/// A table of one report's days.
fn is_of_days(table: &Table) -> bool {
    let has_source = matches!(&table.sources[..], [source] if source != "*");
    has_source && table.column("activity_date").is_some()
}

fn query(table: &Table, window: Window, bounds: Bounds) -> Option<String> {
    let figures = table.columns.iter().filter(|column| column.control);
    let conditions: Vec<String> = figures.filter_map(|column| beyond(column, bounds)).collect();
    if conditions.is_empty() {
        return None;
    }
    Some(format!(
        "SELECT {source} AS source, {account} AS account_id, activity_date, COUNT(*) AS row_count \
         FROM [[table:{name}]] WHERE activity_date {between} AND ({beyond}) GROUP BY {account}, activity_date \
         ORDER BY {account}, activity_date",
        source = sql::text(&table.sources[0]),
        account = table.account_column(),
        name = table.name,
        between = between(window),
        beyond = conditions.join(" OR "),
    ))
}

fn beyond(column: &Column, bounds: Bounds) -> Option<String> {
    let name = &column.name;
    match column.kind {
        Kind::Money => {
            let limit = bounds.nanos;
            Some(format!("[[exact:{name}]] > [[dollars:{limit}]] OR [[exact:{name}]] < [[dollars:-{limit}]]"))
        }
        Kind::Integer => Some(format!("{name} > {0} OR {name} < -{0}", bounds.count)),
        Kind::Text | Kind::Boolean | Kind::Date | Kind::Timestamp => None,
    }
}
