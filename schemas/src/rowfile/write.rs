//! Writing a row file in memory, row by row.

mod positional;

use apache_avro::{Codec, Writer};
use positional::Positional;

use crate::rows::Row;
use crate::tables::{self, Table};

/// Collects rows of one table into one Avro object file.
pub struct RowFileWriter {
    table: &'static Table,
    writer: Writer<'static, Vec<u8>>,
    rows: usize,
}

impl RowFileWriter {
    pub fn new<R: Row>() -> Self {
        Self::into::<R>(Vec::new())
    }

    /// Writes the file into an empty vector, whose room may have been chosen.
    pub fn into<R: Row>(room: Vec<u8>) -> Self {
        let table = tables::find(R::TABLE).expect("invariant: a row type names a shipped table");
        let writer = Writer::builder()
            .schema(&table.schema)
            .writer(room)
            .codec(Codec::Snappy)
            .block_size(64 << 10)
            .human_readable(false)
            .build()
            .expect("invariant: a shipped schema has no unresolved names");
        Self { table, writer, rows: 0 }
    }

    /// Adds a row. All rows of a file are of the type that it was made for.
    pub fn append<R: Row>(&mut self, row: &R) {
        assert_eq!(R::TABLE, self.table.name, "invariant: one file, one table");
        self.writer.append_ser(Positional(row)).expect("invariant: a row type is made from its schema");
        self.rows += 1;
    }

    pub fn table(&self) -> &'static str {
        self.table.name
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes written so far, the last unfinished block not counted.
    pub fn bytes(&self) -> usize {
        self.writer.get_ref().len()
    }

    /// The bytes of the file.
    pub fn finish(self) -> Vec<u8> {
        self.writer.into_inner().expect("invariant: writing to memory does not fail")
    }
}
