//! The columns of a table in the file, and those that its schema asks for.

use everycent_domain::sql::sqlite::{stored_name, type_name};
use everycent_schemas::tables::{Column, Table};
use rusqlite::Connection;

use crate::warehouse::columns::Stored;

/// The columns of a table in the file; none if there is no such table.
pub(super) fn found(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Stored>> {
    let mut statement = connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
    let rows = statement.query_map([table], |row| {
        let kind: String = row.get(1)?;
        Ok(stored(row.get(0)?, &kind, !row.get::<_, bool>(2)?, row.get::<_, i64>(3)? > 0))
    })?;
    rows.collect()
}

/// The columns that the schema asks for.
pub(super) fn wanted(table: &Table) -> Vec<Stored> {
    let wanted = |column: &Column| {
        stored(stored_name(column), type_name(column.kind), column.nullable, table.key.contains(&column.name))
    };
    table.columns.iter().map(wanted).collect()
}

fn stored(name: String, kind: &str, nullable: bool, in_key: bool) -> Stored {
    let null = if nullable { "" } else { " NOT NULL" };
    let key = if in_key { " in the key" } else { "" };
    Stored { name, definition: format!("{kind}{null}{key}"), nullable }
}
