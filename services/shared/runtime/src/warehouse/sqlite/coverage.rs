//! What the file knows about buckets: versions, loaded and failed days; and the verdicts on them.

use std::path::Path;

use everycent_domain::merge_plan::{self, BucketId, CoverageUpdate, CoverageVersions, Version};
use everycent_domain::reconcile::Verdict;
use everycent_domain::sql::sqlite as sql;
use everycent_schemas::events::{BatchNormalized, FetchFailed};
use everycent_schemas::{Day, Timestamp, Usd};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::errors::named;
use crate::warehouse::{CoverageRow, WarehouseError, refuse_a_failure_too_wide};

/// The versions that are loaded of the buckets that the batches speak of.
pub(super) fn versions(connection: &Connection, batches: &[BatchNormalized]) -> rusqlite::Result<CoverageVersions> {
    let mut statement = connection.prepare(&sql::loaded_version())?;
    let mut versions = CoverageVersions::new();
    for bucket in merge_plan::buckets_of(batches) {
        let BucketId { source, account_id, activity_date } = &bucket;
        let found = statement
            .query_row(params![source, account_id, activity_date.to_string()], |row| {
                Ok(Version { fetched_at: parsed(row, 0)?, snapshot_id: row.get(1)?, normalized_at: parsed(row, 2)? })
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
) -> Result<(), WarehouseError> {
    let failed = named(path, "merge");
    let mut statement = connection.prepare(&sql::record_loaded()).map_err(failed)?;
    for CoverageUpdate { bucket, version, recipe, settled, rows, rejects, amount_usd, quantity } in updates {
        let nanos = amount_usd.map(Usd::nanos_i64).transpose().map_err(|e| WarehouseError::Refused {
            action: "merge",
            reason: format!("control sum of {} {}: {e}", bucket.source, bucket.activity_date),
        })?;
        statement
            .execute(params![
                bucket.source,
                bucket.account_id,
                bucket.activity_date.to_string(),
                if *settled { "settled" } else { "open" },
                settled,
                version.fetched_at.to_string(),
                version.snapshot_id,
                version.normalized_at.to_string(),
                recipe,
                rows,
                rejects,
                nanos,
                quantity,
                merged_at.to_string(),
            ])
            .map_err(failed)?;
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
            let FetchFailed { source, account_id, from_date, to_date, reason, failed_at } = failure;
            for day in from_date.through(*to_date) {
                let row = params![source, account_id, day.to_string(), failed_at.to_string(), reason];
                statement.execute(row).map_err(failed)?;
            }
        }
    }
    transaction.commit().map_err(failed)
}

pub(super) fn between(
    connection: &Connection,
    path: &Path,
    from: Day,
    to: Day,
) -> Result<Vec<CoverageRow>, WarehouseError> {
    let read = || {
        let mut statement = connection.prepare(&sql::coverage_between())?;
        let rows = statement.query_map([from.to_string(), to.to_string()], coverage_row)?;
        rows.collect::<rusqlite::Result<_>>()
    };
    read().map_err(named(path, "read coverage"))
}

fn coverage_row(row: &Row<'_>) -> rusqlite::Result<CoverageRow> {
    Ok(CoverageRow {
        source: row.get(0)?,
        account_id: row.get(1)?,
        activity_date: parsed(row, 2)?,
        state: row.get(3)?,
        fetched_at: parsed_if_any(row, 4)?,
        snapshot_id: row.get(5)?,
        normalized_at: parsed_if_any(row, 6)?,
        recipe: row.get(7)?,
        rows: row.get(8)?,
        rejects: row.get(9)?,
        amount_usd: row.get::<_, Option<i64>>(10)?.map(|nanos| Usd::from_nanos(nanos.into())),
        quantity: row.get(11)?,
        failed_at: parsed_if_any(row, 12)?,
        failure: row.get(13)?,
    })
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
            statement
                .execute(params![
                    verdict.check.id(),
                    verdict.source,
                    verdict.account_id,
                    verdict.activity_date.to_string(),
                    verdict.from_date.to_string(),
                    verdict.expected.text(),
                    verdict.found.text(),
                    verdict.difference().text(),
                    verdict.expected.unit(),
                    verdict.word(),
                    verdict.explanation,
                    checked_at.to_string(),
                ])
                .map_err(failed)?;
        }
    }
    transaction.commit().map_err(failed)
}

fn parsed_if_any<T>(row: &Row<'_>, place: usize) -> rusqlite::Result<Option<T>>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    if row.get_ref(place)? == rusqlite::types::ValueRef::Null { Ok(None) } else { parsed(row, place).map(Some) }
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
