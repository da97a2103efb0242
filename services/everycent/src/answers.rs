//! The answers about days, as the warehouse keeps them.

use std::collections::BTreeMap;

use anyhow::Context;
use everycent_domain::bucket::BucketId;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::AccountId;
use everycent_schemas::stored::{AnswerRow, StoredRow};
use everycent_schemas::tables::{self, Kind};

/// Whose answers are wanted; `None` is all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Of<'a> {
    pub source: Option<&'a str>,
    pub account_id: Option<&'a AccountId>,
}

impl Of<'_> {
    fn takes(&self, row: &AnswerRow) -> bool {
        self.source.is_none_or(|source| row.source == source)
            && self.account_id.is_none_or(|account| row.account_id == *account)
    }
}

/// The answers about the days of the window, by bucket, in the order in which they were fetched.
pub async fn about(
    warehouse: &dyn Warehouse,
    window: Window,
    of: Of<'_>,
) -> anyhow::Result<BTreeMap<BucketId, Vec<AnswerRow>>> {
    let table = tables::find(AnswerRow::TABLE).context("the table of answers is not one of this release")?;
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            Kind::Money => format!("[[usd:{0}]] AS {0}", column.name),
            _ => column.name.clone(),
        })
        .collect();
    let query = format!(
        "SELECT {} FROM [[table:{}]] WHERE activity_date BETWEEN '{}' AND '{}'",
        columns.join(", "),
        table.name,
        window.from(),
        window.to()
    );
    let mut answers: BTreeMap<BucketId, Vec<AnswerRow>> = BTreeMap::new();
    for cells in warehouse.query(&query).await?.rows {
        let row = AnswerRow::from_cells(cells)?;
        if of.takes(&row) {
            answers.entry(BucketId::of_answer(&row)).or_default().push(row);
        }
    }
    for rows in answers.values_mut() {
        rows.sort_by(|a, b| (a.fetched_at, &a.snapshot_id).cmp(&(b.fetched_at, &b.snapshot_id)));
    }
    Ok(answers)
}
