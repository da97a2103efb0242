//! Making rows: what a report's own code takes and gives.
//!
//! It owns the row files, the rejects, the remarks and the sums of a snapshot, and knows no report.

mod error;
mod limits;
mod mend;
mod output;
mod page_text;
mod records;
mod remarks;

pub use error::NormalizeError;
pub use limits::{DAY_COUNT_MAX, DAY_MONEY_MAX, Limit, OutOfRange, REASON_CHARS_MAX, ROW_BYTES_MAX, beginning};
pub(crate) use mend::{A_COUNT, needed, read_needed};
pub use mend::{Mended, Oddity, Read, mend, mend_openly};
pub use output::{FinishedFile, Output, PART_BYTES};
pub use page_text::PageText;
pub use records::{PageContext, Position, discreet_reason_of, read_alone};

/// Makes the rows of one snapshot of one report.
pub trait RowMaker {
    /// Takes the next page; a record that gives no row becomes a reject, and only that record.
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError>;
}
