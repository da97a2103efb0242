//! Records that could not become rows, for reports.

use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use crate::facts;
use crate::show::Grid;

/// One record, where it stands and why it is no row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectRow {
    pub source: String,
    pub account_id: AccountId,
    pub activity_date: Day,
    /// Page of the stored answer, from 1.
    pub page: i64,
    /// Where in the page, as a JSON pointer.
    pub position: String,
    pub reason: String,
    /// Object name of the page.
    pub object: String,
}

/// The latest days' rejects, so many at most.
pub async fn latest(warehouse: &dyn Warehouse, limit: usize) -> anyhow::Result<Vec<RejectRow>> {
    let rows = warehouse
        .query(&format!(
            "SELECT source, account_id, activity_date, page, position, reason, object FROM [[table:rejected_records]] \
             ORDER BY activity_date DESC, source, account_id, page, position LIMIT {limit}"
        ))
        .await?;
    facts::each(&rows)
        .map(|fact| {
            Ok(RejectRow {
                source: fact.text("source")?,
                account_id: fact.text("account_id")?.into(),
                activity_date: fact.day("activity_date")?,
                page: fact.integer("page")?,
                position: fact.text("position")?,
                reason: fact.text("reason")?,
                object: fact.text("object")?,
            })
        })
        .collect()
}

/// The rejects as a table.
pub fn text(rejects: &[RejectRow]) -> String {
    let mut grid = Grid::new(&["source", "account", "day", ">page", "position", "reason"]);
    for row in rejects {
        let (day, page) = (row.activity_date.to_string(), row.page.to_string());
        grid.row([row.source.clone(), row.account_id.to_string(), day, page, row.position.clone(), row.reason.clone()]);
    }
    grid.text()
}
