//! Coverage and the verdicts: what is loaded, what failed, what a check said. The columns, and the order in which their
//! values are bound, are those of [`stored`](crate::sql::stored).

use everycent_schemas::stored::{CoverageRow, ReconciliationRow};
use everycent_schemas::tables::{Column, Group};
use everycent_schemas::{CoverageState, Timestamp};

use super::{Sqlite, insert, insert_columns, replace, stored_name};
use crate::future::horizon;
use crate::sql::Dialect;
use crate::sql::columns::{key_order, lines};
use crate::sql::stored::{coverage_columns, kept_tables, table, tables_of_days};

fn coverage() -> String {
    Sqlite.table(table::<CoverageRow>())
}

/// Stores a verdict in place of the earlier one; bound as `verdict_values`.
pub fn store_verdict() -> String {
    let table = table::<ReconciliationRow>();
    format!("{}\n{}", insert(&Sqlite.table(table), table), replace(table))
}

/// The version that coverage holds of a bucket: `fetched_at`, `snapshot_id`, `normalized_at`. Bound: source, account, day.
pub fn loaded_version() -> String {
    format!(
        "SELECT fetched_at, snapshot_id, normalized_at FROM {}\n\
         WHERE source = ?1 AND account_id = ?2 AND activity_date = ?3 AND fetched_at IS NOT NULL",
        coverage()
    )
}

/// Writes what coverage says of a won bucket; bound as `loaded_values`. What it knows of failures is left alone, but a
/// failure that began after the answer was fetched outweighs it. One that lies in the future does not, and is forgotten:
/// no later one could take its place.
pub fn record_loaded(now: Timestamp) -> String {
    let (coverage, horizon) = (coverage(), horizon(now));
    let failed = CoverageState::Failed;
    let state = format!(
        "CASE WHEN {coverage}.failed_at > excluded.fetched_at AND {coverage}.failed_at <= '{horizon}' \
         THEN '{failed}' ELSE excluded.state END"
    );
    let kept =
        |name: &str| format!("{name} = CASE WHEN {coverage}.failed_at <= '{horizon}' THEN {coverage}.{name} END");
    format!("{},\n  {},\n  {}", upsert(Group::Loaded, &state), kept("failed_at"), kept("failure"))
}

/// Records a failed day; bound as `failed_values`. Only the latest failure counts, so that any order of them ends the
/// same; of two at the same time the reason decides.
pub fn record_failure() -> String {
    let coverage = coverage();
    let state = format!(
        "CASE WHEN {coverage}.fetched_at IS NULL OR excluded.failed_at > {coverage}.fetched_at \
         THEN excluded.state ELSE {coverage}.state END"
    );
    format!(
        "{}\nWHERE {coverage}.failed_at IS NULL \
         OR (excluded.failed_at, excluded.failure) > ({coverage}.failed_at, {coverage}.failure)",
        upsert(Group::Failure, &state),
    )
}

/// Deletes the rows of a snapshot from every table that keeps its rows; bound: the snapshot.
pub fn forget_snapshot() -> impl Iterator<Item = String> {
    kept_tables().map(|table| format!("DELETE FROM {} WHERE snapshot_id = ?1", Sqlite.table(table)))
}

/// Deletes what is of a later day from every table of days; bound: the day.
pub fn forget_days_after() -> impl Iterator<Item = String> {
    tables_of_days().map(|table| format!("DELETE FROM {} WHERE activity_date > ?1", Sqlite.table(table)))
}

/// Inserts the columns of a writer, or updates all of them but the key.
fn upsert(group: Group, state: &str) -> String {
    let table = table::<CoverageRow>();
    let columns = coverage_columns(group);
    let values = columns.iter().filter(|column| !table.key.contains(&column.name));
    let set = values.map(|column| match column.name.as_str() {
        "state" => format!("state = {state}"),
        _ => format!("{0} = excluded.{0}", stored_name(column)),
    });
    format!(
        "{}\nON CONFLICT ({}) DO UPDATE SET\n{}",
        insert_columns(&coverage(), columns.iter().copied()),
        key_order(table).join(", "),
        lines(set),
    )
}

/// Coverage of the days between two bound ones: all columns, in their order.
pub fn coverage_between() -> String {
    let columns: Vec<String> =
        table::<CoverageRow>().columns.iter().map(|column: &Column| stored_name(column)).collect();
    format!(
        "SELECT {}\nFROM {}\nWHERE activity_date BETWEEN ?1 AND ?2\nORDER BY source, account_id, activity_date",
        columns.join(", "),
        coverage(),
    )
}
