//! Reading a row file without knowing its row type: cells in the order of the file's own columns.
//!
//! Cells are borrowed from the block that they lie in, because a merge reads millions of them.

mod container;
mod record;

use container::Container;
use record::Field;

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

/// A [`Cell`] that borrows its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellRef<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Text(&'a str),
    Money(Usd),
}

impl From<CellRef<'_>> for Cell {
    fn from(cell: CellRef<'_>) -> Self {
        match cell {
            CellRef::Null => Self::Null,
            CellRef::Boolean(value) => Self::Boolean(value),
            CellRef::Integer(value) => Self::Integer(value),
            CellRef::Text(text) => Self::Text(text.to_owned()),
            CellRef::Money(amount) => Self::Money(amount),
        }
    }
}

/// The file is no row file, or not a whole one.
#[derive(Debug, thiserror::Error)]
#[error("row file is unreadable: {0}")]
pub struct RowsUnreadable(String);

/// Iterates over the rows of a file; holds one decompressed block of it.
pub struct RowFileReader<'a> {
    columns: Vec<String>,
    fields: Vec<Field>,
    container: Container<'a>,
    block: Vec<u8>,
    /// Where the next row begins in the block.
    offset: usize,
    /// Rows left in the block.
    left: u64,
}

impl<'a> RowFileReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, RowsUnreadable> {
        let (container, schema) = Container::open(bytes).map_err(RowsUnreadable)?;
        let (columns, fields) = record::fields(&schema).map_err(RowsUnreadable)?;
        Ok(Self { columns, fields, container, block: Vec::new(), offset: 0, left: 0 })
    }

    /// Names of the columns, in the order of the cells.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next row, or `None` after the last. After an error there is nothing more to read.
    pub fn next_row(&mut self) -> Result<Option<Vec<CellRef<'_>>>, RowsUnreadable> {
        if !self.has_row().map_err(RowsUnreadable)? {
            return Ok(None);
        }
        let mut rest = &self.block[self.offset..];
        let cells = self.fields.iter().map(|field| field.read(&mut rest)).collect::<Result<_, _>>();
        self.left -= 1;
        self.offset = self.block.len() - rest.len();
        cells.map(Some).map_err(RowsUnreadable)
    }

    /// Goes on to the next block that holds a row, if this one is read.
    fn has_row(&mut self) -> Result<bool, String> {
        while self.left == 0 {
            if self.offset != self.block.len() {
                return Err(format!("{} bytes too many in a block", self.block.len() - self.offset));
            }
            match self.container.next_block()? {
                Some(block) => (self.block, self.left, self.offset) = (block.bytes, block.rows, 0),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl Iterator for RowFileReader<'_> {
    type Item = Result<Vec<Cell>, RowsUnreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.next_row().transpose()?;
        Some(row.map(|cells| cells.into_iter().map(Cell::from).collect()))
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
