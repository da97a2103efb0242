//! Whether a table in the file has the columns of its schema.

use std::fmt;

use everycent_domain::sql::{sqlite_type, stored_name};
use everycent_schemas::tables::{Column, Table};
use rusqlite::Connection;

/// A column as the file has it, or as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub name: String,
    kind: String,
    pub nullable: bool,
    in_key: bool,
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let null = if self.nullable { "" } else { " NOT NULL" };
        let key = if self.in_key { " in the key" } else { "" };
        write!(f, "{} {}{null}{key}", self.name, self.kind)
    }
}

/// The columns of a table in the file; none if there is no such table.
pub(super) fn found(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Stored>> {
    let mut statement = connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
    let rows = statement.query_map([table], |row| {
        Ok(Stored {
            name: row.get(0)?,
            kind: row.get(1)?,
            nullable: !row.get::<_, bool>(2)?,
            in_key: row.get::<_, i64>(3)? > 0,
        })
    })?;
    rows.collect()
}

/// The columns that the schema asks for.
pub(super) fn wanted(table: &Table) -> Vec<Stored> {
    let stored = |column: &Column| Stored {
        name: stored_name(column),
        kind: sqlite_type(column.kind).to_owned(),
        nullable: column.nullable,
        in_key: table.key.contains(&column.name),
    };
    table.columns.iter().map(stored).collect()
}

/// What separates a table from its schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Difference {
    /// Nullable columns that can simply be added.
    pub addable: Vec<Stored>,
    /// Everything else, in words.
    pub conflicts: Vec<String>,
}

pub(super) fn difference(found: &[Stored], wanted: &[Stored]) -> Difference {
    let mut difference = Difference::default();
    for column in wanted {
        match found.iter().find(|there| there.name == column.name) {
            Some(there) if there == column => {}
            Some(there) => difference.conflicts.push(format!("has `{there}`, wants `{column}`")),
            None if column.nullable => difference.addable.push(column.clone()),
            None => difference.conflicts.push(format!("lacks `{column}`")),
        }
    }
    let unknown = found.iter().filter(|there| wanted.iter().all(|column| column.name != there.name));
    difference.conflicts.extend(unknown.map(|there| format!("has `{there}`, which is not known here")));
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, nullable: bool) -> Stored {
        Stored { name: name.into(), kind: kind.into(), nullable, in_key: false }
    }

    #[test]
    fn only_a_missing_nullable_column_can_be_added() {
        let found = [column("a", "TEXT", false), column("b", "TEXT", true), column("x", "TEXT", true)];
        let wanted = [
            column("a", "TEXT", false),
            column("b", "INTEGER", true),
            column("c", "TEXT", true),
            column("d", "TEXT", false),
        ];
        let difference = difference(&found, &wanted);
        assert_eq!(difference.addable, [column("c", "TEXT", true)]);
        let conflicts =
            ["has `b TEXT`, wants `b INTEGER`", "lacks `d TEXT NOT NULL`", "has `x TEXT`, which is not known here"];
        assert_eq!(difference.conflicts, conflicts);
    }
}
