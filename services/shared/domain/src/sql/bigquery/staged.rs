//! A look at what was loaded, before it is merged.

use everycent_schemas::Day;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::tables::{Absence, Table};

use super::literal::{dates, timestamp};
use super::names::text_literal;
use super::table::{has_source, tie_breaker, winning_rows};
use crate::merge_plan::{MergePlan, TablePlan};
use crate::sql::columns::key_order;

/// One query over the staging tables of all plans with files; none if there are none. For each table and answer:
/// `table_name`, `snapshot_id`, `ingestion_timestamp`, `row_count`, how many of its rows are `strange` (of another
/// account, source or day than the event says), and how many `twins` would decide the same key.
pub fn look_at_staged(
    plan: &MergePlan,
    batches: &[BatchNormalized],
    staging: impl Fn(&Table) -> String,
) -> Option<String> {
    let with_files = plan.tables.iter().filter(|table| !table.files.is_empty());
    let looks: Vec<String> = with_files.map(|table| look(table, batches, &staging(table.table))).collect();
    (!looks.is_empty()).then(|| looks.join("\nUNION ALL\n"))
}

fn look(plan: &TablePlan, batches: &[BatchNormalized], staging: &str) -> String {
    format!(
        "SELECT '{table}' AS table_name, `snapshot_id`, `ingestion_timestamp`, COUNT(*) AS row_count,\n  \
         COUNTIF(NOT belongs) AS strange, COUNTIF(place > 1) AS twins\nFROM (\n  \
         SELECT `snapshot_id`, `ingestion_timestamp`, {place} AS place,\n    COALESCE({belongs}, FALSE) AS belongs\n  \
         FROM {staging}\n)\nGROUP BY `snapshot_id`, `ingestion_timestamp`",
        table = plan.table.name,
        place = place(plan, batches),
        belongs = belongs(plan, batches),
    )
}

/// The place of a row among those that would decide the same key. In a table that keeps its rows the latest decides.
fn place(plan: &TablePlan, batches: &[BatchNormalized]) -> String {
    match plan.table.absence {
        Absence::Keep => "1".to_owned(),
        Absence::Delete => {
            let key: Vec<String> = key_order(plan.table).into_iter().map(|name| format!("`{name}`")).collect();
            format!(
                "IF({}, ROW_NUMBER() OVER (PARTITION BY `snapshot_id`, `ingestion_timestamp`, {} ORDER BY `{}`), 1)",
                winning_rows(plan, batches),
                key.join(", "),
                tie_breaker(plan.table),
            )
        }
    }
}

/// Whether a row is one that its batch may tell.
fn belongs(plan: &TablePlan, batches: &[BatchNormalized]) -> String {
    let mut told: Vec<usize> = plan.files.iter().map(|staged| staged.batch).collect();
    told.sort_unstable();
    told.dedup();
    let rows = told.into_iter().map(|index| of_batch(plan.table, &batches[index]));
    rows.collect::<Vec<_>>().join("\n      OR ")
}

fn of_batch(table: &Table, batch: &BatchNormalized) -> String {
    let days: Vec<Day> = batch.buckets.iter().map(|bucket| bucket.activity_date).collect();
    let source = has_source(table).then(|| format!("`source` = {}", text_literal(&batch.source)));
    let day = table.partition.as_ref().map(|name| format!("`{name}` IN ({})", dates(&days)));
    let version = [
        format!("`snapshot_id` = {}", text_literal(batch.snapshot_id.as_str())),
        format!("`ingestion_timestamp` = {}", timestamp(batch.normalized_at)),
        format!("`{}` = {}", table.account_column(), text_literal(batch.account_id.as_str())),
    ];
    let all: Vec<String> = version.into_iter().chain(source).chain(day).collect();
    format!("({})", all.join(" AND "))
}
