//! Asking for what people do with Claude Code: `GET /v1/organizations/usage_report/claude_code`, one day a question.
//!
//! Source: platform.claude.com/docs, Claude Code Analytics API. `limit` counts records. The vendor tells what is older
//! than an hour, so a day that is over stands still while it is paged; one that is not over is never taken for told.

use std::collections::HashSet;

use everycent_schemas::Day;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::Content;
use crate::identity::{Id, IdHasher};
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault, PagingTask};
use crate::rows::PageText;
use crate::vendors::Text;
use crate::vendors::anthropic::api::VERSION;
use crate::vendors::anthropic::page_tokens::PageTokens;

const PATH: &str = "/v1/organizations/usage_report/claude_code";
/// The most that the vendor allows.
const RECORDS_PER_PAGE: u32 = 1_000;

/// Pages through one day.
pub struct ClaudeCodePager {
    day: Day,
    today: Day,
    tokens: PageTokens,
    records: HashSet<u128>,
    pages: HashSet<Id>,
    /// Of all records so far, in their order.
    contents: Id,
    /// A record stands on two pages: it is two, or was shifted and came twice.
    has_twins: bool,
    last_fault: Option<PagingFault>,
}

impl ClaudeCodePager {
    /// Windows of this source are a day long.
    pub fn new(task: &PagingTask) -> Self {
        Self {
            day: task.window.from(),
            today: task.today,
            tokens: PageTokens::default(),
            records: HashSet::new(),
            pages: HashSet::new(),
            contents: IdHasher::new("contents").finish(),
            has_twins: false,
            last_fault: task.last_fault.clone(),
        }
    }

    fn request(&self, page: Option<String>) -> PageRequest {
        let mut query = vec![("starting_at", self.day.to_string()), ("limit", RECORDS_PER_PAGE.to_string())];
        query.extend(page.map(|token| ("page", token)));
        let headers = vec![("anthropic-version", VERSION)];
        PageRequest { method: Method::Get, path: PATH, query, headers, body: None }
    }

    /// There is no total to compare with. But records that are the same in all they report are rare, so one that stands on
    /// two pages may have been shifted, or its page repeated. Those that report nothing but zeros are not rare, and harmless.
    fn take_records(&mut self, records: &[&RawValue]) -> Result<(), PagingFault> {
        let mut on_page = HashSet::new();
        let mut page = IdHasher::new("page");
        let mut contents = IdHasher::new("contents").part(self.contents.hex().as_str());
        for raw in records {
            let content = Content::of(raw.get());
            contents = contents.bytes(&content.hash.to_le_bytes());
            page = page.bytes(&content.hash.to_le_bytes());
            if !content.is_zero {
                on_page.insert(content.hash);
            }
        }
        self.contents = contents.finish();
        if !on_page.is_empty() && !self.pages.insert(page.finish()) {
            return Err(PagingFault::moved(format!("page {} came before", self.tokens.page())));
        }
        self.has_twins |= !on_page.is_disjoint(&self.records);
        self.records.extend(on_page);
        Ok(())
    }

    /// What is the same in two readings is what there is.
    fn complete(&self) -> Result<Next, PagingFault> {
        let covered = Some(self.day).filter(|day| *day < self.today).into_iter().collect();
        let reason = "the same record stands on two pages".to_owned();
        let doubt = PagingFault::Doubtful { reason, contents: self.contents };
        match !self.has_twins || self.last_fault.as_ref() == Some(&doubt) {
            true => Ok(Next::Whole(Answer::of(covered))),
            false => Err(doubt),
        }
    }
}

impl Pager for ClaudeCodePager {
    fn first(&self) -> PageRequest {
        self.request(None)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.tokens.count_page();
        let text = PageText::new(body);
        let page: Envelope<'_> = text.records().map_err(|reason| self.tokens.malformed(reason))?;
        self.take_records(&page.data)?;
        if !page.has_more {
            return self.complete();
        }
        let token = self.tokens.follow(page.next_page, page.data.len())?;
        Ok(Next::Ask(self.request(Some(token))))
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    /// Nothing else says whether the answer is whole, so it must be there.
    has_more: bool,
    #[serde(default, borrow)]
    next_page: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::window::Window;

    fn task(today: &str, last_fault: Option<PagingFault>) -> PagingTask {
        let window = Window::of("2025-09-08".parse().unwrap());
        PagingTask { window, today: today.parse().unwrap(), page_size: 100, last_fault }
    }

    fn pager_on(today: &str) -> ClaudeCodePager {
        ClaudeCodePager::new(&task(today, None))
    }

    fn pager() -> ClaudeCodePager {
        pager_on("2025-09-20")
    }

    fn page(records: &str, next: Option<&str>) -> Vec<u8> {
        let next_page = serde_json::json!(next);
        format!(r#"{{"data":[{records}],"has_more":{},"next_page":{next_page}}}"#, next.is_some()).into_bytes()
    }

    #[test]
    fn the_question_names_a_day_and_asks_for_as_many_records_as_there_can_be() {
        let request = pager().first();
        assert_eq!(request.query, [("starting_at", "2025-09-08".to_owned()), ("limit", "1000".to_owned())]);
        assert_eq!((request.path, request.body), (PATH, None));
    }

    #[test]
    fn pages_are_followed_to_the_last_with_the_query_unchanged() {
        let mut pager = pager();
        let Next::Ask(second) = pager.accept(&page(r#"{"n":1},{"n":1}"#, Some("page_x"))).unwrap() else {
            panic!("one more page");
        };
        let first = pager.first();
        assert_eq!(second.query[..first.query.len()], first.query);
        assert_eq!(second.query.last(), Some(&("page", "page_x".to_owned())));
        let Next::Whole(answer) = pager.accept(&page(r#"{"n":2}"#, None)).unwrap() else { panic!("the last page") };
        assert_eq!(answer, Answer::of(vec!["2025-09-08".parse().unwrap()]));
    }

    #[test]
    fn a_day_without_any_use_is_told_all_the_same() {
        let Next::Whole(answer) = pager().accept(&page("", None)).unwrap() else { panic!("one page") };
        assert_eq!(answer.covered.len(), 1);
    }

    #[test]
    fn a_day_that_is_not_over_is_not_covered_whatever_is_told_of_it() {
        for today in ["2025-09-08", "2025-09-07"] {
            let Next::Whole(answer) = pager_on(today).accept(&page(r#"{"n":1}"#, None)).unwrap() else {
                panic!("one page")
            };
            assert_eq!(answer.covered, []);
        }
    }

    /// What a reading of these two pages ends with, after one that ended so.
    fn read(first: &str, second: &str, last_fault: Option<PagingFault>) -> Result<Next, PagingFault> {
        let mut pager = ClaudeCodePager::new(&task("2025-09-20", last_fault));
        pager.accept(&page(first, Some("page_x"))).unwrap();
        pager.accept(&page(second, None))
    }

    #[test]
    fn a_record_that_stands_on_two_pages_is_believed_when_a_second_reading_is_the_same() {
        let first = r#"{"n":0},{"n":1,"m":{"a":1,"b":2}}"#;
        for again in [r#"{"n":1,"m":{"a":1,"b":2}}"#, r#"{"x":0}, {"m": {"b": 2, "a": 1}, "n": 1}"#] {
            let doubt = read(first, again, None).unwrap_err();
            assert_eq!(doubt.to_string(), "what came may not be what there is: the same record stands on two pages");
            let other = read(first, &format!(r#"{again},{{"n":7}}"#), Some(doubt.clone()));
            assert!(matches!(other, Err(PagingFault::Doubtful { .. })), "the second reading has other contents");
            assert!(matches!(read(first, again, Some(doubt)), Ok(Next::Whole(_))));
        }
    }

    #[test]
    fn a_page_that_comes_again_is_never_believed() {
        let page = r#"{"n":1},{"n":2}"#;
        let fault = read(page, page, None).unwrap_err();
        assert_eq!(fault, PagingFault::moved("page 2 came before"));
        assert_eq!(read(page, page, Some(fault.clone())), Err(fault));
    }

    #[test]
    fn records_that_report_only_zeros_may_stand_on_every_page() {
        let zeros = r#"{"actor": {"api_key_name": "ci"}, "is_remote": false, "core_metrics": {"num_sessions": 0}, "cost": 0.0}"#;
        assert!(matches!(read(zeros, zeros, None), Ok(Next::Whole(_))));
        let one = zeros.replace("_sessions\": 0", "_sessions\": 1");
        assert!(read(&one, &one, None).is_err());
    }

    #[test]
    fn a_next_page_that_leads_back_ends_the_paging() {
        let mut pager = pager();
        pager.accept(&page(r#"{"n":1}"#, Some("page_x"))).unwrap();
        let fault = pager.accept(&page(r#"{"n":2}"#, Some("page_x"))).unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
    }

    #[test]
    fn an_answer_that_does_not_say_whether_it_is_whole_is_malformed() {
        for body in [r#"{"data":[]}"#, r#"{"data":[],"has_more":true}"#, r#"{"has_more":false}"#, "[]", "{"] {
            let fault = pager().accept(body.as_bytes()).unwrap_err();
            assert!(matches!(fault, PagingFault::Malformed { page: 1, .. }), "{body}: {fault}");
        }
    }
}
