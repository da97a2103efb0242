//! Rows from a row file into the table. The inner loop of every merge.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use everycent_domain::sql::key_order;
use everycent_domain::sql::sqlite::{TableMerge, keep, says_the_same};
use everycent_schemas::events::{BatchNormalized, RowFile};
use everycent_schemas::rowfile::{Cell, RowFileReader};
use everycent_schemas::tables::{Column, Kind, Table};
use everycent_schemas::{Day, Timestamp};
use rusqlite::types::Null;
use rusqlite::{Connection, Statement};

use super::errors::{is_about_the_row, named};
use crate::failure::Reason;
use crate::warehouse::WarehouseError;
use crate::warehouse::row_files::{BucketColumns, strange_day, wrong_count};

/// Where the rows of a day go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// Into a bucket that was empty, or into a table that keeps its rows.
    New,
    /// Into a bucket that holds rows, to be compared with.
    Known,
    /// A later answer has decided the bucket.
    Nowhere,
}

/// Takes the files of one table, one after another.
pub(super) struct Loader<'c> {
    path: &'c Path,
    table: &'static Table,
    insert: Statement<'c>,
    /// For a table that keeps its rows.
    says_the_same: Option<Statement<'c>>,
    known: Option<Known<'c>>,
    texts: Texts,
    written: u64,
    /// Days of the batch that is loaded, since epoch, of which rows changed.
    changed: BTreeSet<i64>,
}

/// What buckets that hold rows take.
struct Known<'c> {
    note: Statement<'c>,
    upsert: Statement<'c>,
}

impl<'c> Loader<'c> {
    /// `known` tells whether a bucket holds rows, and the table of noted keys is there.
    pub fn new(
        connection: &'c Connection,
        path: &'c Path,
        table: &'static Table,
        statements: &TableMerge,
        known: bool,
    ) -> Result<Self, WarehouseError> {
        let prepare = |sql: &str| connection.prepare(sql).map_err(named(path, "merge"));
        let prepare_known = || Ok(Known { note: prepare(&statements.note)?, upsert: prepare(&statements.upsert)? });
        Ok(Self {
            path,
            table,
            insert: prepare(&statements.insert)?,
            says_the_same: None,
            known: known.then(prepare_known).transpose()?,
            texts: Texts::default(),
            written: 0,
            changed: BTreeSet::new(),
        })
    }

    /// For a table that keeps its rows: each row is written unless a later answer wrote it before. One that says the
    /// same takes on where it came from, which is no change. Of a memory no changes are counted, so nothing is compared.
    pub fn keeping(
        connection: &'c Connection,
        path: &'c Path,
        table: &'static Table,
        now: Timestamp,
    ) -> Result<Self, WarehouseError> {
        let prepare = |sql: &str| connection.prepare(sql).map_err(named(path, "merge"));
        let insert = prepare(&keep(table, now))?;
        let says_the_same = (!table.is_memory()).then(|| prepare(&says_the_same(table))).transpose()?;
        let (texts, changed) = (Texts::default(), BTreeSet::new());
        Ok(Self { path, table, insert, says_the_same, known: None, texts, written: 0, changed })
    }

    /// Rows that changed the table so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Of the file that was loaded last, the days of which it changed a row.
    pub fn changed_days(&self) -> impl Iterator<Item = Day> {
        self.changed.iter().filter_map(|days| i32::try_from(*days).ok().and_then(Day::from_epoch_days))
    }

    /// Takes one file of a batch; `won` says where the days go that the batch decides.
    pub fn load(
        &mut self,
        batch: &BatchNormalized,
        file: &RowFile,
        won: impl Iterator<Item = (Day, Destination)>,
        bytes: &[u8],
    ) -> Result<(), WarehouseError> {
        let bad = |reason: Reason| WarehouseError::BadRows { object: file.object.clone(), reason };
        let reader = RowFileReader::new(bytes).map_err(|e| bad(Reason::of(e)))?;
        let columns = Columns::of(self.table, reader.columns()).map_err(|e| bad(e.into()))?;
        let days = Days::of(batch, won);
        let mut rows = 0_i64;
        self.changed.clear();
        for cells in reader {
            let cells = cells.map_err(|e| bad(Reason::of(e)))?;
            rows += 1;
            let day = columns.bucket.check(&cells, batch).map_err(|e| bad(e.into()))?;
            let destination = match day {
                Some(day) => days.destination(day).ok_or_else(|| bad(strange_day(day).into()))?,
                None => Destination::New,
            };
            let written = self.written;
            self.write(&columns, &cells, destination).map_err(|error| match error {
                NotWritten::Cell(reason) => bad(format!("row {rows}: {reason}").into()),
                NotWritten::Sql(error) if is_about_the_row(&error) => {
                    bad(Reason::of(error).reworded(|error| format!("row {rows}: {error}")))
                }
                NotWritten::Sql(error) => named(self.path, "merge")(error),
            })?;
            if self.written != written {
                self.changed.extend(day);
            }
        }
        if rows == file.rows { Ok(()) } else { Err(bad(wrong_count(rows, file.rows).into())) }
    }

    fn write(&mut self, columns: &Columns, cells: &[Cell], destination: Destination) -> Result<(), NotWritten> {
        let mut is_change = true;
        if let Some(says_the_same) = &mut self.says_the_same {
            bind(&columns.told, cells, says_the_same, &mut self.texts)?;
            let mut found = says_the_same.raw_query();
            is_change = found.next()?.is_none_or(|row| row.get::<_, bool>(0) != Ok(true));
        }
        let statement = match destination {
            Destination::New => &mut self.insert,
            Destination::Known => {
                let Known { note, upsert } =
                    self.known.as_mut().expect("invariant: a loader is told when a bucket holds rows");
                bind(&columns.key, cells, note, &mut self.texts)?;
                note.raw_execute()?;
                upsert
            }
            Destination::Nowhere => return Ok(()),
        };
        bind(&columns.all, cells, statement, &mut self.texts)?;
        let written = statement.raw_execute()? as u64;
        self.written += if is_change { written } else { 0 };
        Ok(())
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
    all: Vec<Source>,
    /// All but those of provenance.
    told: Vec<Source>,
    key: Vec<Source>,
    bucket: BucketColumns,
}

/// A column of the table and its place in the file; one that the file does not have is null.
type Source = (&'static Column, Option<usize>);

enum NotWritten {
    Cell(String),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for NotWritten {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Columns {
    fn of(table: &'static Table, in_file: &[String]) -> Result<Self, String> {
        let place = |name: &str| in_file.iter().position(|column| column == name);
        let told = table.columns.iter().filter(|column| !column.provenance);
        Ok(Self {
            all: table.columns.iter().map(|column| (column, place(&column.name))).collect(),
            told: told.map(|column| (column, place(&column.name))).collect(),
            key: key_order(table).into_iter().filter_map(|name| Some((table.column(name)?, place(name)))).collect(),
            bucket: BucketColumns::of(table, in_file)?,
        })
    }
}

/// Binds the sources one after another.
fn bind(
    sources: &[Source],
    cells: &[Cell],
    statement: &mut Statement<'_>,
    texts: &mut Texts,
) -> Result<(), NotWritten> {
    for ((column, place), parameter) in sources.iter().zip(1..) {
        let cell = place.map_or(&Cell::Null, |place| &cells[place]);
        let strange = || NotWritten::Cell(format!("column {} holds {cell:?}", column.name));
        match (column.kind, cell) {
            (_, Cell::Null) => statement.raw_bind_parameter(parameter, Null),
            (Kind::Text, Cell::Text(text)) => statement.raw_bind_parameter(parameter, text),
            (Kind::Integer, Cell::Integer(value)) => statement.raw_bind_parameter(parameter, value),
            (Kind::Boolean, Cell::Boolean(value)) => statement.raw_bind_parameter(parameter, value),
            (Kind::Date, Cell::Integer(days)) => {
                statement.raw_bind_parameter(parameter, texts.day(*days).ok_or_else(strange)?)
            }
            (Kind::Timestamp, Cell::Integer(micros)) => {
                statement.raw_bind_parameter(parameter, texts.timestamp(*micros))
            }
            (Kind::Money, Cell::Money(amount)) => {
                let nanos = amount.nanos_i64().map_err(|_| strange())?;
                statement.raw_bind_parameter(parameter, nanos)
            }
            _ => return Err(strange()),
        }?;
    }
    Ok(())
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
