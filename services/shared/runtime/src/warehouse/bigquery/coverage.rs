//! What the dataset knows about buckets: versions, loaded and failed days; and the verdicts on them.

use std::str::FromStr;

use everycent_domain::merge_plan::{self, BucketId, CoverageVersions, Version};
use everycent_domain::reconcile::Verdict;
use everycent_domain::sql::bigquery as sql;
use everycent_schemas::events::{BatchNormalized, FetchFailed};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::{Day, Timestamp, Usd};

use super::connection::Connection;
use crate::warehouse::{CoverageRow, WarehouseError};

/// Rows of one statement, whose text has a limit of a million letters.
const AT_ONCE: usize = 500;

/// What is known of the buckets that the batches speak of.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub versions: CoverageVersions,
    /// Whose turn it is: another one after every change of a table.
    pub turn: i64,
}

pub(super) async fn known(connection: &Connection, batches: &[BatchNormalized]) -> Result<Known, WarehouseError> {
    let mut known = Known::default();
    let buckets = merge_plan::buckets_of(batches);
    if buckets.is_empty() {
        return Ok(known);
    }
    let read = "read coverage";
    let rows = connection.select(&sql::loaded_versions(&connection.name(), &buckets)).await;
    for mut cells in rows.map_err(|failure| failure.during(read))?.rows {
        match cells.pop() {
            Some(Cell::Integer(turn)) => known.turn = turn,
            _ => known.versions.extend([loaded(cells).ok_or_else(|| strange_row(read))?]),
        }
    }
    Ok(known)
}

fn loaded(cells: Vec<Cell>) -> Option<(BucketId, Version)> {
    let cells = &mut cells.into_iter();
    let bucket = BucketId { source: text(cells)?, account_id: text(cells)?, activity_date: parsed(cells)? };
    let version = Version { fetched_at: parsed(cells)?, snapshot_id: text(cells)?, normalized_at: parsed(cells)? };
    Some((bucket, version))
}

pub(super) async fn between(connection: &Connection, from: Day, to: Day) -> Result<Vec<CoverageRow>, WarehouseError> {
    let read = "read coverage";
    let rows = connection.select(&sql::coverage_between(&connection.name(), from, to)).await;
    let rows = rows.map_err(|failure| failure.during(read))?.rows;
    rows.into_iter().map(coverage_row).collect::<Option<_>>().ok_or_else(|| strange_row(read))
}

fn coverage_row(cells: Vec<Cell>) -> Option<CoverageRow> {
    let cells = &mut cells.into_iter();
    Some(CoverageRow {
        source: text(cells)?,
        account_id: text(cells)?,
        activity_date: parsed(cells)?,
        state: text(cells)?,
        fetched_at: if_any(cells, instant)?,
        snapshot_id: if_any(cells, words)?,
        normalized_at: if_any(cells, instant)?,
        recipe: if_any(cells, words)?,
        rows: if_any(cells, integer)?,
        rejects: if_any(cells, integer)?,
        amount_usd: if_any(cells, amount)?,
        quantity: if_any(cells, integer)?,
        failed_at: if_any(cells, instant)?,
        failure: if_any(cells, words)?,
    })
}

pub(super) async fn record_failures(connection: &Connection, failures: &[FetchFailed]) -> Result<(), WarehouseError> {
    for failures in failures.chunks(AT_ONCE) {
        connection.change("record failures", &sql::record_failures(&connection.name(), failures)).await?;
    }
    Ok(())
}

pub(super) async fn store_verdicts(
    connection: &Connection,
    verdicts: &[Verdict],
    checked_at: Timestamp,
) -> Result<(), WarehouseError> {
    for verdicts in verdicts.chunks(AT_ONCE) {
        let statement = sql::store_verdicts(&connection.name(), verdicts, checked_at);
        connection.change("store verdicts", &statement).await?;
    }
    Ok(())
}

fn strange_row(action: &'static str) -> WarehouseError {
    WarehouseError::Refused { action, reason: "a row of coverage is not what its columns say".to_owned() }
}

fn text(cells: &mut impl Iterator<Item = Cell>) -> Option<String> {
    words(cells.next()?)
}

fn parsed<T: FromStr>(cells: &mut impl Iterator<Item = Cell>) -> Option<T> {
    text(cells)?.parse().ok()
}

/// Null is a value, and one of another type is none.
fn if_any<T>(cells: &mut impl Iterator<Item = Cell>, read: impl Fn(Cell) -> Option<T>) -> Option<Option<T>> {
    match cells.next()? {
        Cell::Null => Some(None),
        cell => read(cell).map(Some),
    }
}

fn words(cell: Cell) -> Option<String> {
    if let Cell::Text(text) = cell { Some(text) } else { None }
}

fn instant(cell: Cell) -> Option<Timestamp> {
    words(cell)?.parse().ok()
}

fn integer(cell: Cell) -> Option<i64> {
    if let Cell::Integer(value) = cell { Some(value) } else { None }
}

fn amount(cell: Cell) -> Option<Usd> {
    if let Cell::Money(amount) = cell { Some(amount) } else { None }
}
