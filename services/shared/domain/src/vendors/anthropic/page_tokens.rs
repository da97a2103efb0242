//! Page tokens: opaque, each leads to the next page, and none leads back or on and on through empty pages.

use std::collections::HashSet;

use crate::paging::{MAX_PAGES, PagingFault};
use crate::vendors::Text;

/// The pages that came, and the tokens that led to them.
#[derive(Debug, Default)]
pub struct PageTokens {
    pages: u32,
    seen: HashSet<String>,
    last_was_empty: bool,
}

impl PageTokens {
    /// Counts a page that came.
    pub fn count_page(&mut self) {
        self.pages += 1;
    }

    /// Number of the page that came last, from 1.
    pub fn page(&self) -> u32 {
        self.pages
    }

    pub fn malformed(&self, reason: impl ToString) -> PagingFault {
        PagingFault::Malformed { page: self.pages, reason: reason.to_string() }
    }

    /// The token of the page that follows one that has more, and holds so many records. One empty page on the way is odd;
    /// a second one promises what never comes.
    pub fn follow(&mut self, token: Option<Text<'_>>, records: usize) -> Result<String, PagingFault> {
        let token = token.ok_or_else(|| self.malformed("it has more, and no token of the next page"))?;
        if self.seen.contains(&*token) {
            return Err(PagingFault::moved("the token of the next page leads back to an earlier one"));
        }
        if std::mem::replace(&mut self.last_was_empty, records == 0) && records == 0 {
            let (before, page) = (self.pages.saturating_sub(1), self.pages);
            return Err(self.malformed(format!("pages {before} and {page} are empty, and it has more")));
        }
        if self.pages >= MAX_PAGES {
            return Err(PagingFault::TooManyPages { limit: MAX_PAGES });
        }
        self.seen.insert(token.to_string());
        Ok(token.to_string())
    }
}
