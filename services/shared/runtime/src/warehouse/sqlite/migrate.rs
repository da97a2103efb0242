//! Bringing a file's tables and views to what the schemas say, in one transaction.

use std::path::Path;

use everycent_domain::sql::sqlite::{base_view, create_table};
use everycent_domain::sql::{self, Dialect, Sqlite};
use everycent_schemas::tables::{self, Table};
use everycent_schemas::views;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::columns;
use super::errors::named;
use crate::warehouse::WarehouseError;
use crate::warehouse::columns::{Difference, difference};

const ACTION: &str = "migrate";

pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), WarehouseError> {
    let failed = named(path, ACTION);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    for table in tables::all() {
        bring_table(&transaction, path, table)?;
    }
    for (name, text) in wanted_views() {
        bring_view(&transaction, path, &name, &text)?;
    }
    transaction.commit().map_err(failed)
}

/// Whether a table lacks a column, or a view is not the one of today.
pub(super) fn is_needed(connection: &Connection, path: &Path) -> Result<bool, WarehouseError> {
    let failed = named(path, "read");
    for table in tables::all() {
        let found = columns::found(connection, &Sqlite.table(table)).map_err(failed)?;
        let Difference { addable, relaxable, conflicts } = difference(&found, &columns::wanted(table));
        if !(addable.is_empty() && relaxable.is_empty() && conflicts.is_empty()) {
            return Ok(true);
        }
    }
    for (name, text) in wanted_views() {
        if found_object(connection, path, &name)?.is_none_or(|(_, found)| found != text) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Those over one table each, then those that read them.
fn wanted_views() -> Vec<(String, String)> {
    let over_tables = tables::all().iter().filter_map(|table| Some((table.name.to_owned(), base_view(table)?)));
    let shipped = views::all()
        .iter()
        .flat_map(|view| sql::view(view.name, &Sqlite).expect("invariant: shipped views render, as a test shows"));
    over_tables.chain(shipped.map(|create| (create.name, create.sql))).collect()
}

fn bring_table(connection: &Connection, path: &Path, table: &Table) -> Result<(), WarehouseError> {
    let failed = named(path, ACTION);
    let name = Sqlite.table(table);
    let found = columns::found(connection, &name).map_err(failed)?;
    if found.is_empty() {
        return connection.execute_batch(&create_table(table)).map_err(failed);
    }
    let Difference { addable, relaxable, conflicts } = difference(&found, &columns::wanted(table));
    if !conflicts.is_empty() {
        let reason = format!("{}: table {name} differs from its schema: {}", path.display(), conflicts.join("; "));
        return Err(WarehouseError::Refused { action: ACTION, reason: reason.into() });
    }
    for column in addable {
        connection.execute_batch(&format!("ALTER TABLE {name} ADD COLUMN {column}")).map_err(failed)?;
    }
    if relaxable.is_empty() { Ok(()) } else { rebuild(connection, table).map_err(failed) }
}

/// SQLite can't take a constraint off a column, so the rows move into a new table. Views read it by its name, and are not
/// looked at while it has another.
fn rebuild(connection: &Connection, table: &Table) -> rusqlite::Result<()> {
    let name = Sqlite.table(table);
    let old = format!("{name}_before");
    let columns: Vec<String> = columns::found(connection, &name)?.into_iter().map(|column| column.name).collect();
    let kept: Vec<String> = columns::wanted(table).into_iter().map(|column| column.name).collect();
    // Columns that a newer version has added are not known here, and are taken along by being added again.
    let unknown: Vec<_> =
        columns::found(connection, &name)?.into_iter().filter(|of| !kept.contains(&of.name)).collect();
    connection.execute_batch("PRAGMA legacy_alter_table = ON")?;
    connection.execute_batch(&format!("ALTER TABLE {name} RENAME TO {old}"))?;
    connection.execute_batch(&create_table(table))?;
    for column in unknown {
        connection.execute_batch(&format!("ALTER TABLE {name} ADD COLUMN {column}"))?;
    }
    let list = columns.join(", ");
    connection.execute_batch(&format!("INSERT INTO {name} ({list}) SELECT {list} FROM {old}"))?;
    connection.execute_batch(&format!("DROP TABLE {old}"))?;
    connection.execute_batch("PRAGMA legacy_alter_table = OFF")
}

/// SQLite keeps the text of a view as it was given, so one that is the same needs no new one.
fn bring_view(connection: &Connection, path: &Path, name: &str, text: &str) -> Result<(), WarehouseError> {
    let failed = named(path, ACTION);
    match found_object(connection, path, name)? {
        Some((kind, found)) if kind == "view" && found == text => Ok(()),
        Some((kind, _)) if kind == "view" => {
            connection.execute_batch(&format!("DROP VIEW {name};\n{text}")).map_err(failed)
        }
        Some((kind, _)) => {
            let reason = format!("{}: {name} is a {kind}, where a view belongs", path.display());
            Err(WarehouseError::Refused { action: ACTION, reason: reason.into() })
        }
        None => connection.execute_batch(text).map_err(failed),
    }
}

/// The kind of the table or view, and the text that made it.
fn found_object(connection: &Connection, path: &Path, name: &str) -> Result<Option<(String, String)>, WarehouseError> {
    connection
        .query_row("SELECT type, sql FROM sqlite_schema WHERE name = ?1", [name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(named(path, ACTION))
}
