//! What the file knows about buckets: loaded and failed days, and what was judged; and the verdicts of checks.

use std::collections::BTreeSet;
use std::path::Path;

use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::{CoverageUpdate, Recorded};
use everycent_domain::reconcile::Verdict;
use everycent_domain::sql::derived::months_from;
use everycent_domain::sql::{
    Sqlite, failed_values, forget_account as forget_account_of, known, merged_values, sqlite as sql, verdict_values,
};
use everycent_domain::vendor::Vendor;
use everycent_schemas::events::FetchFailed;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::stored::{StoredRow, UnreadableRow};
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp, UsdOverflow};
use rusqlite::types::Value;
use rusqlite::{Connection, Statement, TransactionBehavior, params_from_iter};

use super::errors::named;
use super::query;
use crate::failure::Reason;
use crate::warehouse::{CoverageRow, WarehouseError, refuse_a_failure_too_wide};

/// What coverage says of the buckets.
pub(super) fn recorded(
    connection: &Connection,
    path: &Path,
    buckets: &BTreeSet<BucketId>,
) -> Result<Recorded, WarehouseError> {
    let failed = named(path, "merge");
    let mut statement = connection.prepare(&sql::known_of_bucket()).map_err(failed)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut recorded = Recorded::new();
    for bucket in buckets {
        let mut found = statement.query(bucket_values(bucket)).map_err(failed)?;
        if let Some(row) = found.next().map_err(failed)? {
            let known = known(query::cells(row, &columns)?).ok_or_else(|| {
                let BucketId { source, account_id, activity_date } = bucket;
                let reason =
                    format!("coverage of {source} {account_id} {activity_date} is not what this version reads");
                WarehouseError::Refused { action: "merge", reason: reason.into() }
            })?;
            recorded.insert(bucket.clone(), known);
        }
    }
    Ok(recorded)
}

/// The values that name a bucket in a statement.
pub(super) fn bucket_values(bucket: &BucketId) -> [String; 3] {
    [bucket.source.clone(), bucket.account_id.to_string(), bucket.activity_date.to_string()]
}

pub(super) fn record_merged(
    connection: &Connection,
    path: &Path,
    updates: &[CoverageUpdate],
    merged_at: Timestamp,
    now: Timestamp,
) -> Result<(), WarehouseError> {
    let failed = named(path, "merge");
    let mut with_rows = connection.prepare(&sql::record_merged(true, now)).map_err(failed)?;
    let mut without = connection.prepare(&sql::record_merged(false, now)).map_err(failed)?;
    for update in updates {
        let values = bound(merged_values(update, merged_at)).map_err(|e| WarehouseError::OutOfRange {
            action: "merge",
            reason: Reason::of(e).reworded(|said| {
                let BucketId { source, account_id, activity_date } = &update.bucket;
                format!("control sum of {source} of account `{account_id}` on {activity_date}: {said}")
            }),
        })?;
        let statement = if update.loaded.is_some() { &mut with_rows } else { &mut without };
        statement.execute(params_from_iter(values)).map_err(failed)?;
    }
    Ok(())
}

pub(super) fn record_failures(
    connection: &mut Connection,
    path: &Path,
    failures: &[FetchFailed],
) -> Result<(), WarehouseError> {
    refuse_a_failure_too_wide(failures)?;
    let failed = named(path, "record failures");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    {
        let mut statement = transaction.prepare(&sql::record_failure()).map_err(failed)?;
        for failure in failures {
            for day in failure.from_date.through(failure.to_date) {
                execute(&mut statement, failed_values(failure, day), "record failures", path)?;
            }
        }
    }
    transaction.commit().map_err(failed)
}

pub(super) fn forget_future(
    connection: &mut Connection,
    path: &Path,
    snapshots: &[SnapshotId],
    last: Day,
) -> Result<(), WarehouseError> {
    let failed = named(path, "forget the future");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    for statement in sql::forget_snapshot() {
        let mut statement = transaction.prepare(&statement).map_err(failed)?;
        for snapshot_id in snapshots {
            statement.execute([snapshot_id.as_str()]).map_err(failed)?;
        }
    }
    for statement in sql::forget_days_after() {
        transaction.execute(&statement, [last.to_string()]).map_err(failed)?;
    }
    let [charges, months] = months_from(last);
    for statement in sql::remake_months(&charges, &months) {
        transaction.execute_batch(&statement).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

pub(super) fn between(
    connection: &Connection,
    path: &Path,
    from: Day,
    to: Day,
) -> Result<Vec<CoverageRow>, WarehouseError> {
    let action = "read coverage";
    let failed = named(path, action);
    let unreadable = |error: UnreadableRow| WarehouseError::Refused { action, reason: Reason::of(error) };
    let mut statement = connection.prepare(&sql::coverage_between()).map_err(failed)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query([from.to_string(), to.to_string()]).map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(CoverageRow::from_cells(query::cells(row, &columns)?).map_err(unreadable)?);
    }
    Ok(rows)
}

pub(super) fn store_verdicts(
    connection: &mut Connection,
    path: &Path,
    verdicts: &[Verdict],
    checked_at: Timestamp,
) -> Result<(), WarehouseError> {
    let failed = named(path, "store verdicts");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    {
        let mut statement = transaction.prepare(&sql::store_verdict()).map_err(failed)?;
        for verdict in verdicts {
            execute(&mut statement, verdict_values(verdict, checked_at), "store verdicts", path)?;
        }
    }
    transaction.commit().map_err(failed)
}

pub(super) fn forget_account(
    connection: &mut Connection,
    path: &Path,
    vendor: Vendor,
    account_id: &AccountId,
) -> Result<(), WarehouseError> {
    let failed = named(path, "forget an account");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    for statement in forget_account_of(vendor, account_id, &Sqlite) {
        transaction.execute(&statement, []).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

pub(super) fn execute(
    statement: &mut Statement<'_>,
    values: Vec<Cell>,
    action: &'static str,
    path: &Path,
) -> Result<(), WarehouseError> {
    let refused = |error: UsdOverflow| WarehouseError::Refused { action, reason: Reason::of(error) };
    statement.execute(params_from_iter(bound(values).map_err(refused)?)).map(drop).map_err(named(path, action))
}

/// Values as the file keeps them.
fn bound(values: Vec<Cell>) -> Result<Vec<Value>, UsdOverflow> {
    let bound = |value| {
        Ok(match value {
            Cell::Null => Value::Null,
            Cell::Boolean(value) => Value::Integer(value.into()),
            Cell::Integer(value) => Value::Integer(value),
            Cell::Text(text) => Value::Text(text),
            Cell::Money(amount) => Value::Integer(amount.nanos_i64()?),
        })
    };
    values.into_iter().map(bound).collect()
}
