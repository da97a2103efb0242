//! Read-only queries in the template language.

use std::path::Path;

use everycent_domain::sql::{self, Sqlite};
use everycent_schemas::Usd;
use everycent_schemas::rowfile::Cell;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::errors::named;
use crate::failure::Reason;
use crate::warehouse::{Rows, WarehouseError, located};

const ACTION: &str = "query";
/// More than this is an export, not an answer.
const ROWS_MAX: usize = 1_000_000;

pub(super) fn query(connection: &Connection, path: &Path, template: &str) -> Result<Rows, WarehouseError> {
    run(connection, path, template).map_err(|error| located(error, template))
}

fn run(connection: &Connection, path: &Path, template: &str) -> Result<Rows, WarehouseError> {
    let failed = named(path, ACTION);
    let sql = sql::query(template, &Sqlite).map_err(|e| refused(Reason::of(e)))?;
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if columns.is_empty() {
        return Err(refused("it asks for nothing".into()));
    }
    let mut found = statement.query([]).map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        if rows.len() == ROWS_MAX {
            return Err(refused(format!("it gives more than {ROWS_MAX} rows").into()));
        }
        rows.push(cells(row, &columns)?);
    }
    Ok(Rows { columns, rows })
}

fn refused(reason: Reason) -> WarehouseError {
    WarehouseError::Refused { action: ACTION, reason }
}

/// The cells of a row, those of columns whose names end in `_usd` as money.
pub(super) fn cells(row: &Row<'_>, columns: &[String]) -> Result<Vec<Cell>, WarehouseError> {
    let cell = |(place, column): (usize, &String)| {
        let value = row.get_ref(place).expect("invariant: a row has all its columns");
        cell(value, column.ends_with("_usd")).ok_or_else(|| refused(not_exact(column, value).into()))
    };
    columns.iter().enumerate().map(cell).collect()
}

fn cell(value: ValueRef<'_>, is_money: bool) -> Option<Cell> {
    match (value, is_money) {
        (ValueRef::Null, _) => Some(Cell::Null),
        (ValueRef::Integer(nanos), true) => Some(Cell::Money(Usd::from_nanos(nanos.into()))),
        (_, true) => None,
        (ValueRef::Integer(value), false) => Some(Cell::Integer(value)),
        (ValueRef::Real(ratio), false) => Some(Cell::Text(ratio.to_string())),
        (ValueRef::Text(text), false) => str::from_utf8(text).ok().map(|text| Cell::Text(text.to_owned())),
        (ValueRef::Blob(_), false) => None,
    }
}

fn not_exact(column: &str, value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Real(_) => format!(
            "column {column} is a rounded amount: read it from [[table:…]] by [[usd:…]], not from a view for people"
        ),
        other => format!("column {column} holds a {} that has no place in an answer", other.data_type()),
    }
}
