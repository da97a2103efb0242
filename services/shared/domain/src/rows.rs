//! Making rows: what a report's own code takes and gives.
//!
//! It owns the row files, the rejects and the sums of a snapshot, and knows no report.

mod error;
mod limits;
mod output;
mod records;

pub use error::NormalizeError;
pub use limits::{DAY_COUNT_MAX, DAY_MONEY_MAX, Limit, OutOfRange};
pub use output::{FinishedFile, Output, PART_BYTES};
pub(crate) use records::without_content;
pub use records::{PageContext, Position, read_alone, read_discreetly};

/// Makes the rows of one snapshot of one report.
pub trait RowMaker {
    /// Takes the next page; a record that gives no row becomes a reject, and only that record.
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError>;
}
