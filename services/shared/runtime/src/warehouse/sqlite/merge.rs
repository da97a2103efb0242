//! A merge: one transaction over coverage and every table that the batches feed.

use std::collections::BTreeSet;
use std::path::Path;

use everycent_domain::bucket::BucketId;
use everycent_domain::merge_plan::{self, Fill, MergeInput, MergePlan, StagedFile, TablePlan};
use everycent_domain::sql::sqlite::{self as sql, TableMerge, table_merge};
use everycent_schemas::Timestamp;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::tables::{self, Absence, Table};
use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior, params_from_iter};

use super::errors::named;
use super::feed::Files;
use super::load::{Destination, Loader};
use super::{answers, coverage, derive};
use crate::warehouse::{MergeReport, Merged, TableChange, WarehouseError, bad_plan};

const ACTION: &str = "merge";

pub(super) fn merge(
    connection: &mut Connection,
    path: &Path,
    input: MergeInput<'_>,
    mut files: Files,
    merged_at: Timestamp,
) -> Result<MergeReport, WarehouseError> {
    let failed = named(path, ACTION);
    let batches = input.batches;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let now = merge_plan::time_of(batches, merged_at);
    let recorded = coverage::recorded(&transaction, path, &input.buckets_to_look_up(now))?;
    let read = answers::read(&transaction, path, &input.buckets_to_read(&recorded, now))?;
    let plan = merge_plan::plan(input, &recorded, &read, now).map_err(bad_plan)?;
    files.ask(files_of(&plan));
    let mut to_derive = derive::not_current(&transaction, &plan.derived).map_err(failed)?;
    let mut tables: Vec<TableChange> = Vec::new();
    for table in &plan.tables {
        let mut work =
            TableWork { transaction: &transaction, path, batches, plan: table, now, changed: BTreeSet::new() };
        tables.push(work.run(&mut files)?);
        to_derive.extend(work.changed);
    }
    for fill in &plan.fills {
        count(&mut tables, filled(&transaction, fill, now, &mut to_derive).map_err(failed)?);
    }
    coverage::record_merged(&transaction, path, &plan.coverage, merged_at, now)?;
    answers::record(&transaction, path, &plan)?;
    to_derive.extend(derive::touched(&transaction, &to_derive).map_err(failed)?);
    derive::derive(&transaction, path, &to_derive, &plan.derived)?;
    transaction.commit().map_err(failed)?;
    // What is remembered shows in the rows that are filled from it.
    tables.retain(|change| tables::find(change.table).is_none_or(|table| !table.is_beside()));
    let batches = plan.outcomes.into_iter().map(Merged::from).collect();
    Ok(MergeReport { batches, tables, replays: plan.replays })
}

fn files_of(plan: &MergePlan) -> Vec<StagedFile> {
    plan.tables.iter().flat_map(|table| table.files.iter().cloned()).collect()
}

/// Fills a sticky column again, once all rows are there; notes the buckets that changed.
fn filled(
    connection: &Connection,
    fill: &Fill,
    now: Timestamp,
    changed: &mut BTreeSet<BucketId>,
) -> rusqlite::Result<TableChange> {
    let table = tables::find(fill.table).expect("invariant: a plan is of shipped tables");
    let mut statement = connection.prepare(&sql::fill(table, now))?;
    let mut written = 0;
    for bucket in &fill.buckets {
        let of_bucket = statement.execute(params_from_iter(bucket_of(table, bucket)))? as u64;
        changed.extend((of_bucket > 0).then(|| bucket.clone()));
        written += of_bucket;
    }
    Ok(TableChange { table: table.name, written, deleted: 0 })
}

/// Counts the change of a table together with the others of it.
fn count(changes: &mut Vec<TableChange>, more: TableChange) {
    match changes.iter_mut().find(|change| change.table == more.table) {
        Some(change) => change.written += more.written,
        None => changes.push(more),
    }
}

/// The values of a table's bucket columns.
fn bucket_of<'b>(table: &'b Table, bucket: &'b BucketId) -> impl Iterator<Item = Box<dyn ToSql + 'b>> {
    table.bucket.iter().map(move |column| -> Box<dyn ToSql + 'b> {
        match column.as_str() {
            "source" => Box::new(bucket.source.as_str()),
            day if day == table.day_column() => Box::new(bucket.activity_date.to_string()),
            _ => Box::new(bucket.account_id.as_str()),
        }
    })
}

/// The part of a merge that is about one table.
struct TableWork<'a> {
    transaction: &'a Transaction<'a>,
    path: &'a Path,
    batches: &'a [BatchNormalized],
    plan: &'a TablePlan,
    now: Timestamp,
    /// Buckets of which rows changed.
    changed: BTreeSet<BucketId>,
}

impl TableWork<'_> {
    fn run(&mut self, files: &mut Files) -> Result<TableChange, WarehouseError> {
        match self.plan.table.absence {
            Absence::Delete => self.replace_buckets(files),
            Absence::Keep => self.keep_rows(files),
        }
    }

    fn replace_buckets(&mut self, files: &mut Files) -> Result<TableChange, WarehouseError> {
        let failed = named(self.path, ACTION);
        let statements = table_merge(self.plan.table);
        let occupied = self.occupied(&statements).map_err(failed)?;
        if !occupied.contains(&true) {
            let written = self.load(&statements, &occupied, files)?;
            return Ok(TableChange { table: self.plan.table.name, written, deleted: 0 });
        }
        self.transaction.execute_batch(&statements.create_noted).map_err(failed)?;
        let written = self.load(&statements, &occupied, files)?;
        let deleted = self.delete(&statements, &occupied).map_err(failed)?;
        self.transaction.execute_batch(&statements.drop_noted).map_err(failed)?;
        Ok(TableChange { table: self.plan.table.name, written, deleted })
    }

    /// For each won bucket, whether the table holds rows of it.
    fn occupied(&self, statements: &TableMerge) -> rusqlite::Result<Vec<bool>> {
        let mut is_occupied = self.transaction.prepare(&statements.is_occupied)?;
        let buckets = self.plan.won.iter().map(|won| self.bucket(&won.bucket));
        buckets.map(|bucket| is_occupied.query_row(params_from_iter(bucket), |row| row.get(0))).collect()
    }

    /// Reads the files; gives the number of rows that changed the table.
    fn load(&mut self, statements: &TableMerge, occupied: &[bool], files: &mut Files) -> Result<u64, WarehouseError> {
        let mut loader =
            Loader::new(self.transaction, self.path, self.plan.table, statements, occupied.contains(&true))?;
        for staged in &self.plan.files {
            let of_batch = self.plan.won.iter().zip(occupied).filter(|(won, _)| won.batch == staged.batch);
            let destinations = of_batch.map(|(won, occupied)| {
                let destination = if *occupied { Destination::Known } else { Destination::New };
                (won.bucket.activity_date, destination)
            });
            if let Some(bytes) = files.next()? {
                let batch = &self.batches[staged.batch];
                loader.load(batch, &staged.file, destinations, &bytes)?;
                self.changed.extend(loader.changed_days().map(|day| BucketId::of_batch(batch, day)));
            }
        }
        Ok(loader.written())
    }

    fn keep_rows(&self, files: &mut Files) -> Result<TableChange, WarehouseError> {
        let mut loader = Loader::keeping(self.transaction, self.path, self.plan.table, self.now)?;
        for staged in &self.plan.files {
            let batch = &self.batches[staged.batch];
            let days = batch.buckets.iter().map(|bucket| (bucket.activity_date, Destination::New));
            if let Some(bytes) = files.next()? {
                loader.load(batch, &staged.file, days, &bytes)?;
            }
        }
        Ok(TableChange { table: self.plan.table.name, written: loader.written(), deleted: 0 })
    }

    fn delete(&mut self, statements: &TableMerge, occupied: &[bool]) -> rusqlite::Result<u64> {
        let mut delete = self.transaction.prepare(&statements.delete)?;
        let mut deleted = 0;
        for (won, _) in self.plan.won.iter().zip(occupied).filter(|(_, occupied)| **occupied) {
            let of_bucket = delete.execute(params_from_iter(self.bucket(&won.bucket)))? as u64;
            self.changed.extend((of_bucket > 0).then(|| won.bucket.clone()));
            deleted += of_bucket;
        }
        Ok(deleted)
    }

    fn bucket<'b>(&self, bucket: &'b BucketId) -> impl Iterator<Item = Box<dyn ToSql + 'b>> {
        bucket_of(self.plan.table, bucket)
    }
}
