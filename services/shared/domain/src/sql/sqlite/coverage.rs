//! Coverage, the answers and the verdicts: what is loaded, what failed, what became of each answer, what a check said.
//! The columns, and the order in which their values are bound, are those of [`stored`](crate::sql::stored).

use everycent_schemas::stored::{AnswerRow, CoverageRow, ReconciliationRow};
use everycent_schemas::tables::{Group, Table};
use everycent_schemas::{AnswerVerdict, CoverageState, Timestamp};

use super::{Sqlite, insert, insert_columns, replace, stored_name};
use crate::future::horizon;
use crate::sql::Dialect;
use crate::sql::columns::{key_order, lines};
use crate::sql::stored::{KNOWN_COLUMNS, coverage_columns, kept_tables, merge_groups, table, tables_of_days};

fn coverage() -> String {
    Sqlite.table(table::<CoverageRow>())
}

/// Stores a verdict in place of the earlier one; bound as `verdict_values`.
pub fn store_verdict() -> String {
    let table = table::<ReconciliationRow>();
    format!("{}\n{}", insert(&Sqlite.table(table), table), replace(table))
}

/// What coverage says of a bucket: the columns that `known` takes. Bound: source, account, day.
pub fn known_of_bucket() -> String {
    format!(
        "SELECT {}\nFROM {}\nWHERE source = ?1 AND account_id = ?2 AND activity_date = ?3",
        KNOWN_COLUMNS.join(", "),
        coverage()
    )
}

/// Writes what coverage says of a bucket after a merge, with other rows or without; bound as `merged_values`. What it
/// knows of failures is left alone, but a failure that began after the newest answer was fetched outweighs it. One that
/// lies in the future does not, and is forgotten: no later one could take its place.
pub fn record_merged(rows_change: bool, now: Timestamp) -> String {
    let (coverage, horizon) = (coverage(), horizon(now));
    let failed = CoverageState::Failed;
    let state = format!(
        "CASE WHEN {coverage}.failed_at > excluded.newest_fetched_at AND {coverage}.failed_at <= '{horizon}' \
         THEN '{failed}' ELSE excluded.state END"
    );
    let kept =
        |name: &str| format!("{name} = CASE WHEN {coverage}.failed_at <= '{horizon}' THEN {coverage}.{name} END");
    format!("{},\n  {},\n  {}", upsert(merge_groups(rows_change), &state), kept("failed_at"), kept("failure"))
}

/// All answers about a bucket: all columns, in their order. Bound: source, account, day.
pub fn answers_of_bucket() -> String {
    format!(
        "SELECT {}\nFROM {}\nWHERE source = ?1 AND account_id = ?2 AND activity_date = ?3",
        stored_names(table::<AnswerRow>()).join(", "),
        Sqlite.table(table::<AnswerRow>()),
    )
}

/// Writes an answer in place of what was said of it; bound as its cells.
pub fn store_answer() -> String {
    let table = table::<AnswerRow>();
    format!("{}\n{}", insert(&Sqlite.table(table), table), replace(table))
}

/// Marks the answers before the accepted one. Bound: source, account, day, and the accepted answer.
pub fn supersede_answers() -> String {
    let superseded = AnswerVerdict::Superseded;
    format!(
        "UPDATE {} SET verdict = '{superseded}'\nWHERE source = ?1 AND account_id = ?2 AND activity_date = ?3\n  \
         AND (fetched_at, snapshot_id) < (?4, ?5) AND verdict <> '{superseded}'",
        Sqlite.table(table::<AnswerRow>()),
    )
}

/// Takes out the line of an answer. Bound: source, account, day, snapshot.
pub fn delete_answer() -> String {
    format!(
        "DELETE FROM {}\nWHERE source = ?1 AND account_id = ?2 AND activity_date = ?3 AND snapshot_id = ?4",
        Sqlite.table(table::<AnswerRow>()),
    )
}

fn stored_names(table: &Table) -> Vec<String> {
    table.columns.iter().map(stored_name).collect()
}

/// Records a failed day; bound as `failed_values`. Only the latest failure counts, so that any order of them ends the
/// same; of two at the same time the reason decides.
pub fn record_failure() -> String {
    let coverage = coverage();
    // An earlier release did not say which answer is the newest. A day that was answered is open to the key, so a refusal of
    // it is a failure.
    let newest = format!("COALESCE({coverage}.newest_fetched_at, {coverage}.fetched_at)");
    let state = format!(
        "CASE WHEN {newest} IS NULL THEN excluded.state \
         WHEN excluded.failed_at > {newest} THEN '{failed}' ELSE {coverage}.state END",
        failed = CoverageState::Failed
    );
    format!(
        "{}\nWHERE {coverage}.failed_at IS NULL \
         OR (excluded.failed_at, excluded.failure) > ({coverage}.failed_at, {coverage}.failure)",
        upsert(&[Group::Failure], &state),
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
fn upsert(groups: &[Group], state: &str) -> String {
    let table = table::<CoverageRow>();
    let columns = coverage_columns(groups);
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
    format!(
        "SELECT {}\nFROM {}\nWHERE activity_date BETWEEN ?1 AND ?2\nORDER BY source, account_id, activity_date",
        stored_names(table::<CoverageRow>()).join(", "),
        coverage(),
    )
}
