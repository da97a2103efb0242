//! Reading a row file without knowing its row type: cells in the order of the file's own columns.

use std::fmt;

use apache_avro::{Reader, Schema, reader::ReaderDeser};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::Usd;

/// One value of a row. Dates are days since 1970 and timestamps microseconds since then, as in Avro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Null,
    Boolean(bool),
    Integer(i64),
    Text(String),
    Money(Usd),
}

/// The file is no row file, or not a whole one.
#[derive(Debug, thiserror::Error)]
#[error("row file is unreadable: {0}")]
pub struct RowsUnreadable(String);

/// Iterates over the rows of a file.
pub struct RowFileReader<'a> {
    columns: Vec<String>,
    rows: ReaderDeser<'static, &'a [u8], Cells>,
}

impl<'a> RowFileReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, RowsUnreadable> {
        let reader: Reader<'static, &[u8]> =
            Reader::builder(bytes).human_readable(false).build().map_err(|e| RowsUnreadable(e.to_string()))?;
        let columns = match reader.writer_schema() {
            Schema::Record(record) => record.fields.iter().map(|field| field.name.clone()).collect(),
            _ => return Err(RowsUnreadable("its schema is not a record".into())),
        };
        Ok(Self { columns, rows: reader.into_deser_iter() })
    }

    /// Names of the columns, in the order of the cells.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

impl Iterator for RowFileReader<'_> {
    type Item = Result<Vec<Cell>, RowsUnreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.map(|cells| cells.0).map_err(|e| RowsUnreadable(e.to_string())))
    }
}

struct Cells(Vec<Cell>);

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Cells;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Cells, A::Error> {
        let mut cells = Vec::with_capacity(fields.size_hint().unwrap_or(40));
        while fields.next_key::<FieldName>()?.is_some() {
            cells.push(fields.next_value()?);
        }
        Ok(Cells(cells))
    }
}

/// A field's name, read past: the order of the columns is known from the schema.
struct FieldName;

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(FieldNameVisitor)
    }
}

struct FieldNameVisitor;

impl Visitor<'_> for FieldNameVisitor {
    type Value = FieldName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<FieldName, E> {
        Ok(FieldName)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, boolean, int, long, string or decimal")
    }

    fn visit_unit<E: Error>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Boolean(value))
    }

    fn visit_i32<E: Error>(self, value: i32) -> Result<Cell, E> {
        Ok(Cell::Integer(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Integer(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Cell, E> {
        Ok(Cell::Text(value))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Cell, E> {
        Usd::from_be_bytes(bytes).map(Cell::Money).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }
}
