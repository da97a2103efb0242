//! Page tokens: opaque, each leads to the next page, and none leads back.

use crate::paging::{MAX_PAGES, PagingFault};
use crate::vendors::Text;

/// The pages that came, and the tokens that led to them.
#[derive(Debug, Default)]
pub struct PageTokens {
    pages: u32,
    seen: Vec<String>,
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

    /// The token of the page that follows one that has more.
    pub fn follow(&mut self, next_page: Option<Text<'_>>) -> Result<String, PagingFault> {
        let token = next_page.ok_or_else(|| self.malformed("has_more without next_page"))?;
        if self.seen.iter().any(|seen| **seen == *token) {
            return Err(PagingFault::moved("next_page leads back to an earlier page"));
        }
        if self.pages >= MAX_PAGES {
            return Err(PagingFault::TooManyPages { limit: MAX_PAGES });
        }
        self.seen.push(token.to_string());
        Ok(token.to_string())
    }
}
