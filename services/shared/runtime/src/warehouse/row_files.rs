//! Row files on their way out of the store, and what each of them has to be. For every warehouse.

use bytes::Bytes;
use everycent_domain::merge_plan::StagedFile;
use everycent_domain::objects::ObjectName;
use everycent_schemas::Day;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::tables::Table;

use super::WarehouseError;
use crate::failure::{Reason, Retryability, Retryable};
use crate::store::{Store, StoreError};

/// The file; none if it may be gone, and is.
pub(super) async fn read(store: &dyn Store, staged: &StagedFile) -> Result<Option<Bytes>, WarehouseError> {
    let file = &staged.file;
    let bad = |reason: Reason| WarehouseError::BadRows { object: file.object.clone(), reason };
    let body = match store.read(&name_of(staged)?).await {
        Ok(body) => body,
        Err(StoreError::NotFound(_)) if staged.may_be_gone => return Ok(None),
        Err(StoreError::NotFound(_)) => return Err(bad("it is not in the store".into())),
        Err(error) => return Err(not_read(error)),
    };
    match i64::try_from(body.len()) {
        Ok(length) if length == file.bytes => Ok(Some(body)),
        _ => Err(bad(format!("it has {} bytes, its event says {}", body.len(), file.bytes).into())),
    }
}

pub(super) fn name_of(staged: &StagedFile) -> Result<ObjectName, WarehouseError> {
    let object = &staged.file.object;
    object.parse().map_err(|e| WarehouseError::BadRows { object: object.clone(), reason: Reason::of(e) })
}

/// What an error of the store, other than that the file is not there, means to a merge.
pub(super) fn not_read(error: StoreError) -> WarehouseError {
    let (action, retryability, reason) = ("read rows", error.retryability(), Reason::of(error));
    match retryability {
        Retryability::Transient => WarehouseError::Unavailable { action, reason },
        Retryability::Permanent | Retryability::Impossible => WarehouseError::Refused { action, reason },
    }
}

/// Where a file keeps what tells the bucket of a row.
pub(super) struct BucketColumns {
    table: &'static Table,
    account: usize,
    /// A directory's row has no day of its own.
    day: Option<usize>,
    source: Option<usize>,
}

impl BucketColumns {
    pub fn of(table: &'static Table, in_file: &[String]) -> Result<Self, String> {
        let needed = |name: &str| {
            let place = in_file.iter().position(|column| column == name);
            place.ok_or_else(|| format!("it has no column {name}"))
        };
        let has_source = table.bucket.iter().any(|name| name == "source");
        Ok(Self {
            table,
            account: needed(table.account_column())?,
            day: table.partition.as_deref().map(needed).transpose()?,
            source: has_source.then(|| needed("source")).transpose()?,
        })
    }

    /// The row's day, if it has one. A row of another account or source than its batch's is refused.
    pub fn check(&self, cells: &[Cell], batch: &BatchNormalized) -> Result<Option<i64>, String> {
        if !is_text(&cells[self.account], batch.account_id.as_str()) {
            return Err(format!("it holds a row of another account than {}", batch.account_id));
        }
        if self.source.is_some_and(|place| !is_text(&cells[place], &batch.source)) {
            return Err(format!("it holds a row of another source than {}", batch.source));
        }
        match self.day.map(|place| &cells[place]) {
            None => Ok(None),
            Some(Cell::Integer(day)) => Ok(Some(*day)),
            Some(other) => Err(format!("column {} holds {other:?}", self.table.day_column())),
        }
    }
}

/// A day that the batch does not name.
pub(super) fn strange_day(day: i64) -> String {
    let text = i32::try_from(day).ok().and_then(Day::from_epoch_days).map_or(day.to_string(), |day| day.to_string());
    format!("it holds a row of {text}, a day that its event does not name")
}

pub(super) fn wrong_count(rows: i64, said: i64) -> String {
    format!("it has {rows} rows, its event says {said}")
}

fn is_text(cell: &Cell, text: &str) -> bool {
    matches!(cell, Cell::Text(told) if told == text)
}
