//! What the tables hold, as plain text: read from the file itself, or told by the model.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use rust_decimal::Decimal;

/// Columns that have a value, as text; money in dollars.
pub type Record = BTreeMap<String, String>;

/// One source, one account, one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    pub source: String,
    pub account: String,
    pub day: NaiveDate,
}

/// What coverage says of a bucket. Instants are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    pub state: String,
    pub settled: Option<bool>,
    pub fetched_at: Option<i64>,
    pub snapshot_id: Option<String>,
    pub normalized_at: Option<i64>,
    pub rows: Option<u64>,
    pub rejects: Option<u64>,
    /// No amount is none.
    pub amount_usd: Decimal,
    pub quantity: Option<u64>,
    pub failed_at: Option<i64>,
}

/// Rows without their ids and without what they tell of their origin, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    pub claude_costs: Vec<Record>,
    pub claude_cost_totals: Vec<Record>,
    pub cursor_usage_stats: Vec<Record>,
    /// How many records of each bucket were rejected.
    pub rejects: BTreeMap<Bucket, u64>,
    pub coverage: BTreeMap<Bucket, Coverage>,
}

/// The tables of facts with the names that they have in the file.
const FACTS: [(&str, &str); 3] = [
    ("claude_costs", "claude_costs_nano"),
    ("claude_cost_totals", "claude_cost_totals_nano"),
    ("cursor_usage_stats", "cursor_usage_stats_nano"),
];
const REJECTS: &str = "rejected_records";
const COVERAGE: &str = "coverage_nano";
/// Columns that tell which answer last changed a row, and so depend on who came first.
const ORIGIN: [&str; 4] = ["snapshot_id", "fetched_at", "ingestion_timestamp", "object"];

impl Tables {
    pub fn read(file: &Path) -> Result<Self> {
        let connection = open(file)?;
        let mut tables = Self::default();
        for (name, stored) in FACTS {
            let rows = records(&connection, stored)?;
            tables.rows_of(name).extend(rows.into_iter().map(|row| without(row, &["row_id"])));
        }
        for row in records(&connection, REJECTS)? {
            *tables.rejects.entry(bucket(&row)?).or_default() += 1;
        }
        for row in records(&connection, COVERAGE)? {
            tables.coverage.insert(bucket(&row)?, coverage(&row)?);
        }
        tables.sort();
        Ok(tables)
    }

    pub(crate) fn rows_of(&mut self, table: &str) -> &mut Vec<Record> {
        match table {
            "claude_costs" => &mut self.claude_costs,
            "claude_cost_totals" => &mut self.claude_cost_totals,
            _ => &mut self.cursor_usage_stats,
        }
    }

    pub(crate) fn sort(&mut self) {
        for rows in [&mut self.claude_costs, &mut self.claude_cost_totals, &mut self.cursor_usage_stats] {
            rows.sort();
        }
    }

    /// The first differences to what was expected, in words; nothing when there is none.
    pub fn difference(&self, expected: &Self) -> Option<String> {
        let mut found = Vec::new();
        let tables = [
            ("claude_costs", &self.claude_costs, &expected.claude_costs),
            ("claude_cost_totals", &self.claude_cost_totals, &expected.claude_cost_totals),
            ("cursor_usage_stats", &self.cursor_usage_stats, &expected.cursor_usage_stats),
        ];
        for (name, rows, wanted) in tables {
            found.extend(first_missing(rows, wanted).map(|row| format!("{name} lacks {row:?}")));
            found.extend(first_missing(wanted, rows).map(|row| format!("{name} has, and should not, {row:?}")));
        }
        if self.rejects != expected.rejects {
            found.push(format!("rejects are {:?} and should be {:?}", self.rejects, expected.rejects));
        }
        let buckets = self.coverage.keys().chain(expected.coverage.keys());
        let differs = |bucket: &&Bucket| self.coverage.get(bucket) != expected.coverage.get(bucket);
        found.extend(buckets.into_iter().find(differs).map(|bucket| {
            let (is, wanted) = (self.coverage.get(bucket), expected.coverage.get(bucket));
            format!("coverage of {bucket:?} is {is:?} and should be {wanted:?}")
        }));
        (!found.is_empty()).then(|| found.join("\n"))
    }
}

/// The first of `wanted`, counting repetitions, that `rows` does not have. Both are in order.
fn first_missing<'r>(rows: &[Record], wanted: &'r [Record]) -> Option<&'r Record> {
    let mut rows = rows.iter().peekable();
    wanted.iter().find(|wanted| {
        while rows.next_if(|row| row < wanted).is_some() {}
        rows.next_if_eq(wanted).is_none()
    })
}

/// Every row of every table with all that it holds, in order.
pub fn everything(file: &Path) -> Result<BTreeMap<String, Vec<Record>>> {
    let connection = open(file)?;
    let stored = FACTS.into_iter().map(|(_, stored)| stored).chain([REJECTS, COVERAGE]);
    stored.map(|table| Ok((table.to_owned(), records(&connection, table)?))).collect()
}

/// The rows and rejects with their ids and contents, and coverage without versions and instants: what must be the same
/// however a state of the vendors' world came in.
pub fn contents(file: &Path) -> Result<BTreeMap<String, Vec<Record>>> {
    let of_history = ["normalized_at", "merged_at", "failed_at", "failure"];
    let mut tables = everything(file)?;
    for rows in tables.values_mut() {
        for row in rows.iter_mut() {
            *row = without(without(std::mem::take(row), &ORIGIN), &of_history);
        }
        rows.sort();
    }
    Ok(tables)
}

fn without(mut row: Record, columns: &[&str]) -> Record {
    row.retain(|name, _| !columns.contains(&name.as_str()) && !ORIGIN.contains(&name.as_str()));
    row
}

fn open(file: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn records(connection: &Connection, table: &str) -> Result<Vec<Record>> {
    let mut select = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    let mut found = select.query([])?;
    let mut records = Vec::new();
    while let Some(row) = found.next()? {
        let mut record = Record::new();
        for (place, name) in names.iter().enumerate() {
            match row.get_ref(place)? {
                ValueRef::Null => {}
                ValueRef::Integer(nanos) if name.ends_with("_nano_usd") => {
                    let dollars = Decimal::from_i128_with_scale(nanos.into(), 9).normalize();
                    record.insert(name.replace("_nano_usd", "_usd"), dollars.to_string());
                }
                ValueRef::Integer(number) => drop(record.insert(name.clone(), number.to_string())),
                ValueRef::Text(text) => drop(record.insert(name.clone(), String::from_utf8(text.to_vec())?)),
                other => anyhow::bail!("{table}.{name} holds a {}", other.data_type()),
            }
        }
        records.push(record);
    }
    records.sort();
    Ok(records)
}

fn bucket(row: &Record) -> Result<Bucket> {
    let column = |name: &str| row.get(name).cloned().with_context(|| format!("no {name} in {row:?}"));
    Ok(Bucket { source: column("source")?, account: column("account_id")?, day: column("activity_date")?.parse()? })
}

fn coverage(row: &Record) -> Result<Coverage> {
    let count = |name: &str| row.get(name).map(|text| text.parse::<u64>()).transpose();
    let instant = |name: &str| {
        let parse = |text: &String| DateTime::parse_from_rfc3339(text).map(|instant| instant.timestamp_micros());
        row.get(name).map(parse).transpose()
    };
    Ok(Coverage {
        state: row.get("state").cloned().unwrap_or_default(),
        settled: row.get("settled").map(|settled| settled == "1"),
        fetched_at: instant("fetched_at")?,
        snapshot_id: row.get("snapshot_id").cloned(),
        normalized_at: instant("normalized_at")?,
        rows: count("rows")?,
        rejects: count("rejects")?,
        amount_usd: row.get("amount_usd").map(|text| text.parse()).transpose()?.unwrap_or_default(),
        quantity: count("quantity")?,
        failed_at: instant("failed_at")?,
    })
}
