//! Coverage and verdicts as rows: what a merge, a failed fetch and a check write, for every warehouse.
//!
//! The columns of a row come from the schema. Each value stands in a struct that is made from the same schema, so a new
//! column does not compile until it has one here.

use everycent_schemas::events::FetchFailed;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::stored::{CoverageRow, ReconciliationRow, StoredRow};
use everycent_schemas::tables::{self, Absence, Column, Group, Table};
use everycent_schemas::{CoverageState, Day, Timestamp};

use crate::merge_plan::CoverageUpdate;
use crate::reconcile::Verdict;

/// The table that holds such rows.
pub(super) fn table<R: StoredRow>() -> &'static Table {
    tables::find(R::TABLE).expect("invariant: a row type is made from the schema of a shipped table")
}

/// Tables whose rows stay when an answer no longer reports them.
pub(super) fn kept_tables() -> impl Iterator<Item = &'static Table> {
    tables::all().iter().filter(|table| table.absence == Absence::Keep)
}

/// Tables of the rows of days, and coverage. Verdicts are of the day that they were asked for.
pub(super) fn tables_of_days() -> impl Iterator<Item = &'static Table> {
    let verdicts = ReconciliationRow::TABLE;
    tables::all().iter().filter(move |table| table.name != verdicts && table.column("activity_date").is_some())
}

/// The columns of coverage that one of its writers writes, in the order of the values.
pub(super) fn coverage_columns(group: Group) -> Vec<&'static Column> {
    table::<CoverageRow>().written_by(group).collect()
}

/// What a merge writes of a bucket that it won: a value for each of its columns. The state is the one without regard to
/// failures.
pub fn loaded_values(update: &CoverageUpdate, merged_at: Timestamp) -> Vec<Cell> {
    let CoverageUpdate { bucket, version, recipe, settled, rows, rejects, amount_usd, quantity } = update;
    let row = CoverageRow {
        source: bucket.source.clone(),
        account_id: bucket.account_id.clone(),
        activity_date: bucket.activity_date,
        state: CoverageState::loaded(*settled),
        settled: Some(*settled),
        fetched_at: Some(version.fetched_at),
        snapshot_id: Some(version.snapshot_id.clone()),
        normalized_at: Some(version.normalized_at),
        recipe: Some(recipe.clone()),
        rows: Some(*rows),
        rejects: Some(*rejects),
        amount_usd: *amount_usd,
        quantity: Some(*quantity),
        merged_at: Some(merged_at),
        failed_at: None,
        failure: None,
    };
    values(&row, Group::Loaded)
}

/// What a failed fetch writes of one of its days: a value for each of its columns.
pub fn failed_values(failure: &FetchFailed, day: Day) -> Vec<Cell> {
    let row = CoverageRow {
        source: failure.source.clone(),
        account_id: failure.account_id.clone(),
        activity_date: day,
        state: CoverageState::Failed,
        settled: None,
        fetched_at: None,
        snapshot_id: None,
        normalized_at: None,
        recipe: None,
        rows: None,
        rejects: None,
        amount_usd: None,
        quantity: None,
        merged_at: None,
        failed_at: Some(failure.failed_at),
        failure: Some(failure.reason.clone()),
    };
    values(&row, Group::Failure)
}

/// What a check writes: a value for each column of `reconciliation`.
pub fn verdict_values(verdict: &Verdict, checked_at: Timestamp) -> Vec<Cell> {
    let row = ReconciliationRow {
        check_id: verdict.check.id().to_owned(),
        source: verdict.source.clone(),
        account_id: verdict.account_id.clone(),
        activity_date: verdict.activity_date,
        from_date: verdict.from_date,
        expected: verdict.expected.text(),
        found: verdict.found.text(),
        difference: verdict.difference().text(),
        unit: verdict.expected.unit().to_owned(),
        verdict: verdict.word().to_owned(),
        explanation: verdict.explanation.clone(),
        checked_at,
    };
    row.cells()
}

fn values(row: &CoverageRow, group: Group) -> Vec<Cell> {
    let columns = table::<CoverageRow>().columns.iter();
    let written = columns.zip(row.cells()).filter(|(column, _)| column.group.is_none_or(|of| of == group));
    written.map(|(_, cell)| cell).collect()
}
