//! What the file knows about buckets: versions, loaded and failed days; and the verdicts on them.

use std::path::Path;

use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::{self, CoverageUpdate, CoverageVersions, Version};
use everycent_domain::reconcile::Verdict;
use everycent_domain::sql::{failed_values, loaded_values, sqlite as sql, verdict_values};
use everycent_schemas::events::{BatchNormalized, FetchFailed};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::stored::{StoredRow, UnreadableRow};
use everycent_schemas::{Day, SnapshotId, Timestamp, UsdOverflow};
use rusqlite::types::{FromSqlError, Type, Value};
use rusqlite::{Connection, OptionalExtension, Row, Statement, TransactionBehavior, params, params_from_iter};

use super::errors::named;
use super::query;
use crate::failure::Reason;
use crate::warehouse::{CoverageRow, WarehouseError, refuse_a_failure_too_wide};

/// The versions that are loaded of the buckets that the batches speak of.
pub(super) fn versions(connection: &Connection, batches: &[BatchNormalized]) -> rusqlite::Result<CoverageVersions> {
    let mut statement = connection.prepare(&sql::loaded_version())?;
    let mut versions = CoverageVersions::new();
    for bucket in merge_plan::buckets_of(batches) {
        let BucketId { source, account_id, activity_date } = &bucket;
        let found = statement
            .query_row(params![source, account_id.as_str(), activity_date.to_string()], |row| {
                let snapshot_id = row.get::<_, String>(1)?.into();
                Ok(Version { fetched_at: parsed(row, 0)?, snapshot_id, normalized_at: parsed(row, 2)? })
            })
            .optional()?;
        versions.extend(found.map(|version| (bucket, version)));
    }
    Ok(versions)
}

pub(super) fn record_loaded(
    connection: &Connection,
    path: &Path,
    updates: &[CoverageUpdate],
    merged_at: Timestamp,
    now: Timestamp,
) -> Result<(), WarehouseError> {
    let failed = named(path, "merge");
    let mut statement = connection.prepare(&sql::record_loaded(now)).map_err(failed)?;
    for update in updates {
        let values = bound(loaded_values(update, merged_at)).map_err(|e| WarehouseError::OutOfRange {
            action: "merge",
            reason: Reason::of(e).reworded(|said| {
                let BucketId { source, account_id, activity_date } = &update.bucket;
                format!("control sum of {source} of account `{account_id}` on {activity_date}: {said}")
            }),
        })?;
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

fn execute(
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

fn parsed<T>(row: &Row<'_>, place: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: String = row.get(place)?;
    text.parse().map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(place, Type::Text, Box::new(FromSqlError::Other(Box::new(e))))
    })
}
