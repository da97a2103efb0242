//! The answers about buckets, and what became of each.

use std::collections::BTreeSet;
use std::path::Path;

use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::{Answers, MergePlan};
use everycent_domain::sql::sqlite as sql;
use everycent_schemas::stored::{AnswerRow, StoredRow, UnreadableRow};
use rusqlite::{Connection, params_from_iter};

use super::coverage::{bucket_values, execute};
use super::errors::named;
use super::query;
use crate::failure::Reason;
use crate::warehouse::WarehouseError;

const ACTION: &str = "merge";

/// All answers about the buckets.
pub(super) fn read(
    connection: &Connection,
    path: &Path,
    buckets: &BTreeSet<BucketId>,
) -> Result<Answers, WarehouseError> {
    let failed = named(path, ACTION);
    let unreadable = |error: UnreadableRow| WarehouseError::Refused { action: ACTION, reason: Reason::of(error) };
    let mut statement = connection.prepare(&sql::answers_of_bucket()).map_err(failed)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut answers = Answers::new();
    for bucket in buckets {
        let mut found = statement.query(bucket_values(bucket)).map_err(failed)?;
        let of_bucket = answers.entry(bucket.clone()).or_default();
        while let Some(row) = found.next().map_err(failed)? {
            of_bucket.push(AnswerRow::from_cells(query::cells(row, &columns)?).map_err(unreadable)?);
        }
    }
    Ok(answers)
}

/// Writes what the plan says of answers.
pub(super) fn record(connection: &Connection, path: &Path, plan: &MergePlan) -> Result<(), WarehouseError> {
    let failed = named(path, ACTION);
    let mut store = connection.prepare(&sql::store_answer()).map_err(failed)?;
    for answer in &plan.answers {
        execute(&mut store, answer.cells(), ACTION, path)?;
    }
    let mut supersede = connection.prepare(&sql::supersede_answers()).map_err(failed)?;
    for (bucket, accepted) in &plan.superseding {
        let accepted = [accepted.fetched_at.to_string(), accepted.snapshot_id.to_string()];
        supersede.execute(params_from_iter(bucket_values(bucket).into_iter().chain(accepted))).map_err(failed)?;
    }
    let mut delete = connection.prepare(&sql::delete_answer()).map_err(failed)?;
    for (bucket, snapshots) in &plan.thinned {
        for snapshot in snapshots {
            let line = bucket_values(bucket).into_iter().chain([snapshot.to_string()]);
            delete.execute(params_from_iter(line)).map_err(failed)?;
        }
    }
    Ok(())
}
