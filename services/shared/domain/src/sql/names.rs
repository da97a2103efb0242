//! How tables, columns and literal values are written.

use everycent_schemas::tables::{Column, Kind, Table};
use everycent_schemas::views::View;

use super::Dialect;

/// The table that holds the rows. In SQLite a table with money is `<name>_nano`, and `<name>` a view over it.
pub fn physical_name(table: &Table, dialect: &Dialect) -> String {
    match dialect {
        Dialect::Sqlite if table.money().next().is_some() => format!("{}_nano", table.name),
        Dialect::Sqlite => table.name.to_owned(),
        Dialect::BigQuery { dataset } => quoted(dataset, table.name),
    }
}

/// The view that gives the exact rows. In SQLite one with money is `<name>_nano`, and `<name>` a view over it.
pub(super) fn exact_view_name(view: &View, dialect: &Dialect) -> String {
    match dialect {
        Dialect::Sqlite if view.has_money() => format!("{}_nano", view.name),
        Dialect::Sqlite => view.name.to_owned(),
        Dialect::BigQuery { dataset } => quoted(dataset, view.name),
    }
}

/// The column of the SQLite table that holds this one: money is whole nano-dollars under a name that says so.
pub fn stored_name(column: &Column) -> String {
    match column.kind {
        Kind::Money => nano_name(&column.name),
        _ => column.name.clone(),
    }
}

/// A column of a view for people, from the exact one: dollars are divided once, at the very end.
pub(super) fn shown_usd(name: &str) -> String {
    format!("{} / 1000000000.0 AS {name}", nano_name(name))
}

/// `amount_usd` to `amount_nano_usd`.
pub(super) fn nano_name(name: &str) -> String {
    let stem = name.strip_suffix("_usd").expect("invariant: money columns end in _usd, as a test of the schemas shows");
    format!("{stem}_nano_usd")
}

/// The type of the column in a STRICT table.
pub fn sqlite_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Date | Kind::Timestamp => "TEXT",
        Kind::Integer | Kind::Boolean | Kind::Money => "INTEGER",
    }
}

pub(super) fn bigquery_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "STRING",
        Kind::Integer => "INT64",
        Kind::Boolean => "BOOL",
        Kind::Date => "DATE",
        Kind::Timestamp => "TIMESTAMP",
        Kind::Money => "NUMERIC(38, 9)",
    }
}

/// A name in a dataset, in backticks.
pub(super) fn quoted(dataset: &str, name: &str) -> String {
    format!("`{dataset}.{name}`")
}

/// A text literal of SQLite.
pub(super) fn sqlite_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text literal of BigQuery.
pub(super) fn bigquery_text(text: &str) -> String {
    let mut literal = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            c if c.is_control() => literal.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

/// The columns as a list, each on its own line.
pub(super) fn lines(items: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let indented: Vec<String> = items.into_iter().map(|item| format!("  {}", item.as_ref())).collect();
    indented.join(",\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_cannot_be_left_by_what_it_quotes() {
        assert_eq!(sqlite_text("it's; DROP"), "'it''s; DROP'");
        assert_eq!(bigquery_text("it's\\ \n\u{7}"), r"'it\'s\\ \n\U00000007'");
    }
}
