//! Rows from a row file into the table or its staging table. The inner loop of every merge: it copies no text.

use std::collections::BTreeMap;
use std::path::Path;

use everycent_domain::sql::sqlite::TableMerge;
use everycent_schemas::events::{BatchNormalized, RowFile};
use everycent_schemas::rowfile::{CellRef, RowFileReader};
use everycent_schemas::tables::{Kind, Table};
use everycent_schemas::{Day, Timestamp};
use rusqlite::types::Null;
use rusqlite::{Connection, Statement};

use super::errors::{is_about_the_row, named};
use crate::warehouse::WarehouseError;

/// Where the rows of a day go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// The bucket is empty: straight into the table.
    Table,
    /// It holds rows, to be compared with.
    Staging,
    /// A later answer has decided it.
    Nowhere,
}

/// Takes the files of one table, one after another.
pub(super) struct Loader<'c> {
    path: &'c Path,
    table: &'static Table,
    insert: Statement<'c>,
    stage: Option<Statement<'c>>,
    texts: Texts,
    inserted: u64,
}

impl<'c> Loader<'c> {
    pub fn new(
        connection: &'c Connection,
        path: &'c Path,
        table: &'static Table,
        statements: &TableMerge,
        staging: bool,
    ) -> Result<Self, WarehouseError> {
        let prepare = |sql: &str| connection.prepare(sql).map_err(named(path, "merge"));
        Ok(Self {
            path,
            table,
            insert: prepare(&statements.insert)?,
            stage: staging.then(|| prepare(&statements.stage)).transpose()?,
            texts: Texts::default(),
            inserted: 0,
        })
    }

    /// Rows that went straight into the table so far.
    pub fn inserted(&self) -> u64 {
        self.inserted
    }

    /// Takes one file of a batch; `won` says where the days go that the batch decides.
    pub fn load(
        &mut self,
        batch: &BatchNormalized,
        file: &RowFile,
        won: impl Iterator<Item = (Day, Destination)>,
        bytes: &[u8],
    ) -> Result<(), WarehouseError> {
        let bad = |reason: String| WarehouseError::BadRows { object: file.object.clone(), reason };
        let mut reader = RowFileReader::new(bytes).map_err(|e| bad(e.to_string()))?;
        let columns = Columns::of(self.table, reader.columns()).map_err(bad)?;
        let days = Days::of(batch, won);
        let mut rows = 0_i64;
        while let Some(cells) = reader.next_row().map_err(|e| bad(e.to_string()))? {
            rows += 1;
            let day = columns.check_bucket(&cells, batch).map_err(bad)?;
            let destination = days.destination(day).ok_or_else(|| bad(columns.strange_day(day)))?;
            let statement = match destination {
                Destination::Table => &mut self.insert,
                Destination::Staging => self.stage.as_mut().expect("invariant: an occupied bucket has a staging table"),
                Destination::Nowhere => continue,
            };
            columns.bind(&cells, statement, &mut self.texts).map_err(|e| match e {
                NotBound::Cell(reason) => bad(reason),
                NotBound::Sql(error) => named(self.path, "merge")(error),
            })?;
            statement.raw_execute().map_err(|error| match is_about_the_row(&error) {
                true => bad(format!("row {rows}: {error}")),
                false => named(self.path, "merge")(error),
            })?;
            self.inserted += u64::from(destination == Destination::Table);
        }
        if rows == file.rows { Ok(()) } else { Err(bad(format!("it has {rows} rows, its event says {}", file.rows))) }
    }
}

/// Where the rows of each day of a batch go, in order of day.
struct Days(Vec<(i64, Destination)>);

impl Days {
    fn of(batch: &BatchNormalized, won: impl Iterator<Item = (Day, Destination)>) -> Self {
        let said = batch.buckets.iter().map(|bucket| (bucket.activity_date, Destination::Nowhere));
        let all: BTreeMap<Day, Destination> = said.chain(won).collect();
        Self(all.into_iter().map(|(day, to)| (day.epoch_days().into(), to)).collect())
    }

    fn destination(&self, day: i64) -> Option<Destination> {
        self.0.binary_search_by_key(&day, |(day, _)| *day).ok().map(|place| self.0[place].1)
    }
}

/// How the columns of a table lie in a file.
struct Columns {
    table: &'static Table,
    /// For each column of the table its place in the file; one that the file does not have is null.
    places: Vec<Option<usize>>,
    account: usize,
    day: usize,
    source: Option<usize>,
}

enum NotBound {
    Cell(String),
    Sql(rusqlite::Error),
}

impl Columns {
    fn of(table: &'static Table, in_file: &[String]) -> Result<Self, String> {
        let place = |name: &str| in_file.iter().position(|column| column == name);
        let needed = |name: &str| place(name).ok_or_else(|| format!("it has no column {name}"));
        let has_source = table.bucket.iter().any(|name| name == "source");
        Ok(Self {
            table,
            places: table.columns.iter().map(|column| place(&column.name)).collect(),
            account: needed(table.account_column())?,
            day: needed(&table.partition)?,
            source: has_source.then(|| needed("source")).transpose()?,
        })
    }

    /// The row's day. A row of another account or source than its batch's is refused.
    fn check_bucket(&self, cells: &[CellRef<'_>], batch: &BatchNormalized) -> Result<i64, String> {
        if cells[self.account] != CellRef::Text(&batch.account_id) {
            return Err(format!("it holds a row of another account than {}", batch.account_id));
        }
        if self.source.is_some_and(|place| cells[place] != CellRef::Text(&batch.source)) {
            return Err(format!("it holds a row of another source than {}", batch.source));
        }
        match cells[self.day] {
            CellRef::Integer(day) => Ok(day),
            other => Err(format!("column {} holds {other:?}", self.table.partition)),
        }
    }

    fn strange_day(&self, day: i64) -> String {
        let text =
            i32::try_from(day).ok().and_then(Day::from_epoch_days).map_or(day.to_string(), |day| day.to_string());
        format!("it holds a row of {text}, a day that its event does not name")
    }

    fn bind(&self, cells: &[CellRef<'_>], statement: &mut Statement<'_>, texts: &mut Texts) -> Result<(), NotBound> {
        for ((column, place), parameter) in self.table.columns.iter().zip(&self.places).zip(1..) {
            let cell = place.map_or(CellRef::Null, |place| cells[place]);
            let strange = || NotBound::Cell(format!("column {} holds {cell:?}", column.name));
            match (column.kind, cell) {
                (_, CellRef::Null) => statement.raw_bind_parameter(parameter, Null),
                (Kind::Text, CellRef::Text(text)) => statement.raw_bind_parameter(parameter, text),
                (Kind::Integer, CellRef::Integer(value)) => statement.raw_bind_parameter(parameter, value),
                (Kind::Boolean, CellRef::Boolean(value)) => statement.raw_bind_parameter(parameter, value),
                (Kind::Date, CellRef::Integer(days)) => {
                    statement.raw_bind_parameter(parameter, texts.day(days).ok_or_else(strange)?)
                }
                (Kind::Timestamp, CellRef::Integer(micros)) => {
                    statement.raw_bind_parameter(parameter, texts.timestamp(micros))
                }
                (Kind::Money, CellRef::Money(amount)) => {
                    let nanos = amount.nanos_i64().map_err(|_| strange())?;
                    statement.raw_bind_parameter(parameter, nanos)
                }
                _ => return Err(strange()),
            }
            .map_err(NotBound::Sql)?;
        }
        Ok(())
    }
}

/// Days and instants as text. Neighbouring rows share them, so the last few are kept.
#[derive(Default)]
struct Texts {
    day: Option<(i64, String)>,
    timestamps: [Option<(i64, String)>; 2],
}

impl Texts {
    fn day(&mut self, days: i64) -> Option<&str> {
        if self.day.as_ref().is_none_or(|(kept, _)| *kept != days) {
            let day = i32::try_from(days).ok().and_then(Day::from_epoch_days)?;
            self.day = Some((days, day.to_string()));
        }
        self.day.as_ref().map(|(_, text)| text.as_str())
    }

    /// A row has two instants, so the one before the last is worth keeping too.
    fn timestamp(&mut self, micros: i64) -> &str {
        let is_kept = |kept: &Option<(i64, String)>| kept.as_ref().is_some_and(|(kept, _)| *kept == micros);
        if !is_kept(&self.timestamps[0]) {
            self.timestamps.swap(0, 1);
        }
        if !is_kept(&self.timestamps[0]) {
            self.timestamps[0] = None;
        }
        let (_, text) = self.timestamps[0].get_or_insert_with(|| (micros, Timestamp::from_micros(micros).to_string()));
        text
    }
}
