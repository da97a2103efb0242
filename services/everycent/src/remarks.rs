//! What was odd and cost no row, for reports.

use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use crate::facts;
use crate::report::Scope;
use crate::show::Grid;

/// What is alike in one source of an account, of all days together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemarkRow {
    pub source: String,
    pub account_id: AccountId,
    pub first_day: Day,
    pub last_day: Day,
    /// Empty where it is about an answer as a whole.
    pub field: String,
    pub reason: String,
    pub records: i64,
}

/// The latest of them, so many at most.
pub async fn latest(warehouse: &dyn Warehouse, limit: usize) -> anyhow::Result<Vec<RemarkRow>> {
    read(warehouse, "", limit).await
}

/// Those of some days, and of one account or all; the latest of them, so many at most.
pub async fn of(warehouse: &dyn Warehouse, scope: &Scope, limit: usize) -> anyhow::Result<Vec<RemarkRow>> {
    read(warehouse, &format!("WHERE {} ", scope.condition("activity_date", "account_id")), limit).await
}

async fn read(warehouse: &dyn Warehouse, condition: &str, limit: usize) -> anyhow::Result<Vec<RemarkRow>> {
    let rows = warehouse
        .query(&format!(
            "SELECT source, account_id, MIN(activity_date) AS first_day, MAX(activity_date) AS last_day, field, reason, \
             SUM(records) AS records FROM [[table:remarks]] {condition}GROUP BY source, account_id, field, reason \
             ORDER BY last_day DESC, source, account_id, field, reason LIMIT {limit}"
        ))
        .await?;
    facts::each(&rows)
        .map(|fact| {
            Ok(RemarkRow {
                source: fact.text("source")?,
                account_id: fact.text("account_id")?.into(),
                first_day: fact.day("first_day")?,
                last_day: fact.day("last_day")?,
                field: fact.text("field")?,
                reason: fact.text("reason")?,
                records: fact.integer("records")?,
            })
        })
        .collect()
}

/// The remarks as a table.
pub fn text(remarks: &[RemarkRow]) -> String {
    let mut grid = Grid::new(&["source", "account", "first day", "last day", ">records", "field", "what is odd"]);
    for row in remarks {
        grid.row([
            row.source.clone(),
            row.account_id.to_string(),
            row.first_day.to_string(),
            row.last_day.to_string(),
            row.records.to_string(),
            row.field.clone(),
            row.reason.clone(),
        ]);
    }
    grid.text()
}
