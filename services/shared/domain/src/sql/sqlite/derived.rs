//! Derived tables: made again for days of an account, compared with what is there, and written where they differ.
//!
//! Sums by month are not made again, for a month has many days: what charges leave and what take their place is noted, and
//! the differences are added up.

use everycent_schemas::tables::{Column, Kind, Table};

use super::{Sqlite, on_conflict, on_conflict_but, stored_name, type_name};
use crate::bucket::BucketId;
use crate::sql::columns::{key_order, lines};
use crate::sql::derived::{self, Cycles, MADE_LATER, Scope, table};
use crate::sql::{Dialect, query};
use crate::vendors::anthropic::analytics_cost;

const MOVED: &str = "temp.moved_months";

/// What replacing rows of a derived table takes, in the order of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remake {
    /// Whether there is a row to compare with.
    pub is_occupied: String,
    /// Adds the rows where there is none.
    pub insert: String,
    /// Makes the rows aside.
    pub make: [String; 2],
    /// Takes out what is made no more.
    pub delete: String,
    /// Writes what is new or differs.
    pub upsert: String,
    pub drop_made: String,
}

/// Brings the rows of a derived table that meet the condition to what the template gives, which gives no others.
pub fn remake(name: &str, template: &str, condition: &str) -> Remake {
    let (table, select, condition) = (table(name), rendered(template), rendered(condition));
    let (target, made) = (Sqlite.table(table), format!("temp.made_{name}"));
    let names = stored_names(&table.columns).join(", ");
    let key = key_order(table);
    let same: Vec<String> = key.iter().map(|name| format!("made.{name} = {target}.{name}")).collect();
    Remake {
        is_occupied: format!("SELECT EXISTS (SELECT 1 FROM {target} WHERE {condition})"),
        insert: insert_made(&target, table, &select),
        make: [create_made(&made, table), insert_made(&made, table, &select)],
        delete: format!(
            "DELETE FROM {target}\nWHERE {condition}\n  AND NOT EXISTS (SELECT 1 FROM {made} AS made WHERE {})",
            same.join(" AND ")
        ),
        upsert: format!(
            "INSERT INTO {target} ({names})\nSELECT {names} FROM {made} WHERE TRUE\n{}",
            on_conflict_but(&target, table, &MADE_LATER)
        ),
        drop_made: format!("DROP TABLE {made}"),
    }
}

/// Writes what request units over the included ones cost, where it is something else than before.
pub fn update_over_included(cycles: &[Cycles<'_>]) -> String {
    let table = table("spend_daily");
    let target = Sqlite.table(table);
    let value = Sqlite.exact(MADE_LATER[0]);
    let same: Vec<String> = key_order(table).iter().map(|name| format!("{target}.{name} = made.{name}")).collect();
    format!(
        "UPDATE {target} SET {value} = made.{value}\nFROM (\n{select}\n) AS made\nWHERE {same}\n  \
         AND {target}.{value} <> made.{value}",
        select = rendered(&derived::over_included(cycles)),
        same = same.join(" AND "),
    )
}

/// Makes the table of what moved between months, empty.
pub fn create_moved() -> String {
    let columns = table("spend_monthly").columns.iter();
    let columns = columns.map(|column| format!("{} {}", stored_name(column), type_name(column.kind)));
    format!("CREATE TABLE {MOVED} (\n{}\n) STRICT", lines(columns))
}

/// Notes charges that were there before, or are there now.
pub fn note_moved(charges: &str, are_there: bool) -> String {
    let table = table("spend_monthly");
    let sign = if are_there { "" } else { "-" };
    let noted = |column: &Column| {
        let name = stored_name(column);
        if is_sum(column) { format!("{sign}{name}") } else { name }
    };
    let noted: Vec<String> = table.columns.iter().map(noted).collect();
    format!(
        "INSERT INTO {MOVED} ({})\nSELECT {} FROM (\n{}\n)",
        stored_names(&table.columns).join(", "),
        noted.join(", "),
        rendered(&derived::spend_monthly(charges)),
    )
}

/// Adds what moved to the sums, and takes out those that no charge is left of.
pub fn apply_moved() -> [String; 3] {
    let table = table("spend_monthly");
    let target = Sqlite.table(table);
    let key = key_order(table).join(", ");
    let summed = |column: &Column| {
        let name = stored_name(column);
        if is_sum(column) { format!("SUM({name})") } else { name }
    };
    let sums: Vec<String> = table.columns.iter().filter(|column| is_sum(column)).map(stored_name).collect();
    let moved: Vec<String> = sums.iter().map(|name| format!("SUM({name}) <> 0")).collect();
    let add = sums.iter().map(|name| format!("{name} = {target}.{name} + excluded.{name}"));
    [
        format!(
            "INSERT INTO {target} ({})\nSELECT {}\nFROM {MOVED}\nGROUP BY {key}\nHAVING {}\n\
             ON CONFLICT ({key}) DO UPDATE SET\n{}",
            stored_names(&table.columns).join(", "),
            table.columns.iter().map(summed).collect::<Vec<_>>().join(", "),
            moved.join(" OR "),
            lines(add),
        ),
        format!("DELETE FROM {target} WHERE charges = 0 AND ({key}) IN (SELECT {key} FROM {MOVED})"),
        format!("DROP TABLE {MOVED}"),
    ]
}

/// Makes sums of months again: those of these charges, which are all of these months.
pub fn remake_months(charges: &str, months: &str) -> [String; 2] {
    let table = table("spend_monthly");
    let target = Sqlite.table(table);
    let select = rendered(&derived::spend_monthly(charges));
    [format!("DELETE FROM {target} WHERE {}", rendered(months)), insert_made(&target, table, &select)]
}

/// Adds the rows that a query gives.
fn insert_made(target: &str, table: &Table, select: &str) -> String {
    let names = stored_names(&table.columns).join(", ");
    format!("INSERT INTO {target} ({names})\nSELECT {names} FROM (\n{select}\n)")
}

/// Whether the charges of a bucket are made of what coverage says is loaded. Bound: source, account, day.
pub fn is_current() -> String {
    rendered(&format!(
        "SELECT EXISTS (\n  SELECT 1\n  FROM [[table:coverage]] AS loaded\n  JOIN [[table:derived]] AS made\n    \
         ON made.source = loaded.source\n    AND made.account_id = loaded.account_id\n    \
         AND made.activity_date = loaded.activity_date\n  \
         LEFT JOIN (\n{}\n) AS bill ON bill.account_id = loaded.account_id\n  \
         WHERE loaded.source = ?1 AND loaded.account_id = ?2 AND loaded.activity_date = ?3\n  \
         AND loaded.snapshot_id IS NOT NULL AND NOT {}\n)",
        derived::first_bills(),
        derived::is_outdated()
    ))
}

/// What [`derived::touched_by_readings`] asks.
pub fn touched_by_readings<'b>(buckets: impl IntoIterator<Item = &'b BucketId>) -> Option<String> {
    derived::touched_by_readings(buckets).map(|query| rendered(&query))
}

/// What [`derived::cycles_in`] asks.
pub fn cycles_in(scope: Scope<'_>) -> String {
    rendered(&derived::cycles_in(scope))
}

/// Records what the charges of a bucket are made of. Bound: source, account, day.
pub fn record_derived() -> String {
    let table_of_made = table("derived");
    let target = Sqlite.table(table_of_made);
    format!(
        "INSERT INTO {target} ({})\n\
         SELECT loaded.source, loaded.account_id, loaded.activity_date, loaded.snapshot_id, loaded.normalized_at,\n  \
         loaded.newest_fetched_at, CASE WHEN loaded.source = '{}' THEN {} END, {}\nFROM {} AS loaded\n\
         LEFT JOIN (\n{}\n) AS bill ON bill.account_id = loaded.account_id\nWHERE loaded.source = ?1 AND loaded.account_id = ?2 AND loaded.activity_date = ?3\n  \
         AND loaded.snapshot_id IS NOT NULL\n{}",
        stored_names(&table_of_made.columns).join(", "),
        analytics_cost::NAME,
        derived::is_billed("loaded.activity_date"),
        Sqlite.text(&derived::definition()),
        Sqlite.table(table("coverage")),
        rendered(&derived::first_bills()),
        on_conflict(&target, table_of_made),
    )
}

fn rendered(template: &str) -> String {
    query(template, &Sqlite).expect("invariant: shipped templates render, as a test shows")
}

fn stored_names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(stored_name).collect()
}

/// Whether it is added up; the other columns are dimensions.
fn is_sum(column: &Column) -> bool {
    matches!(column.kind, Kind::Integer | Kind::Money)
}

fn create_made(made: &str, table: &Table) -> String {
    let definition = |column: &Column| format!("{} {}", stored_name(column), type_name(column.kind));
    let primary_key = format!("PRIMARY KEY ({})", key_order(table).join(", "));
    let definitions = table.columns.iter().map(definition).chain([primary_key]);
    format!("CREATE TABLE {made} (\n{}\n) STRICT, WITHOUT ROWID", lines(definitions))
}
