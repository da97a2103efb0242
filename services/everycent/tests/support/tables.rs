//! The tables of a home, read as any SQLite tool reads them.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;
use rust_decimal::Decimal;

/// The tables behind the facts, as they lie in the file.
pub const FACTS: [&str; 4] =
    ["claude_costs_nano", "claude_cost_totals_nano", "cursor_usage_stats_nano", "rejected_records"];

/// Columns that say when and by which snapshot, not what.
pub const HISTORY: [&str; 9] = [
    "snapshot_id",
    "fetched_at",
    "ingestion_timestamp",
    "normalized_at",
    "merged_at",
    "newest_fetched_at",
    "newest_snapshot_id",
    "failed_at",
    "object",
];

pub struct Tables(Connection);

impl Tables {
    pub fn open(home: &Path) -> Self {
        Self(Connection::open(home.join("everycent.sqlite")).unwrap())
    }

    /// The rows as text. A REAL is its shortest text, which is the very decimal that went in.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.select(sql).1
    }

    /// The one value of an answer.
    #[track_caller]
    pub fn one(&self, sql: &str) -> String {
        self.rows(sql).remove(0).remove(0)
    }

    #[track_caller]
    pub fn count(&self, sql: &str) -> i64 {
        self.one(sql).parse().unwrap()
    }

    /// The exact sum of the amounts that an answer's only column holds.
    #[track_caller]
    pub fn usd(&self, sql: &str) -> Decimal {
        self.rows(sql).iter().map(|row| row[0].parse::<Decimal>().unwrap()).sum()
    }

    /// Changes the file behind the program's back; says how many rows.
    pub fn tamper(&self, sql: &str) -> usize {
        self.0.execute(sql, []).unwrap()
    }

    /// Everything in the tables of facts.
    pub fn facts(&self) -> Vec<(&'static str, Vec<Vec<String>>)> {
        FACTS.iter().map(|table| (*table, self.rows(&format!("SELECT * FROM {table}")))).collect()
    }

    /// What facts and coverage say, apart from when it was learned.
    pub fn content(&self) -> Vec<(&'static str, Vec<Vec<String>>)> {
        let tables = FACTS.into_iter().chain(["coverage_nano"]);
        tables.map(|table| (table, self.content_of(table))).collect()
    }

    pub fn content_of(&self, table: &str) -> Vec<Vec<String>> {
        let (names, rows) = self.select(&format!("SELECT * FROM {table}"));
        let keep = |row: Vec<String>| {
            let cells = names.iter().zip(row).filter(|(name, _)| !HISTORY.contains(&name.as_str()));
            cells.map(|(name, cell)| format!("{name}={cell}")).collect()
        };
        rows.into_iter().map(keep).collect()
    }

    #[track_caller]
    fn select(&self, sql: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let mut statement = self.0.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let row = |row: &rusqlite::Row<'_>| (0..names.len()).map(|at| row.get(at).map(text)).collect();
        let rows = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
        (names, rows)
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{bytes:?}"),
    }
}
