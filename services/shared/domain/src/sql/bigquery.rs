//! The script of a merge into BigQuery: one transaction over all tables and coverage.
//!
//! Row files are loaded whole into staging tables before it, so it takes from them only the rows of the batch that won
//! the bucket. Days are literals, so that only their partitions are read.

mod coverage;
mod literal;
mod schema;
mod staged;

use std::collections::BTreeMap;

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::tables::{Absence, Table};
use everycent_schemas::{Day, Timestamp};

use super::Dialect;
use super::ddl::key_order;
use super::names::{bigquery_text, lines, physical_name};
use crate::merge_plan::{MergePlan, TablePlan};
use literal::{ROW_VERSION, bounds, dates, lower, timestamp};

pub use coverage::{coverage_between, loaded_versions, record_failures, store_verdicts};
pub use schema::{Found, add_column, existing_columns, wanted_columns};
pub use staged::look_at_staged;

/// What a script says when another merge came first. Planning again helps.
pub const COVERAGE_CHANGED: &str = "coverage has changed since the merge was planned";

/// The script. `staging` gives the full name of the table that a plan's files were loaded into; it is asked only for
/// plans with files. Its last statement answers `table_name`, `written`, `deleted` for each table that it touched.
pub fn merge_script(
    dataset: &str,
    plan: &MergePlan,
    batches: &[BatchNormalized],
    staging: impl Fn(&Table) -> String,
    merged_at: Timestamp,
) -> String {
    let dialect = Dialect::BigQuery { dataset: dataset.to_owned() };
    let changes: Vec<Change> = plan.tables.iter().filter_map(|of| change(of, batches, &staging, &dialect)).collect();
    let mut statements = declare(&changes);
    statements.push("BEGIN TRANSACTION".to_owned());
    if !plan.coverage.is_empty() {
        statements.push(coverage::merge_coverage(&plan.coverage, merged_at, dataset));
        statements.push(coverage::assert_coverage(&plan.coverage, dataset));
    }
    statements.extend(changes.iter().flat_map(Change::statements));
    statements.push("COMMIT TRANSACTION".to_owned());
    statements.extend(answer(&changes));
    statements.join(";\n\n") + ";\n"
}

/// What becomes of one table, and how many rows that is.
struct Change {
    table: &'static str,
    dml: String,
    /// Rows of this merge in the table, where `dml` may have deleted others.
    written: Option<String>,
    /// `dml` only deletes.
    deletes: bool,
}

impl Change {
    fn statements(&self) -> Vec<String> {
        let changed = format!("SET changed_{} = @@row_count", self.table);
        let written = self.written.as_ref().map(|count| format!("SET written_{} = (\n{count}\n)", self.table));
        [self.dml.clone(), changed].into_iter().chain(written).collect()
    }

    fn variables(&self) -> impl Iterator<Item = String> {
        let written = self.written.as_ref().map(|_| format!("written_{}", self.table));
        std::iter::once(format!("changed_{}", self.table)).chain(written)
    }

    fn answer(&self) -> String {
        let table = self.table;
        let (written, deleted) = match (&self.written, self.deletes) {
            (Some(_), _) => (format!("written_{table}"), format!("changed_{table} - written_{table}")),
            (None, true) => ("0".to_owned(), format!("changed_{table}")),
            (None, false) => (format!("changed_{table}"), "0".to_owned()),
        };
        format!("SELECT '{table}' AS table_name, {written} AS written, {deleted} AS deleted")
    }
}

fn declare(changes: &[Change]) -> Vec<String> {
    let variables: Vec<String> = changes.iter().flat_map(Change::variables).collect();
    if variables.is_empty() {
        return vec![];
    }
    vec![format!("DECLARE {} INT64 DEFAULT 0", variables.join(", "))]
}

fn answer(changes: &[Change]) -> Option<String> {
    let rows: Vec<String> = changes.iter().map(Change::answer).collect();
    (!rows.is_empty()).then(|| rows.join("\nUNION ALL\n"))
}

fn change(
    plan: &TablePlan,
    batches: &[BatchNormalized],
    staging: impl Fn(&Table) -> String,
    dialect: &Dialect,
) -> Option<Change> {
    let target = physical_name(plan.table, dialect);
    let (dml, written, deletes) = match (plan.files.is_empty(), plan.table.absence) {
        (false, Absence::Delete) => {
            (merge_table(plan, batches, &staging(plan.table), &target), Some(written(plan, batches, &target)), true)
        }
        (true, Absence::Delete) => (format!("DELETE FROM {target} AS T\nWHERE {}", won(plan, "T.")), None, true),
        (false, Absence::Keep) => (keep_rows(plan.table, &staging(plan.table), &target), None, false),
        (true, Absence::Keep) => return None,
    };
    Some(Change { table: plan.table.name, dml, written, deletes })
}

/// How many rows tell the batch that won their bucket. Before the merge none did, for its version is higher.
fn written(plan: &TablePlan, batches: &[BatchNormalized], target: &str) -> String {
    let rows = winning_rows(plan, batches);
    let days = plan.won.iter().map(|won| won.bucket.activity_date);
    let bounds = bounds(days, &format!("`{}`", plan.table.day_column()));
    format!("  SELECT COUNT(*) FROM {target}\n  WHERE {bounds}\n    AND {rows}")
}

/// Of each key the row of the latest answer, whether it was staged now or is there already.
fn keep_rows(table: &Table, staging: &str, target: &str) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key: Vec<String> = key_order(table).into_iter().map(|name| format!("`{name}`")).collect();
    let same: Vec<String> = key.iter().map(|name| format!("T.{name} = S.{name}")).collect();
    let set = names.iter().filter(|name| !key.contains(name)).map(|name| format!("{name} = S.{name}"));
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    let latest = ROW_VERSION.map(|name| format!("`{name}` DESC")).join(", ");
    format!(
        "MERGE {target} AS T\nUSING (\n  SELECT {columns}\n  FROM {staging}\n  WHERE TRUE\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {latest}) = 1\n) AS S\n\
         ON {same}\n\
         WHEN MATCHED AND ({lower}) THEN UPDATE SET\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({columns})\n  VALUES ({values})",
        columns = names.join(", "),
        key = key.join(", "),
        same = same.join(" AND "),
        lower = lower(ROW_VERSION, "T.", "S."),
        set = lines(set),
        values = values.join(", "),
    )
}

fn merge_table(plan: &TablePlan, batches: &[BatchNormalized], staging: &str, target: &str) -> String {
    let table = plan.table;
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key = key_order(table).into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let same: Vec<String> = key.iter().map(|name| format!("T.{name} = S.{name}")).collect();
    let differs: Vec<String> =
        table.content().map(|column| format!("T.`{0}` IS DISTINCT FROM S.`{0}`", column.name)).collect();
    let set = names.iter().filter(|name| !key.contains(name)).map(|name| format!("{name} = S.{name}"));
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    let mut merge = format!(
        "MERGE {target} AS T\nUSING (\n  SELECT {columns}\n  FROM {staging}\n  WHERE {winning}\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY `row_id`) = 1\n) AS S\n\
         ON {same}\n  AND {bounds}\n\
         WHEN MATCHED AND ({differs}) THEN UPDATE SET\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({columns})\n  VALUES ({values})",
        columns = names.join(", "),
        winning = winning_rows(plan, batches),
        key = key.join(", "),
        same = same.join(" AND "),
        bounds = bounds(plan.won.iter().map(|won| won.bucket.activity_date), &format!("T.`{}`", table.day_column())),
        differs = differs.join(" OR "),
        set = lines(set),
        values = values.join(", "),
    );
    merge.push_str(&format!("\nWHEN NOT MATCHED BY SOURCE AND {} THEN DELETE", won(plan, "T.")));
    merge
}

/// The won buckets, as literals.
fn won(plan: &TablePlan, of: &str) -> String {
    let table = plan.table;
    let mut days: BTreeMap<(&str, &str), Vec<Day>> = BTreeMap::new();
    for won in &plan.won {
        let source = if has_source(table) { won.bucket.source.as_str() } else { "" };
        days.entry((source, &won.bucket.account_id)).or_default().push(won.bucket.activity_date);
    }
    let buckets = days.iter().map(|((source, account), days)| {
        let source =
            if has_source(table) { format!("{of}`source` = {} AND ", bigquery_text(source)) } else { String::new() };
        format!(
            "({source}{of}`{}` = {} AND {of}`{}` IN ({}))",
            table.account_column(),
            bigquery_text(account),
            table.day_column(),
            dates(days)
        )
    });
    format!("({})", buckets.collect::<Vec<_>>().join("\n  OR "))
}

/// Of the staged rows, those of the batch that won their bucket.
fn winning_rows(plan: &TablePlan, batches: &[BatchNormalized]) -> String {
    let mut days: BTreeMap<usize, Vec<Day>> = BTreeMap::new();
    for won in &plan.won {
        days.entry(won.batch).or_default().push(won.bucket.activity_date);
    }
    let rows = days.iter().map(|(index, days)| {
        let batch = &batches[*index];
        format!(
            "(`snapshot_id` = {} AND `ingestion_timestamp` = {} AND `{}` IN ({}))",
            bigquery_text(&batch.snapshot_id),
            timestamp(batch.normalized_at),
            plan.table.day_column(),
            dates(days)
        )
    });
    format!("({})", rows.collect::<Vec<_>>().join("\n    OR "))
}

fn has_source(table: &Table) -> bool {
    table.bucket.iter().any(|name| name == "source")
}
