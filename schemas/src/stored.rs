//! The rows of the tables that no row file carries: the loader and the checks write them one by one, and read them back.
//!
//! Each struct is made from the schema of its table when the crate is built. Whoever writes a row names all of its columns.

use crate::rowfile::Cell;
use crate::{AccountId, AnswerVerdict, CoverageState, Day, Decision, SnapshotId, Timestamp, Usd};

/// A row as cells, one for each column of its table, in their order. Dates and timestamps are texts there, as in what a
/// warehouse answers to a query.
pub trait StoredRow: Sized {
    const TABLE: &'static str;

    fn cells(&self) -> Vec<Cell>;

    fn from_cells(cells: Vec<Cell>) -> Result<Self, UnreadableRow>;
}

/// A cell is not what this version writes into the column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} of {table} holds {found}, which this version cannot read; a later one may have written it")]
pub struct UnreadableRow {
    pub table: &'static str,
    pub column: &'static str,
    pub found: String,
}

include!(concat!(env!("OUT_DIR"), "/stored.rs"));

impl CoverageRow {
    /// A row of which nothing else is known.
    pub fn bare(source: &str, account_id: &AccountId, activity_date: Day, state: CoverageState) -> Self {
        Self {
            source: source.to_owned(),
            account_id: account_id.clone(),
            activity_date,
            state,
            settled: None,
            fetched_at: None,
            snapshot_id: None,
            normalized_at: None,
            recipe: None,
            rows: None,
            rejects: None,
            amount_usd: None,
            quantity: None,
            merged_at: None,
            newest_fetched_at: None,
            newest_snapshot_id: None,
            held_since: None,
            held: None,
            judgement: None,
            failed_at: None,
            failure: None,
            remarks: None,
        }
    }

    /// The newest answer, be it accepted or not: when it was fetched, and its snapshot. An earlier release knew only the
    /// one that is loaded.
    pub fn newest(&self) -> (Option<Timestamp>, Option<&SnapshotId>) {
        match self.newest_fetched_at {
            Some(_) => (self.newest_fetched_at, self.newest_snapshot_id.as_ref()),
            None => (self.fetched_at, self.snapshot_id.as_ref()),
        }
    }
}

/// The cells of a row that are still to be read.
struct Cells {
    table: &'static str,
    cells: std::vec::IntoIter<Cell>,
}

impl Cells {
    fn new(table: &'static str, cells: Vec<Cell>) -> Self {
        Self { table, cells: cells.into_iter() }
    }

    fn next<T: Value>(&mut self, column: &'static str) -> Result<T, UnreadableRow> {
        let unreadable = |found| UnreadableRow { table: self.table, column, found };
        let cell = self.cells.next().ok_or_else(|| unreadable("nothing".to_owned()))?;
        let found = shown(&cell);
        T::read(cell).ok_or_else(|| unreadable(found))
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Text(text) => format!("`{text}`"),
        Cell::Money(amount) => format!("{amount} dollars"),
    }
}

/// What a column may hold.
trait Value: Sized {
    fn cell(&self) -> Cell;

    fn read(cell: Cell) -> Option<Self>;
}

impl<T: Value> Value for Option<T> {
    fn cell(&self) -> Cell {
        self.as_ref().map_or(Cell::Null, T::cell)
    }

    fn read(cell: Cell) -> Option<Self> {
        if cell == Cell::Null { Some(None) } else { T::read(cell).map(Some) }
    }
}

impl Value for bool {
    fn cell(&self) -> Cell {
        Cell::Boolean(*self)
    }

    /// SQLite has 0 and 1.
    fn read(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Boolean(value) => Some(value),
            Cell::Integer(0) => Some(false),
            Cell::Integer(1) => Some(true),
            _ => None,
        }
    }
}

impl Value for i64 {
    fn cell(&self) -> Cell {
        Cell::Integer(*self)
    }

    fn read(cell: Cell) -> Option<Self> {
        if let Cell::Integer(value) = cell { Some(value) } else { None }
    }
}

impl Value for Usd {
    fn cell(&self) -> Cell {
        Cell::Money(*self)
    }

    fn read(cell: Cell) -> Option<Self> {
        if let Cell::Money(amount) = cell { Some(amount) } else { None }
    }
}

/// What is a text, and reads as it prints.
macro_rules! texts {
    ($($type:ty),*) => {
        $(impl Value for $type {
            fn cell(&self) -> Cell {
                Cell::Text(self.to_string())
            }

            fn read(cell: Cell) -> Option<Self> {
                if let Cell::Text(text) = cell { text.parse().ok() } else { None }
            }
        })*
    };
}

texts!(String, AccountId, SnapshotId, Day, Timestamp, CoverageState, AnswerVerdict, Decision);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tables;

    fn loaded() -> CoverageRow {
        CoverageRow {
            source: "anthropic/cost_report".into(),
            account_id: "acme".into(),
            activity_date: Day::new(2025, 10, 3).unwrap(),
            state: CoverageState::Settled,
            settled: Some(true),
            fetched_at: Some(Timestamp::from_micros(1)),
            snapshot_id: Some("s1".into()),
            normalized_at: Some(Timestamp::from_micros(2)),
            recipe: Some("cd34".into()),
            rows: Some(3),
            rejects: Some(0),
            amount_usd: Some(Usd::from_nanos(-37_300_000)),
            quantity: Some(7),
            merged_at: Some(Timestamp::from_micros(3)),
            newest_fetched_at: Some(Timestamp::from_micros(1)),
            newest_snapshot_id: Some("s1".into()),
            held_since: None,
            held: None,
            judgement: Some("{}".into()),
            failed_at: None,
            failure: None,
            remarks: Some(2),
        }
    }

    #[test]
    fn a_row_reads_as_it_was_written_a_cell_a_column() {
        let cells = loaded().cells();
        assert_eq!(cells.len(), tables::find(CoverageRow::TABLE).unwrap().columns.len());
        assert_eq!(CoverageRow::from_cells(cells), Ok(loaded()));
    }

    #[test]
    fn what_a_later_version_wrote_is_named_in_the_error() {
        let mut cells = loaded().cells();
        cells[3] = Cell::Text("frozen".into());
        let error = CoverageRow::from_cells(cells.clone()).unwrap_err();
        let message =
            "column state of coverage holds `frozen`, which this version cannot read; a later one may have written it";
        assert_eq!(error.to_string(), message);
        cells.truncate(3);
        assert_eq!(CoverageRow::from_cells(cells).unwrap_err().found, "nothing");
    }
}
