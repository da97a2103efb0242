//! What the dataset knows about buckets: loaded and failed days, and what was judged; and the verdicts of checks.

use std::collections::BTreeSet;
use std::str::FromStr;

use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::{self, Answers, MergeInput, Recorded};
use everycent_domain::reconcile::Verdict;
use everycent_domain::sql::{bigquery as sql, known as known_values};
use everycent_domain::vendor::Vendor;
use everycent_schemas::events::FetchFailed;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::stored::{AnswerRow, StoredRow};
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};

use super::connection::Connection;
use crate::failure::Reason;
use crate::warehouse::{CoverageRow, WarehouseError};

/// Rows of one statement, whose text has a limit of a million letters.
const AT_ONCE: usize = 500;

/// What is known of the buckets that a merge speaks of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub recorded: Recorded,
    pub answers: Answers,
    /// Whose turn it is: another one after every change of a table.
    pub turn: i64,
}

/// The turn is read first: what is read after it and has changed since is of a later turn, and the merge fails.
pub(super) async fn known(
    connection: &Connection,
    input: MergeInput<'_>,
    now: Timestamp,
) -> Result<Known, WarehouseError> {
    let mut known = Known::default();
    let buckets = input.buckets_to_look_up(now);
    if buckets.is_empty() {
        return Ok(known);
    }
    let read = "read coverage";
    let rows = connection.select(&sql::known_of_buckets(&connection.name(), &buckets)).await;
    for mut cells in rows.map_err(|failure| failure.during(read))?.rows {
        match cells.pop() {
            Some(Cell::Integer(turn)) => known.turn = turn,
            _ => known.recorded.extend([recorded(cells).ok_or_else(|| strange_row(read))?]),
        }
    }
    let to_read = input.buckets_to_read(&known.recorded, now);
    if !to_read.is_empty() {
        known.answers = answers(connection, to_read).await?;
    }
    Ok(known)
}

fn recorded(mut cells: Vec<Cell>) -> Option<(BucketId, merge_plan::Known)> {
    let rest = cells.split_off(3);
    let cells = &mut cells.into_iter();
    let bucket = BucketId { source: text(cells)?, account_id: text(cells)?.into(), activity_date: parsed(cells)? };
    Some((bucket, known_values(rest)?))
}

async fn answers(connection: &Connection, buckets: BTreeSet<BucketId>) -> Result<Answers, WarehouseError> {
    let read = "read answers";
    let rows = connection.select(&sql::answers_of_buckets(&connection.name(), &buckets)).await;
    let mut answers: Answers = buckets.into_iter().map(|bucket| (bucket, vec![])).collect();
    for cells in rows.map_err(|failure| failure.during(read))?.rows {
        let row = AnswerRow::from_cells(cells).map_err(|error| refused(read, Reason::of(error)))?;
        answers.entry(BucketId::of_answer(&row)).or_default().push(row);
    }
    Ok(answers)
}

/// The buckets whose charges readings of seats among these have a say in.
pub(super) async fn touched_by_readings(
    connection: &Connection,
    buckets: &BTreeSet<BucketId>,
) -> Result<Vec<BucketId>, WarehouseError> {
    let read = "read coverage";
    let Some(query) = sql::touched_by_readings(&connection.name(), buckets) else { return Ok(Vec::new()) };
    let rows = connection.select(&query).await.map_err(|failure| failure.during(read))?.rows;
    let bucket = |cells: Vec<Cell>| {
        let cells = &mut cells.into_iter();
        Some(BucketId { source: text(cells)?, account_id: text(cells)?.into(), activity_date: parsed(cells)? })
    };
    rows.into_iter().map(|cells| bucket(cells).ok_or_else(|| strange_row(read))).collect()
}

pub(super) async fn between(connection: &Connection, from: Day, to: Day) -> Result<Vec<CoverageRow>, WarehouseError> {
    let read = "read coverage";
    let rows = connection.select(&sql::coverage_between(&connection.name(), from, to)).await;
    let rows = rows.map_err(|failure| failure.during(read))?.rows;
    let row = |cells| CoverageRow::from_cells(cells).map_err(|error| refused(read, Reason::of(error)));
    rows.into_iter().map(row).collect()
}

pub(super) async fn record_failures(connection: &Connection, failures: &[FetchFailed]) -> Result<(), WarehouseError> {
    for failures in failures.chunks(AT_ONCE) {
        connection.change("record failures", &sql::record_failures(&connection.name(), failures)).await?;
    }
    Ok(())
}

pub(super) async fn forget_future(
    connection: &Connection,
    snapshots: &[SnapshotId],
    last: Day,
) -> Result<(), WarehouseError> {
    let (name, none) = (connection.name(), [&[][..]]);
    let parts = snapshots.chunks(AT_ONCE).chain(none.into_iter().filter(|_| snapshots.is_empty()));
    for snapshots in parts {
        connection.change("forget the future", &sql::forget_future(&name, snapshots, last)).await?;
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

pub(super) async fn forget_account(
    connection: &Connection,
    vendor: Vendor,
    account_id: &AccountId,
) -> Result<(), WarehouseError> {
    connection.change("forget an account", &sql::forget_account(&connection.name(), vendor, account_id)).await.map(drop)
}

fn strange_row(action: &'static str) -> WarehouseError {
    refused(action, "a row of coverage is not what its columns say")
}

fn refused(action: &'static str, reason: impl Into<Reason>) -> WarehouseError {
    WarehouseError::Refused { action, reason: reason.into() }
}

fn text(cells: &mut impl Iterator<Item = Cell>) -> Option<String> {
    if let Cell::Text(text) = cells.next()? { Some(text) } else { None }
}

fn parsed<T: FromStr>(cells: &mut impl Iterator<Item = Cell>) -> Option<T> {
    text(cells)?.parse().ok()
}
