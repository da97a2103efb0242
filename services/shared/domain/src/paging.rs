//! Paging: the questions that fill one window, and whether the answers make a whole.

use everycent_schemas::Day;
use serde_json::Value;

use crate::identity::Id;
use crate::window::Window;

/// One question to a vendor. Credentials and the base address are added by who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    pub method: Method,
    pub path: &'static str,
    pub query: Vec<(&'static str, String)>,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Ask(PageRequest),
    Whole(Answer),
}

/// What is known of an answer once its last page came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Days that it covers, in order.
    pub covered: Vec<Day>,
    /// Days after these that are over and that the vendor has yet to report, in order. Nothing is known of them.
    pub awaited: Vec<Day>,
    /// What was odd and yet accepted.
    pub remarks: Vec<String>,
}

impl Answer {
    /// An answer without anything odd.
    pub fn of(covered: Vec<Day>) -> Self {
        Self { covered, awaited: Vec::new(), remarks: Vec::new() }
    }
}

/// Why the pages do not make one answer. The window has to be asked again from its start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PagingFault {
    /// The page is not what the vendor documents.
    #[error("page {page} is not as documented: {reason}")]
    Malformed { page: u32, reason: String },
    /// The data changed under the pages.
    #[error("the data moved while it was paged: {reason}")]
    Moved { reason: String },
    /// What came may not be all, or come twice. A second reading with the same contents is believed.
    #[error("what came may not be what there is: {reason}")]
    Doubtful {
        reason: String,
        /// Of all records, in their order.
        contents: Id,
    },
    /// A closed day is not in the answer.
    #[error("the answer leaves out {first_missing} and {others} other days that are over")]
    Incomplete { first_missing: Day, others: usize },
    /// More pages than any window has.
    #[error("the vendor gave more than {limit} pages")]
    TooManyPages { limit: u32 },
}

impl PagingFault {
    pub fn moved(reason: impl Into<String>) -> Self {
        Self::Moved { reason: reason.into() }
    }
}

/// Asks for one window, page by page.
pub trait Pager: Send {
    fn first(&self) -> PageRequest;
    /// Takes the page that answers the last question.
    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault>;
    /// The answer that a refusal (400) of the first question is, by the vendor's words: where it means that there is nothing
    /// to report yet.
    fn refused(&self, _message: &str) -> Option<Answer> {
        None
    }
}

/// Pages that one window may have.
pub const MAX_PAGES: u32 = 10_000;

/// How a window is asked for.
#[derive(Debug, Clone)]
pub struct PagingTask {
    pub window: Window,
    /// The day that is not over yet.
    pub today: Day,
    /// Records on one page, of reports that let us choose.
    pub page_size: u32,
    /// What the last attempt at this window ended with.
    pub last_fault: Option<PagingFault>,
}

impl PageRequest {
    /// The query as the manifest keeps it, made from the first question: the position of a page is no part of it.
    pub fn to_query(&self) -> Value {
        let mut query = serde_json::Map::new();
        query.insert("path".into(), self.path.into());
        for (name, value) in &self.query {
            let slot = query.entry(*name).or_insert_with(|| Value::Array(Vec::new()));
            slot.as_array_mut().expect("invariant: only arrays are put in").push(value.as_str().into());
        }
        if let Some(body) = &self.body {
            query.insert("body".into(), body.clone());
        }
        Value::Object(query)
    }
}
