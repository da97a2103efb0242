//! What BigQuery would process and bill for a script, on demand.
//!
//! By its documentation a statement that updates or deletes processes the columns that it names, in the partitions that
//! it scans, and once more all columns of the partitions that it changes; another statement only the first. Each table
//! that a statement names is billed with 10 MB at least, and every statement of a script is a query of its own.
//! <https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax>

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use crate::script::{Days, Touch};
use crate::sizes::Sizes;

const LEAST_BILLED: u64 = 10 << 20;

/// Sizes by the name of the table.
pub type Weighed = BTreeMap<String, Sizes>;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Of partitioned tables, within the bounds.
    pub bounded: u64,
    /// Of the same tables, were there no bounds.
    pub unbounded: u64,
    /// Of tables without partitions: staged rows and directories.
    pub whole: u64,
    pub billed: u64,
    pub billed_unbounded: u64,
}

impl Bytes {
    pub fn processed(&self) -> u64 {
        self.bounded + self.whole
    }

    pub fn processed_unbounded(&self) -> u64 {
        self.unbounded + self.whole
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.bounded += other.bounded;
        self.unbounded += other.unbounded;
        self.whole += other.whole;
        self.billed += other.billed;
        self.billed_unbounded += other.billed_unbounded;
    }
}

/// A statement finds a table as it was before the script, until one of the script has changed it.
pub fn reckon(statements: &[Vec<Touch>], before: &Weighed, after: &Weighed) -> Bytes {
    let mut changed = BTreeSet::new();
    let mut sum = Bytes::default();
    for touch in statements.iter().flatten() {
        let weighed = if changed.contains(&touch.name) { after } else { before };
        sum += of(touch, weighed.get(&touch.name).unwrap_or(&Sizes::default()));
        if touch.is_changed {
            changed.insert(touch.name.clone());
        }
    }
    sum
}

fn of(touch: &Touch, sizes: &Sizes) -> Bytes {
    let scanned = |days: &Days| sizes.bytes(days, |column| touch.columns.contains(column));
    let rewritten = if touch.is_changed { sizes.bytes(&touch.days, |_| true) } else { 0 };
    let (within, all) = (scanned(&touch.days) + rewritten, scanned(&Days::All) + rewritten);
    let billed = |bytes: u64| bytes.next_multiple_of(1 << 20).max(LEAST_BILLED);
    let (bounded, unbounded, whole) = if touch.partition().is_some() { (within, all, 0) } else { (0, 0, all) };
    Bytes { bounded, unbounded, whole, billed: billed(within), billed_unbounded: billed(all) }
}
