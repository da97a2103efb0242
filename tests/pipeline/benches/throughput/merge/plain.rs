//! The bar for a merge: the same rows by a prepared statement in one transaction, their values at hand as SQLite takes
//! them. No files, no versions, no coverage.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use everycent_domain::sql::sqlite::table_merge;
use everycent_runtime::store::Store;
use everycent_schemas::events::{BatchNormalized, RowFile};
use everycent_schemas::rowfile::{Cell, RowFileReader};
use everycent_schemas::tables::{self, Column, Kind, Table};
use everycent_schemas::{Day, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

const TABLE: &str = "cursor_usage_stats";
/// As safe as the warehouse's own connection, with a cache that has room for all of it.
const SETTINGS: &str = "PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;";

/// Rows with their values in the order of the table's columns.
pub struct PlainRows {
    table: &'static Table,
    rows: Vec<Vec<Value>>,
}

impl PlainRows {
    pub async fn read(store: &impl Store, batches: &[BatchNormalized]) -> anyhow::Result<Self> {
        let table = tables::find(TABLE).context("a table of the product")?;
        let mut rows = Vec::new();
        for file in batches.iter().flat_map(|batch| &batch.files) {
            ensure!(file.table == TABLE, "{} holds other rows", file.object);
            read_file(table, store, file, &mut rows).await?;
        }
        Ok(Self { table, rows })
    }

    pub fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Into the table of a new file, as the product makes it.
    pub async fn insert(&self, file: &Path) -> anyhow::Result<Duration> {
        drop(super::open(file).await?);
        let mut connection = Connection::open(file)?;
        connection.execute_batch(SETTINGS)?;
        let started = Instant::now();
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare(&table_merge(self.table).insert)?;
            for row in &self.rows {
                insert.execute(params_from_iter(row))?;
            }
        }
        transaction.commit()?;
        Ok(started.elapsed())
    }
}

async fn read_file(
    table: &Table,
    store: &impl Store,
    file: &RowFile,
    rows: &mut Vec<Vec<Value>>,
) -> anyhow::Result<()> {
    let bytes = store.read(&file.object.parse()?).await?;
    let reader = RowFileReader::new(&bytes)?;
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    ensure!(reader.columns() == columns, "the file has the columns of the table");
    for row in reader {
        let values = table.columns.iter().zip(row?).map(|(column, cell)| value(column, cell));
        rows.push(values.collect::<anyhow::Result<_>>()?);
    }
    Ok(())
}

fn value(column: &Column, cell: Cell) -> anyhow::Result<Value> {
    Ok(match (column.kind, cell) {
        (_, Cell::Null) => Value::Null,
        (Kind::Date, Cell::Integer(days)) => {
            let day = Day::from_epoch_days(i32::try_from(days)?).context("a day of the calendar")?;
            Value::Text(day.to_string())
        }
        (Kind::Timestamp, Cell::Integer(micros)) => Value::Text(Timestamp::from_micros(micros).to_string()),
        (_, Cell::Integer(number)) => Value::Integer(number),
        (_, Cell::Boolean(flag)) => Value::Integer(flag.into()),
        (_, Cell::Text(text)) => Value::Text(text),
        (_, Cell::Money(amount)) => Value::Integer(amount.nanos_i64()?),
    })
}
