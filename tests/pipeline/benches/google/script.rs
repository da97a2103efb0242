//! What the statements of a generated script touch: tables, columns, and days by their literal bounds.
//!
//! It reads the very text that goes to BigQuery, as far as the generator writes it. It never runs anything.

use std::collections::BTreeSet;

use everycent_schemas::Day;
use everycent_schemas::tables::{self, Table};

/// What one statement does with one table.
#[derive(Debug, Clone)]
pub struct Touch {
    /// The name within the dataset.
    pub name: String,
    /// None for one that is no table of the schemas.
    pub table: Option<&'static Table>,
    /// Columns that the statement names.
    pub columns: BTreeSet<&'static str>,
    pub days: Days,
    /// It updates or deletes rows.
    pub is_changed: bool,
}

/// The partitions that the statement's literals leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    All,
    Between(Day, Day),
}

impl Days {
    pub fn has(&self, day: Option<Day>) -> bool {
        match (self, day) {
            (Self::All, _) | (_, None) => true,
            (Self::Between(first, last), Some(day)) => (*first..=*last).contains(&day),
        }
    }
}

impl Touch {
    pub fn is_staged(&self) -> bool {
        self.name.starts_with(STAGING)
    }

    /// The column that its partitions are made by.
    pub fn partition(&self) -> Option<&'static str> {
        self.table.filter(|_| !self.is_staged())?.partition.as_deref()
    }
}

const STAGING: &str = "staging_";

/// The statements that touch a table of the dataset, `project.dataset`; each with all that it touches.
pub fn statements(script: &str, dataset: &str) -> Vec<Vec<Touch>> {
    let touches = script.split(";\n\n").map(|statement| touches(statement, dataset));
    touches.filter(|touches| !touches.is_empty()).collect()
}

/// Answers that a script brings into coverage.
pub fn batches(script: &str) -> usize {
    let ids = script.match_indices(" AS `snapshot_id`,").map(|(at, _)| script[..at].rsplit(' ').next());
    ids.collect::<BTreeSet<_>>().len()
}

fn touches(statement: &str, dataset: &str) -> Vec<Touch> {
    let quoted = statement.split('`').skip(1).step_by(2);
    let names: BTreeSet<&str> = quoted.filter_map(|name| name.strip_prefix(dataset)?.strip_prefix('.')).collect();
    names.into_iter().map(|name| touch(statement, &format!("`{dataset}.{name}`"), name)).collect()
}

fn touch(statement: &str, full: &str, name: &str) -> Touch {
    let table = described(name);
    let prefix = if statement.contains(&format!("{full} AS T")) { "T." } else { "" };
    let columns = table.iter().flat_map(|table| &table.columns).map(|column| column.name.as_str());
    let columns = columns.filter(|column| statement.contains(&format!("{prefix}`{column}`"))).collect();
    let is_changed =
        ["MERGE", "UPDATE", "DELETE FROM"].iter().any(|verb| statement.starts_with(&format!("{verb} {full}")));
    let mut touch = Touch { name: name.to_owned(), table, columns, days: Days::All, is_changed };
    if let Some(column) = touch.partition() {
        touch.days = days(statement, column);
    }
    touch
}

/// A staging table has the columns of the table that it is for, whose name it begins with.
fn described(name: &str) -> Option<&'static Table> {
    let Some(staged) = name.strip_prefix(STAGING) else { return tables::find(name) };
    let is_for = |table: &&Table| staged.strip_prefix(table.name).is_some_and(|rest| rest.starts_with('_'));
    tables::all().iter().filter(is_for).max_by_key(|table| table.name.len())
}

/// By `BETWEEN` on the column, or else by all days that the statement names.
fn days(statement: &str, column: &str) -> Days {
    let between = format!("`{column}` BETWEEN ");
    let bounds = statement.split_once(&between).map(|(_, bounds)| bounds.lines().next().unwrap_or_default());
    let named = bounds.unwrap_or(statement).split("DATE '").skip(1);
    let named: BTreeSet<Day> = named.filter_map(|rest| rest.get(..10)?.parse().ok()).collect();
    match (named.first(), named.last()) {
        (Some(first), Some(last)) => Days::Between(*first, *last),
        _ => Days::All,
    }
}
