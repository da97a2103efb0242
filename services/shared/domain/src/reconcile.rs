//! Reconciling: facts in, verdicts out. Each check says what was compared and, when it fails, the likely cause.

mod accounts;
mod buckets;
mod cost;
mod expected;
mod tolerances;

use everycent_schemas::{Day, Usd};

pub use accounts::no_strange_account;
pub use buckets::{BucketFact, BucketSums, no_missing_bucket, no_reject, tables_equal_coverage};
pub use cost::grouped_equals_ungrouped;
pub use expected::{Expectation, InvalidExpectation, Workspace, equals_expected};
pub use tolerances::Tolerances;

/// The last word of a check on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub check: Check,
    /// The source that was checked.
    pub source: String,
    pub account_id: String,
    /// The day; the last one for a check of a range.
    pub activity_date: Day,
    pub from_date: Day,
    pub expected: Figure,
    pub found: Figure,
    pub passed: bool,
    /// What was compared, and the likely cause when it fails.
    pub explanation: String,
}

impl Verdict {
    pub fn difference(&self) -> Figure {
        match (self.found, self.expected) {
            (Figure::Usd(found), Figure::Usd(expected)) => Figure::Usd(found - expected),
            (found, expected) => Figure::Count(found.count() - expected.count()),
        }
    }

    pub fn word(&self) -> &'static str {
        if self.passed { "pass" } else { "fail" }
    }
}

/// What can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    GroupedEqualsUngrouped,
    TablesEqualCoverage,
    NoMissingBucket,
    NoReject,
    NoStrangeAccount,
    EqualsExpected,
}

impl Check {
    pub const ALL: [Self; 6] = [
        Self::GroupedEqualsUngrouped,
        Self::TablesEqualCoverage,
        Self::NoMissingBucket,
        Self::NoReject,
        Self::NoStrangeAccount,
        Self::EqualsExpected,
    ];

    pub fn id(self) -> &'static str {
        match self {
            Self::GroupedEqualsUngrouped => "grouped_equals_ungrouped",
            Self::TablesEqualCoverage => "tables_equal_coverage",
            Self::NoMissingBucket => "no_missing_bucket",
            Self::NoReject => "no_reject",
            Self::NoStrangeAccount => "no_strange_account",
            Self::EqualsExpected => "equals_expected",
        }
    }

    /// What it compares, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::GroupedEqualsUngrouped => "Claude cost by workspace equals the ungrouped bill, day by day",
            Self::TablesEqualCoverage => "tables hold the rows, the money and the counts that were merged",
            Self::NoMissingBucket => "every day of every source is loaded",
            Self::NoReject => "every record became a row",
            Self::NoStrangeAccount => "every account in the tables is a configured one",
            Self::EqualsExpected => "the total equals the figure read off the console",
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Usd(Usd),
    Count(i64),
}

impl Figure {
    fn count(self) -> i64 {
        match self {
            Self::Count(count) => count,
            Self::Usd(_) => 0,
        }
    }

    /// Exact, without the unit.
    pub fn text(self) -> String {
        match self {
            Self::Usd(amount) => amount.short(),
            Self::Count(count) => count.to_string(),
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Usd(_) => "usd",
            Self::Count(_) => "count",
        }
    }
}
