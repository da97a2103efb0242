//! What all tables and views of a warehouse hold, so that two can be compared to the nano-dollar.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use everycent_runtime::warehouse::{SqliteWarehouse, Warehouse};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::tables::{self, Kind};
use everycent_schemas::views::{self, ViewKind};

use crate::support::HISTORY;

/// Tables whose rows are of the run that wrote them, so that two machines have different ones: the verdicts of each
/// `reconcile`, which are dated by it.
const OF_A_RUN: [&str; 1] = ["reconciliation"];

/// Columns that two syncs of the same vendors differ in, besides those of history: they say when, not what.
const WHEN: [&str; 2] = ["last_seen_at", "checked_at"];

/// The same in one table: its rows are readings, and named after theirs.
const HISTORY_OF: [(&str, &str); 1] = [("cursor_spend", "row_id")];

/// Nothing is odd in the month, and its files of money are those that stand beside the APIs.
const MAY_BE_EMPTY: [&str; 4] = ["rejected_records", "remarks", "claude_imported_costs", "cursor_imported_events"];

/// Rows as text, in order, by table and view.
pub struct Systems(BTreeMap<&'static str, Vec<Vec<String>>>);

impl Systems {
    pub fn of_machine(home: &Path) -> Self {
        Self::of(&SqliteWarehouse::open_read_only(&home.join("everycent.sqlite")).unwrap())
    }

    pub fn of(warehouse: &dyn Warehouse) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let tables = tables::all().iter().filter(|table| !OF_A_RUN.contains(&table.name)).map(|table| {
            let columns = table.columns.iter().map(|column| (column.name.as_str(), ViewKind::Stored(column.kind)));
            (table.name, columns.collect::<Vec<_>>())
        });
        let views = views::all()
            .iter()
            .map(|view| (view.name, view.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect()));
        let rows = tables.chain(views).map(|(name, columns)| (name, runtime.block_on(rows(warehouse, name, &columns))));
        Self(rows.collect())
    }

    /// What is compared, and what is left out.
    pub fn names(&self) -> BTreeSet<String> {
        self.0.keys().chain(&OF_A_RUN).map(|name| (*name).to_owned()).collect()
    }

    pub fn is_empty(&self, name: &str) -> bool {
        self.0[name].is_empty()
    }
}

async fn rows(warehouse: &dyn Warehouse, name: &str, columns: &[(&str, ViewKind)]) -> Vec<Vec<String>> {
    let is_history =
        |column: &str| HISTORY.contains(&column) || WHEN.contains(&column) || HISTORY_OF.contains(&(name, column));
    let columns: Vec<_> = columns.iter().filter(|(column, _)| !is_history(column)).collect();
    let select = columns.iter().map(|(name, kind)| match kind {
        ViewKind::Stored(Kind::Money) => format!("[[exact:{name}]]"),
        _ => (*name).to_owned(),
    });
    let query = format!("SELECT {} FROM [[table:{name}]]", select.collect::<Vec<_>>().join(", "));
    let answer = warehouse.query(&query).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut rows: Vec<Vec<String>> = answer.rows.iter().map(|row| texts(row, &columns)).collect();
    rows.sort();
    rows
}

fn texts(row: &[Cell], columns: &[&(&str, ViewKind)]) -> Vec<String> {
    row.iter().zip(columns).map(|(cell, (name, kind))| format!("{name}={}", text(cell, *kind))).collect()
}

/// The warehouses write booleans and quotients differently, and mean the same.
fn text(cell: &Cell, kind: ViewKind) -> String {
    match (cell, kind) {
        (Cell::Null, _) => "NULL".to_owned(),
        (Cell::Text(ratio), ViewKind::Ratio) => format!("{:?}", ratio.parse::<f64>().unwrap()),
        (Cell::Integer(truth), ViewKind::Stored(Kind::Boolean)) => (*truth != 0).to_string(),
        (Cell::Boolean(truth), _) => truth.to_string(),
        (Cell::Text(text), _) => text.clone(),
        (other, _) => format!("{other:?}"),
    }
}

/// Every table and view has the same rows, and none of them is left empty by both for want of data.
#[track_caller]
pub fn assert_same(there: &Systems, here: &Systems) {
    assert_equal(there, here);
    for (name, rows) in &here.0 {
        assert!(MAY_BE_EMPTY.contains(name) || !rows.is_empty(), "{name} is empty");
    }
}

/// Every table and view has the same rows, be there any or none.
#[track_caller]
pub fn assert_equal(there: &Systems, here: &Systems) {
    let differing: Vec<&str> =
        here.0.iter().filter(|(name, rows)| there.0[*name] != **rows).map(|(name, _)| *name).collect();
    for (name, rows) in &here.0 {
        let other = &there.0[name];
        let missing: Vec<_> = rows.iter().filter(|row| other.binary_search(row).is_err()).take(3).collect();
        let more: Vec<_> = other.iter().filter(|row| rows.binary_search(row).is_err()).take(3).collect();
        assert!(
            rows == other,
            "{name}: {} rows here, {} there\nonly here: {missing:#?}\nonly there: {more:#?}\nall that differ: {differing:?}",
            rows.len(),
            other.len()
        );
    }
}
