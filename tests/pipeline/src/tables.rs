//! What the tables hold, as plain text: read from the file itself, or told by the model.

use std::collections::{BTreeMap, BTreeSet};
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
    /// When the newest answer was fetched, and its snapshot.
    pub newest: Option<(i64, String)>,
    pub held_since: Option<i64>,
    pub failed_at: Option<i64>,
}

/// Rows without their ids and without what they tell of their origin, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    /// By table; one without a row is not there.
    rows: BTreeMap<String, Vec<Record>>,
    /// How many records of each bucket were rejected.
    pub rejects: BTreeMap<Bucket, u64>,
    pub coverage: BTreeMap<Bucket, Coverage>,
}

const REJECTS: &str = "rejected_records";
const COVERAGE: &str = "coverage";
/// What was odd and cost no row, in words that are the pipeline's own.
const REMARKS: &str = "remarks";
const ANSWERS: &str = "answers";
/// What is remembered of people, which shows in the rows that it is for.
const MEMORY: &str = "cursor_event_people";
/// What is kept beside rows for charges of seats, which `cursor_seats.rs` compares with the world.
const OF_SEATS: [&str; 2] = ["cursor_plan_days", "cursor_seat_readings"];
/// What is made of the facts, and is compared with its definition.
const DERIVED: [&str; 4] = ["charges", "spend_daily", "spend_monthly", "derived"];
/// Verdicts, which no service writes.
const VERDICTS: &str = "reconciliation";
/// Columns that tell which answer last changed a row, and so depend on who came first.
const ORIGIN: [&str; 4] = ["snapshot_id", "fetched_at", "ingestion_timestamp", "object"];
/// Columns of an answer that tell how often its rows were made, and how.
const OF_WORK: [&str; 4] = ["normalized_at", "recipe", "sums", "decision_note"];
/// What a line has, in place of a column, that came when its day was judged for good.
pub(crate) const LATE: &str = "late";
/// Columns in which equal answers are equal, beside that a person decided about none.
const EQUAL: [&str; 6] = ["verdict", "reason", "content_hash", "reported_usd", "reported_tokens", "reported_count"];
/// Columns of ids, which no one but the pipeline can work out.
const IDS: [&str; 4] = ["row_id", "usage_row_id", "event_id", "twin_id"];

impl Tables {
    /// Takes out the lines of answers between the first and the last of each run of equal ones, of the buckets that are
    /// `old`: there the pipeline may have done so.
    pub fn thin(&mut self, old: impl Fn(&Bucket) -> bool) {
        let Some(lines) = self.rows.remove(ANSWERS) else { return };
        let mut by_bucket: BTreeMap<Bucket, Vec<Record>> = BTreeMap::new();
        for line in lines {
            by_bucket.entry(bucket(&line).expect("invariant: a line is about a bucket")).or_default().push(line);
        }
        for (bucket, mut lines) in by_bucket {
            if old(&bucket) {
                lines = thinned(lines);
            }
            for line in lines {
                self.add(ANSWERS, line);
            }
        }
    }

    /// Contents are told apart for answers of some sources only.
    pub fn read(file: &Path, tells_contents: impl Fn(&str) -> bool) -> Result<Self> {
        let connection = open(file)?;
        let mut tables = Self::default();
        for (table, stored) in stored_tables(&connection)? {
            match table.as_str() {
                VERDICTS | REMARKS | MEMORY => {}
                table if DERIVED.contains(&table) || OF_SEATS.contains(&table) => {}
                REJECTS => {
                    for row in records(&connection, &stored)? {
                        *tables.rejects.entry(bucket(&row)?).or_default() += 1;
                    }
                }
                COVERAGE => {
                    for row in records(&connection, &stored)? {
                        tables.coverage.insert(bucket(&row)?, coverage(&row)?);
                    }
                }
                ANSWERS => {
                    for row in answers(records(&connection, &stored)?, &tells_contents)? {
                        tables.add(&table, row);
                    }
                }
                _ => {
                    for row in records(&connection, &stored)? {
                        tables.add(&table, without(without(row, &IDS), &ORIGIN));
                    }
                }
            }
        }
        tables.sort();
        Ok(tables)
    }

    /// The rows of a table of facts or of a directory.
    pub fn rows(&self, table: &str) -> &[Record] {
        self.rows.get(table).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn add(&mut self, table: &str, row: Record) {
        self.rows.entry(table.to_owned()).or_default().push(row);
    }

    pub(crate) fn sort(&mut self) {
        self.rows.values_mut().for_each(|rows| rows.sort());
    }

    /// The first differences to what was expected, in words; nothing when there is none.
    pub fn difference(&self, expected: &Self) -> Option<String> {
        let mut found = Vec::new();
        for table in self.rows.keys().chain(expected.rows.keys()).collect::<BTreeSet<_>>() {
            let (rows, wanted) = (self.rows(table), expected.rows(table));
            found.extend(first_missing(rows, wanted).map(|row| format!("{table} lacks {row:?}")));
            found.extend(first_missing(wanted, rows).map(|row| format!("{table} has, and should not, {row:?}")));
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

/// What stays of the lines of a bucket. Late ones are of no run.
fn thinned(mut lines: Vec<Record>) -> Vec<Record> {
    lines.sort_by_cached_key(|line| ["fetched_at", "snapshot_id"].map(|column| line.get(column).cloned()));
    let of_runs: Vec<usize> = (0..lines.len()).filter(|place| !lines[*place].contains_key(LATE)).collect();
    let says = |place: usize| EQUAL.map(|column| lines[place].get(column));
    let is_equal = |one: usize, other: usize| {
        says(one) == says(other) && !lines[one].contains_key("decision") && !lines[other].contains_key("decision")
    };
    let between = of_runs.windows(3).filter(|run| is_equal(run[0], run[1]) && is_equal(run[1], run[2]));
    let taken_out: BTreeSet<usize> = between.map(|run| run[1]).collect();
    let mut places = 0..lines.len();
    lines.retain(|_| places.next().is_some_and(|place| !taken_out.contains(&place)));
    numbered(lines)
}

/// Contents by the place of the first line that has them, among those that are left.
fn numbered(mut lines: Vec<Record>) -> Vec<Record> {
    let contents: Vec<Option<String>> = lines.iter().map(|line| line.get("content_hash").cloned()).collect();
    for (line, content) in lines.iter_mut().zip(&contents) {
        let first = contents.iter().position(|other| other == content).unwrap_or_default();
        line.entry("content_hash".to_owned()).and_modify(|hash| *hash = first.to_string());
    }
    lines
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
    stored_tables(&connection)?.into_iter().map(|(table, stored)| Ok((table, records(&connection, &stored)?))).collect()
}

/// The rows and rejects with their ids and contents, and coverage without versions and instants, and not how
/// often the vendor was asked: what must be the same however a state of the vendors' world came in.
pub fn contents(file: &Path) -> Result<BTreeMap<String, Vec<Record>>> {
    let of_history = [
        "normalized_at",
        "merged_at",
        "newest_fetched_at",
        "newest_snapshot_id",
        "held_since",
        // It tells when each level was first seen.
        "judgement",
        "failed_at",
        "failure",
        "last_seen_at",
    ];
    let mut tables = everything(file)?;
    tables.remove(ANSWERS);
    tables.remove(MEMORY);
    for rows in tables.values_mut() {
        for row in rows.iter_mut() {
            *row = without(without(std::mem::take(row), &ORIGIN), &of_history);
        }
        rows.sort();
    }
    Ok(tables)
}

/// The answers that are held: their buckets, when they were fetched, and their snapshots.
pub fn held(file: &Path) -> Result<Vec<(Bucket, i64, String)>> {
    let mut held = Vec::new();
    for line in records(&open(file)?, "answers_nano")? {
        if line.get("verdict").is_some_and(|verdict| verdict == "held") {
            let fetched_at = instant(&line, "fetched_at")?.context("an answer was fetched")?;
            held.push((bucket(&line)?, fetched_at, line.get("snapshot_id").cloned().unwrap_or_default()));
        }
    }
    Ok(held)
}

/// The answers that came when their day was judged for good: their buckets and snapshots.
pub(crate) fn late(found: &Tables) -> Result<BTreeSet<(Bucket, String)>> {
    let late = found.rows(ANSWERS).iter().filter(|line| line.contains_key(LATE));
    late.map(|line| Ok((bucket(line)?, line.get("snapshot_id").cloned().unwrap_or_default()))).collect()
}

/// The names of all tables, each with the name that it has in the file: one with money holds nano-dollars.
fn stored_tables(connection: &Connection) -> Result<Vec<(String, String)>> {
    let mut select = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let names = select.query_map([], |row| row.get::<_, String>(0))?;
    names.map(|name| name.map(|name| (name.trim_end_matches("_nano").to_owned(), name)).map_err(Into::into)).collect()
}

fn without(mut row: Record, columns: &[&str]) -> Record {
    row.retain(|name, _| !columns.contains(&name.as_str()));
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

fn instant(row: &Record, column: &str) -> Result<Option<i64>> {
    let parse = |text: &String| DateTime::parse_from_rfc3339(text).map(|instant| instant.timestamp_micros());
    Ok(row.get(column).map(parse).transpose()?)
}

/// The lines of all answers, with the place of the first one alike in its bucket for the hash of the contents. Not how often
/// rows were made, and of reasons only that there are some.
fn answers(mut lines: Vec<Record>, tells_contents: &impl Fn(&str) -> bool) -> Result<Vec<Record>> {
    lines.sort_by_cached_key(|line| ["fetched_at", "snapshot_id"].map(|column| line.get(column).cloned()));
    let mut hashes: BTreeMap<Bucket, Vec<String>> = BTreeMap::new();
    let mut answers = Vec::new();
    for mut line in lines {
        let (bucket, hash) = (bucket(&line)?, line.remove("content_hash").unwrap_or_default());
        if tells_contents(&bucket.source) {
            let known = hashes.entry(bucket).or_default();
            known.push(hash.clone());
            let first = known.iter().position(|known| *known == hash).unwrap_or_default();
            line.insert("content_hash".to_owned(), first.to_string());
        }
        // An answer whose rows were never made, though it came.
        if line.contains_key("rows") && !line.contains_key("normalized_at") {
            line.insert(LATE.to_owned(), "1".to_owned());
        }
        line.entry("reason".to_owned()).and_modify(|reason| "some".clone_into(reason));
        answers.push(without(line, &OF_WORK));
    }
    Ok(answers)
}

fn coverage(row: &Record) -> Result<Coverage> {
    let count = |name: &str| row.get(name).map(|text| text.parse::<u64>()).transpose();
    let instant = |name: &str| instant(row, name);
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
        newest: instant("newest_fetched_at")?.zip(row.get("newest_snapshot_id").cloned()),
        held_since: instant("held_since")?,
        failed_at: instant("failed_at")?,
    })
}
