//! Paging: the questions that fill one window, and whether the answers make a whole.

use everycent_schemas::Day;
use serde_json::Value;

use crate::source::Source;
use crate::vendors::anthropic::analytics_cost::AnalyticsPager;
use crate::vendors::anthropic::claude_code::ClaudeCodePager;
use crate::vendors::anthropic::directory::ListPager;
use crate::vendors::anthropic::{BucketPager, BucketReport, cost_report, usage_messages};
use crate::vendors::cursor::daily_usage::DailyUsagePager;
use crate::vendors::cursor::members::MembersPager;
use crate::vendors::cursor::spend::SpendPager;
use crate::vendors::cursor::usage_events::UsageEventsPager;
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
    /// What was odd and yet accepted.
    pub remarks: Vec<String>,
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
    /// A closed day is not in the answer.
    #[error("the answer leaves out {first_missing} and {others} other days that are over")]
    Incomplete { first_missing: Day, others: usize },
    /// More pages than any window has.
    #[error("the vendor gave more than {limit} pages")]
    TooManyPages { limit: u32 },
}

/// Asks for one window, page by page.
pub trait Pager: Send {
    fn first(&self) -> PageRequest;
    /// Takes the page that answers the last question.
    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault>;
}

/// Pages that one window may have.
pub const MAX_PAGES: u32 = 10_000;

/// How a window is asked for.
#[derive(Debug, Clone)]
pub struct PagingTask {
    pub source: Source,
    pub window: Window,
    /// The day that is not over yet.
    pub today: Day,
    /// Users on one page of Cursor's reports by user.
    pub cursor_page_size: u32,
    /// What the last attempt at this window ended with.
    pub last_fault: Option<PagingFault>,
}

impl PagingTask {
    pub fn pager(&self) -> Box<dyn Pager> {
        // Each arm is one report; what is particular to it stands in its vendor's folder.
        match self.source {
            Source::AnthropicCostReport => self.buckets(cost_report::GROUPED),
            Source::AnthropicCostTotals => self.buckets(cost_report::UNGROUPED),
            Source::AnthropicUsageMessages => self.buckets(usage_messages::REPORT),
            Source::AnthropicClaudeCode => Box::new(ClaudeCodePager::new(self.window, self.today)),
            Source::AnthropicAnalyticsCost => Box::new(AnalyticsPager::new(self.window, self.today)),
            Source::AnthropicWorkspaces => Box::new(ListPager::workspaces(self.window)),
            Source::AnthropicApiKeys => Box::new(ListPager::api_keys(self.window)),
            Source::AnthropicUsers => Box::new(ListPager::users(self.window)),
            Source::CursorDailyUsage => Box::new(DailyUsagePager::new(self)),
            Source::CursorUsageEvents => Box::new(UsageEventsPager::new(self)),
            Source::CursorSpend => Box::new(SpendPager::new(self)),
            Source::CursorMembers => Box::new(MembersPager::new(self.window)),
            Source::UploadClaudeUsage | Source::UploadApiKeyOwners => {
                unreachable!("invariant: a request for what a person imports is refused before it becomes a task")
            }
        }
    }

    fn buckets(&self, report: BucketReport) -> Box<dyn Pager> {
        Box::new(BucketPager::new(report, self.window, self.today))
    }

    /// The query as the manifest keeps it: everything but the position of a page.
    pub fn query(&self) -> Value {
        let first = self.pager().first();
        let mut query = serde_json::Map::new();
        query.insert("path".into(), first.path.into());
        for (name, value) in first.query {
            let slot = query.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            slot.as_array_mut().expect("invariant: only arrays are put in").push(value.into());
        }
        if let Some(body) = first.body {
            query.insert("body".into(), body);
        }
        Value::Object(query)
    }
}
