//! Pages that are asked for by their number.

use crate::paging::{MAX_PAGES, PagingFault};
use crate::vendors::Tally;

/// A count of pages or records, as pages are counted here.
pub fn unsigned(Tally(count): Tally) -> u64 {
    count.unsigned_abs()
}

/// The number of the page that follows this one, which holds so many records and is not the last.
pub fn following(page: u32, records: usize) -> Result<u32, PagingFault> {
    if records == 0 {
        return Err(PagingFault::moved(format!("page {page} is empty and not the last")));
    }
    if page >= MAX_PAGES {
        return Err(PagingFault::TooManyPages { limit: MAX_PAGES });
    }
    Ok(page + 1)
}
