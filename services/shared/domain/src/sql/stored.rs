//! Coverage and verdicts as rows: what a merge, a failed fetch and a check write, for every warehouse; and what a merge
//! reads of coverage before.
//!
//! The columns of a row come from the schema. Each value stands in a struct that is made from the same schema, so a new
//! column does not compile until it has one here.

use everycent_schemas::events::FetchFailed;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::stored::{CoverageRow, ReconciliationRow, StoredRow};
use everycent_schemas::tables::{self, Absence, Column, Group, Table};
use everycent_schemas::{CoverageState, Day, Timestamp};

use crate::acceptance::{AnswerId, State};
use crate::merge_plan::{CoverageUpdate, Known, Version};
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

/// What a merge writes of a bucket: whose rows it holds, and what is thought of its answers; or the latter alone.
pub(super) fn merge_groups(rows_change: bool) -> &'static [Group] {
    if rows_change { &[Group::Loaded, Group::Judged] } else { &[Group::Judged] }
}

/// The columns of coverage that a writer of these groups writes, in the order of the values.
pub(super) fn coverage_columns(groups: &[Group]) -> Vec<&'static Column> {
    table::<CoverageRow>().written_by(groups).collect()
}

/// What a merge writes of a bucket: a value for each of its columns. The state is the one without regard to failures.
pub fn merged_values(update: &CoverageUpdate, merged_at: Timestamp) -> Vec<Cell> {
    let CoverageUpdate { bucket, state, loaded, judged } = update;
    let loaded = loaded.as_ref();
    let version = loaded.map(|loaded| &loaded.version);
    let row = CoverageRow {
        source: bucket.source.clone(),
        account_id: bucket.account_id.clone(),
        activity_date: bucket.activity_date,
        state: *state,
        settled: loaded.map(|loaded| loaded.settled),
        fetched_at: version.map(|version| version.fetched_at),
        snapshot_id: version.map(|version| version.snapshot_id.clone()),
        normalized_at: version.map(|version| version.normalized_at),
        recipe: loaded.map(|loaded| loaded.recipe.clone()),
        rows: loaded.map(|loaded| loaded.rows),
        rejects: loaded.map(|loaded| loaded.rejects),
        amount_usd: loaded.and_then(|loaded| loaded.amount_usd),
        quantity: loaded.map(|loaded| loaded.quantity),
        merged_at: loaded.map(|_| merged_at),
        newest_fetched_at: judged.newest.as_ref().map(|newest| newest.fetched_at),
        newest_snapshot_id: judged.newest.as_ref().map(|newest| newest.snapshot_id.clone()),
        held_since: judged.held.as_ref().map(|(since, _)| *since),
        held: judged.held.as_ref().map(|(_, words)| words.clone()),
        judgement: Some(judged.judgement.clone()),
        failed_at: None,
        failure: None,
        remarks: loaded.map(|loaded| loaded.remarks),
    };
    values(&row, merge_groups(loaded.is_some()))
}

/// What a failed fetch writes of one of its days: a value for each of its columns.
pub fn failed_values(failure: &FetchFailed, day: Day) -> Vec<Cell> {
    let state = if failure.unavailable { CoverageState::Unavailable } else { CoverageState::Failed };
    let row = CoverageRow {
        failed_at: Some(failure.failed_at),
        failure: Some(failure.reason.clone()),
        ..CoverageRow::bare(&failure.source, &failure.account_id, day, state)
    };
    values(&row, &[Group::Failure])
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

/// The columns that say what is known of a bucket, in the order in which [`known`] takes their values.
pub(super) const KNOWN_COLUMNS: [&str; 10] = [
    "fetched_at",
    "snapshot_id",
    "normalized_at",
    "recipe",
    "settled",
    "newest_fetched_at",
    "newest_snapshot_id",
    "held_since",
    "held",
    "judgement",
];

/// What coverage says of a bucket, from a value for each of the [`KNOWN_COLUMNS`]. `None` where one is none of ours.
pub fn known(cells: Vec<Cell>) -> Option<Known> {
    let mut cells = cells.into_iter();
    let loaded = (time(cells.next()?)?, text(cells.next()?)?, time(cells.next()?)?);
    let recipe = text(cells.next()?)?;
    let settled = matches!(cells.next()?, Cell::Boolean(true) | Cell::Integer(1));
    let newest = (time(cells.next()?)?, text(cells.next()?)?);
    let held = (time(cells.next()?)?, text(cells.next()?)?);
    let judgement = text(cells.next()?)?;
    let loaded = match loaded {
        (Some(fetched_at), Some(snapshot_id), Some(normalized_at)) => {
            Some(Version { fetched_at, snapshot_id: snapshot_id.into(), normalized_at })
        }
        _ => None,
    };
    let answer = |fetched_at, snapshot_id: String| AnswerId { fetched_at, snapshot_id: snapshot_id.into() };
    let newest = newest.0.zip(newest.1).map(|(fetched_at, snapshot_id)| answer(fetched_at, snapshot_id));
    let loaded_id = loaded.as_ref().map(Version::answer);
    let state = match judgement {
        Some(text) => Some(State::from_text(&text, loaded_id, newest, held.0.zip(held.1))?),
        None => None,
    };
    Some(Known { loaded, recipe, settled, state })
}

/// The outer `None` is for a cell of another kind.
#[expect(clippy::option_option, reason = "a value that may be null, of a cell that may be wrong")]
fn text(cell: Cell) -> Option<Option<String>> {
    match cell {
        Cell::Null => Some(None),
        Cell::Text(text) => Some(Some(text)),
        _ => None,
    }
}

#[expect(clippy::option_option, reason = "as above")]
fn time(cell: Cell) -> Option<Option<Timestamp>> {
    match text(cell)? {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    }
}

fn values(row: &CoverageRow, groups: &[Group]) -> Vec<Cell> {
    let columns = table::<CoverageRow>().columns.iter();
    let written = columns.zip(row.cells()).filter(|(column, _)| column.group.is_none_or(|of| groups.contains(&of)));
    written.map(|(_, cell)| cell).collect()
}
