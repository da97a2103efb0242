//! A file whose tables hold what a test says, row by row.

use std::collections::BTreeSet;
use std::path::Path;

use everycent_domain::bucket::BucketId;
use everycent_domain::derived::inputs;
use everycent_domain::source::Source;
use everycent_domain::sql::sqlite::stored_name;
use everycent_domain::sql::{Dialect, Sqlite};
use everycent_schemas::tables::{self, Column, Kind};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::super::{derive, functions};
use super::*;

pub(super) struct Inserted {
    _folder: TempDir,
    pub connection: Connection,
}

impl Inserted {
    pub async fn nothing() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite");
        SqliteWarehouse::open(&path).unwrap().migrate().await.unwrap();
        let connection = Connection::open(path).unwrap();
        functions::add(&connection).unwrap();
        Self { connection, _folder: folder }
    }

    /// A row with these values, null or something plain in the other columns. Amounts are nano-dollars.
    pub fn put(&self, table: &str, values: &[(&str, Value)]) -> &Self {
        let table = tables::find(table).unwrap();
        assert!(values.iter().all(|(name, _)| table.column(name).is_some()), "{values:?}");
        let given =
            |column: &Column| values.iter().find(|(name, _)| *name == column.name).map(|(_, value)| value.clone());
        let cells: Vec<Value> =
            table.columns.iter().map(|column| given(column).unwrap_or_else(|| plain(column))).collect();
        let names: Vec<String> = table.columns.iter().map(stored_name).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            Sqlite.table(table),
            names.join(", "),
            vec!["?"; names.len()].join(", ")
        );
        self.connection.execute(&sql, params_from_iter(cells)).unwrap();
        self
    }

    /// What a query gives, each row as text: cells between bars, null as `-`. Charges are made of what was put there, as the
    /// merge does that puts it there.
    pub fn told(&self, sql: &str) -> Vec<String> {
        let days = self.days_of_facts();
        derive::derive(&self.connection, Path::new("x.sqlite"), &days, &days).unwrap();
        self.read(sql)
    }

    fn days_of_facts(&self) -> BTreeSet<BucketId> {
        let of = |source: &Source| {
            let tables = source.report().tables.iter().map(|name| tables::find(name).unwrap());
            let of_days = tables.filter(|table| table.partition.is_some());
            let select = |table: &tables::Table| {
                let (account, day) = (table.account_column(), table.day_column());
                let of_source = table.column("source").map(|_| format!(" WHERE source = '{}'", source.name()));
                format!("SELECT {account}, {day} FROM {}{}", Sqlite.table(table), of_source.unwrap_or_default())
            };
            let sql = of_days.map(select).collect::<Vec<_>>().join(" UNION ");
            let mut statement = self.connection.prepare(&sql).unwrap();
            let bucket = |row: &rusqlite::Row<'_>| {
                let (account_id, day): (String, String) = (row.get(0)?, row.get(1)?);
                let activity_date = day.parse().unwrap();
                Ok(BucketId { source: source.name().into(), account_id: account_id.into(), activity_date })
            };
            statement.query_map([], bucket).unwrap().collect::<Result<Vec<_>, _>>().unwrap()
        };
        inputs().iter().flat_map(of).collect()
    }

    fn read(&self, sql: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells: Result<Vec<Value>, _> = (0..columns).map(|place| row.get(place)).collect();
            Ok(cells?.into_iter().map(shown).collect::<Vec<_>>().join(" | "))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }
}

fn plain(column: &Column) -> Value {
    match column.kind {
        _ if column.nullable => Value::Null,
        Kind::Integer | Kind::Boolean | Kind::Money => n(0),
        Kind::Date => t("2025-10-01"),
        Kind::Timestamp => t("2025-11-01T00:00:00.000000Z"),
        Kind::Text if column.name.ends_with("_id") => t("acme"),
        Kind::Text => t("plain"),
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => format!("{value:?}"),
        Value::Text(value) => value,
        Value::Blob(_) => panic!("no column is a blob"),
    }
}

/// A row of coverage that says that a report answered about the day.
pub(super) fn answered(source: &str) -> [(&'static str, Value); 3] {
    [("source", t(source)), ("snapshot_id", t("s")), ("normalized_at", t("2025-11-01T00:00:00.000000Z"))]
}

pub(super) fn t(text: &str) -> Value {
    Value::Text(text.into())
}

pub(super) fn n(number: i64) -> Value {
    Value::Integer(number)
}
