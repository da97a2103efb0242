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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use apache_avro::{Codec, Schema, Writer, types::Value};

    use super::*;

    const SCHEMA: &str = r#"{"type": "record", "name": "R", "fields": [
        {"name": "text", "type": ["null", "string"]},
        {"name": "count", "type": ["long", "null"]},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "yes", "type": "boolean"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}"#;

    fn file(codec: Codec, rows: i64) -> Vec<u8> {
        let schema = Schema::parse_str(SCHEMA).unwrap();
        let mut writer =
            Writer::builder().schema(&schema).writer(Vec::new()).codec(codec).block_size(64).build().unwrap();
        for row in 0..rows {
            let text = match row % 2 {
                0 => Value::Union(0, Box::new(Value::Null)),
                _ => Value::Union(1, Box::new(Value::String(format!("grün {row}")))),
            };
            let record = vec![
                ("text".to_owned(), text),
                ("count".to_owned(), Value::Union(0, Box::new(Value::Long(row * -1_000_000_007)))),
                ("day".to_owned(), Value::Date(-3)),
                ("yes".to_owned(), Value::Boolean(row % 3 == 0)),
                ("at".to_owned(), Value::TimestampMicros(i64::MIN + row)),
            ];
            writer.append_value(Value::Record(record)).unwrap();
        }
        writer.into_inner().unwrap()
    }

    #[test]
    fn what_the_avro_library_wrote_is_read_whole_over_many_blocks() {
        for codec in [Codec::Null, Codec::Snappy] {
            let bytes = file(codec, 100);
            let rows: Vec<Vec<Cell>> = RowFileReader::new(&bytes).unwrap().map(Result::unwrap).collect();
            assert_eq!(rows.len(), 100);
            for (index, row) in (0..100_i64).zip(&rows) {
                let text = if index % 2 == 0 { Cell::Null } else { Cell::Text(format!("grün {index}")) };
                let count = Cell::Integer(index * -1_000_000_007);
                let at = Cell::Integer(i64::MIN + index);
                assert_eq!(row, &[text, count, Cell::Integer(-3), Cell::Boolean(index % 3 == 0), at]);
            }
        }
    }

    #[test]
    fn damage_and_cuts_are_errors_and_never_panics() {
        let whole = file(Codec::Snappy, 20);
        let read = |bytes: &[u8]| RowFileReader::new(bytes).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let marker = &whole[whole.len() - 16..];
        let header = whole.windows(16).position(|bytes| bytes == marker).unwrap() + 16;
        for index in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[index] ^= 0x55;
            let outcome = read(&damaged);
            assert!(outcome.is_err() || index < header, "byte {index} changed unseen");
            let _ = read(&whole[..index]);
        }
    }

    #[test]
    fn a_file_of_something_else_is_named_as_such() {
        for bytes in [&b""[..], b"Obj", b"{\"data\": []}", b"Obj\x01"] {
            assert!(RowFileReader::new(bytes).is_err());
        }
        let schema = Schema::parse_str("\"string\"").unwrap();
        let mut writer = Writer::new(&schema, Vec::new()).unwrap();
        writer.append_value("x").unwrap();
        let bytes = writer.into_inner().unwrap();
        let error = RowFileReader::new(&bytes).err().unwrap();
        assert_eq!(error.to_string(), "row file is unreadable: its schema is not a record");
    }
}
