//! A merge: versions, plan, staging, and one script over coverage and every table that the batches feed.

use std::collections::BTreeMap;

use everycent_domain::identity::IdHasher;
use everycent_domain::merge_plan::{self, CoverageUpdate, MergeInput, MergePlan, Version};
use everycent_domain::sql::bigquery::merge_script;
use everycent_schemas::Timestamp;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::tables::{self, Table};

use super::connection::Connection;
use super::coverage::{self, Known};
use super::failure::Failure;
use super::query::script;
use super::stage::{self, Staged};
use crate::backoff;
use crate::failure::Reason;
use crate::store::Store;
use crate::warehouse::{MergeReport, Merged, TableChange, WarehouseError, bad_plan};

const ACTION: &str = "merge";

/// One merge of some batches.
pub(super) struct Merge<'a> {
    pub connection: &'a Connection,
    pub store: &'a dyn Store,
    pub input: MergeInput<'a>,
    pub merged_at: Timestamp,
}

impl Merge<'_> {
    pub async fn run(&self) -> Result<MergeReport, WarehouseError> {
        backoff::MERGE.retry(|| Box::pin(self.round()), Setback::passes).await.map_err(Setback::into_error)
    }

    /// Plans and merges. The parts of it are boxed, for together they are too large for the stack of a thread.
    async fn round(&self) -> Result<MergeReport, Setback> {
        let known = coverage::known(self.connection, self.input, self.now()).await?;
        let plan = merge_plan::plan(self.input, &known.recorded, &known.answers, self.now());
        let mut plan = plan.map_err(bad_plan)?;
        stage::forget_the_gone(self.store, &mut plan).await?;
        plan.derived.extend(coverage::touched_by_readings(self.connection, &plan.derived).await?);
        let has_files = plan.tables.iter().any(|table| !table.files.is_empty());
        let says_nothing = plan.coverage.is_empty() && plan.answers.is_empty();
        if says_nothing && plan.fills.is_empty() && plan.derived.is_empty() && !has_files {
            return Ok(report(plan, &BTreeMap::new()));
        }
        let staged = match Box::pin(stage::stage(self.connection, self.store, &plan, self.input.batches)).await {
            // Another loader has merged the same batches meanwhile, and deleted their files.
            Err(WarehouseError::BadRows { reason, .. } | WarehouseError::Refused { reason, .. })
                if self.has_changed(&known).await? =>
            {
                return Err(Setback::OvertakenBy(reason));
            }
            staged => staged?,
        };
        match self.merge(&plan, &staged, known.turn).await {
            Ok(changes) => {
                staged.drop_all(self.connection).await;
                Ok(report(plan, &changes))
            }
            // A staging table is gone: whoever merged the same batches has dropped it.
            Err(Failure::Concurrent(reason) | Failure::NotFound(reason)) => Err(Setback::OvertakenBy(reason)),
            Err(failure) => Err(failure.during(ACTION).into()),
        }
    }

    fn now(&self) -> Timestamp {
        merge_plan::time_of(self.input.batches, self.merged_at)
    }

    async fn has_changed(&self, known: &Known) -> Result<bool, WarehouseError> {
        Ok(coverage::known(self.connection, self.input, self.now()).await?.recorded != known.recorded)
    }

    /// Runs the script, once in its turn. A job of the same work that was done before counts only if coverage tells of
    /// it: somebody may have brought back older tables since.
    async fn merge(&self, plan: &MergePlan, staged: &Staged, turn: i64) -> Result<Changes, Failure> {
        let dataset = self.connection.name();
        let quoted = |table: &Table| self.connection.quoted(staged.name(table));
        let script_at = |at: Timestamp| merge_script(&dataset, turn, plan, self.input.batches, quoted, at);
        let id = IdHasher::new("merge").part(&script_at(Timestamp::from_micros(0))).finish();
        let (id, work) = (format!("merge_{}", id.hex().as_str()), script(&script_at(self.merged_at)));
        let mut done = self.connection.run(&id, &work, 0).await?;
        while done.joined && !self.is_recorded(plan).await? {
            done = self.connection.run(&id, &work, done.next).await?;
        }
        changes(self.connection.rows_of(&done.job_id).await?.rows)
    }

    /// Whether coverage tells of the plan, or of what came after it.
    async fn is_recorded(&self, plan: &MergePlan) -> Result<bool, Failure> {
        let known = coverage::known(self.connection, self.input, self.now()).await;
        let known = known.map_err(|error| Failure::MayPass(Reason::of(error)))?;
        let updates = &plan.coverage;
        Ok(!updates.is_empty() && updates.iter().all(|update| is_told(update, known.recorded.get(&update.bucket))))
    }
}

fn is_told(update: &CoverageUpdate, known: Option<&merge_plan::Known>) -> bool {
    let Some(known) = known else { return false };
    let newest = known.state.as_ref().and_then(|state| state.newest.as_ref());
    let rows = update.loaded.as_ref().is_none_or(|loaded| {
        let is_later = |there: &Version| {
            there.answer() != loaded.version.answer() || there.normalized_at >= loaded.version.normalized_at
        };
        known.loaded.as_ref().is_some_and(is_later)
    });
    newest >= update.judged.newest.as_ref() && rows
}

/// Why a round merged nothing.
enum Setback {
    /// Another loader changed the same tables meanwhile, so it has to be planned again.
    OvertakenBy(Reason),
    Failed(WarehouseError),
}

impl Setback {
    fn passes(&self) -> bool {
        let Self::OvertakenBy(reason) = self else { return false };
        tracing::debug!(reason = %reason, "another merge came first; planning again");
        true
    }

    fn into_error(self) -> WarehouseError {
        match self {
            Self::OvertakenBy(reason) => WarehouseError::Unavailable { action: ACTION, reason },
            Self::Failed(error) => error,
        }
    }
}

impl From<WarehouseError> for Setback {
    fn from(error: WarehouseError) -> Self {
        Self::Failed(error)
    }
}

/// Rows written and deleted, by table.
type Changes = BTreeMap<String, (u64, u64)>;

fn changes(rows: Vec<Vec<Cell>>) -> Result<Changes, Failure> {
    let change = |row: Vec<Cell>| match <[Cell; 3]>::try_from(row) {
        // A count below zero is one of tables that somebody changed by hand.
        Ok([Cell::Text(table), Cell::Integer(written), Cell::Integer(deleted)]) => {
            Ok((table, (u64::try_from(written).unwrap_or(0), u64::try_from(deleted).unwrap_or(0))))
        }
        other => Err(Failure::Refused(format!("the script of the merge answered {other:?}").into())),
    };
    let mut changes = Changes::new();
    for (table, (written, deleted)) in rows.into_iter().map(change).collect::<Result<Vec<_>, _>>()? {
        let of_table = changes.entry(table).or_default();
        *of_table = (of_table.0 + written, of_table.1 + deleted);
    }
    Ok(changes)
}

fn report(plan: MergePlan, changes: &Changes) -> MergeReport {
    let is_planned = |table: &Table| plan.tables.iter().any(|of| of.table.name == table.name);
    let touched = tables::all().iter().filter(|table| is_planned(table) || changes.contains_key(table.name));
    // What is remembered shows in the rows that are filled from it.
    let tables = touched.filter(|table| !table.is_beside()).map(|table| {
        let (written, deleted) = changes.get(table.name).copied().unwrap_or_default();
        TableChange { table: table.name, written, deleted }
    });
    let tables = tables.collect();
    let batches = plan.outcomes.into_iter().map(Merged::from).collect();
    MergeReport { batches, tables, replays: plan.replays }
}
