//! Asking for what people do with Claude Code: `GET /v1/organizations/usage_report/claude_code`, one day a question.
//!
//! Source: platform.claude.com/docs, Claude Code Analytics API. `limit` counts records. The vendor tells what is older
//! than an hour, so a day that is over stands still while it is paged; one that is not over is never taken for told.

use std::collections::HashSet;

use everycent_schemas::Day;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::identity::{Id, IdHasher};
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault};
use crate::vendors::anthropic::api::VERSION;
use crate::vendors::anthropic::page_tokens::PageTokens;
use crate::vendors::{Text, without_content};
use crate::window::Window;

const PATH: &str = "/v1/organizations/usage_report/claude_code";
/// The most that the vendor allows.
const RECORDS_PER_PAGE: u32 = 1_000;

/// Pages through one day.
pub struct ClaudeCodePager {
    day: Day,
    today: Day,
    tokens: PageTokens,
    records: HashSet<Id>,
}

impl ClaudeCodePager {
    /// Windows of this source are a day long.
    pub fn new(window: Window, today: Day) -> Self {
        Self { day: window.from(), today, tokens: PageTokens::default(), records: HashSet::new() }
    }

    fn request(&self, page: Option<String>) -> PageRequest {
        let mut query = vec![("starting_at", self.day.to_string()), ("limit", RECORDS_PER_PAGE.to_string())];
        query.extend(page.map(|token| ("page", token)));
        let headers = vec![("anthropic-version", VERSION)];
        PageRequest { method: Method::Get, path: PATH, query, headers, body: None }
    }

    /// There is no total to compare with. But no two records are the same in all they tell, so one that stands on two
    /// pages was shifted, or its page repeated.
    fn take_records(&mut self, records: &[&RawValue]) -> Result<(), PagingFault> {
        let on_page: HashSet<Id> = records.iter().map(|raw| id_of(raw)).collect();
        if !on_page.is_disjoint(&self.records) {
            let reason = format!("a record of page {} stood on an earlier page", self.tokens.page());
            return Err(PagingFault::moved(reason));
        }
        self.records.extend(on_page);
        Ok(())
    }
}

impl Pager for ClaudeCodePager {
    fn first(&self) -> PageRequest {
        self.request(None)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.tokens.count_page();
        let page: Envelope<'_> =
            serde_json::from_slice(body).map_err(|e| self.tokens.malformed(without_content(&e)))?;
        self.take_records(&page.data)?;
        if !page.has_more {
            let covered = Some(self.day).filter(|day| *day < self.today).into_iter().collect();
            return Ok(Next::Whole(Answer::of(covered)));
        }
        let token = self.tokens.follow(page.next_page)?;
        Ok(Next::Ask(self.request(Some(token))))
    }
}

/// What a record tells, whatever the order of its fields.
fn id_of(record: &RawValue) -> Id {
    let told: Value = serde_json::from_str(record.get()).unwrap_or_default();
    IdHasher::new("record").part(&told.to_string()).finish()
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

    fn pager_on(today: &str) -> ClaudeCodePager {
        let day: Day = "2025-09-08".parse().unwrap();
        ClaudeCodePager::new(Window::new(day, day).unwrap(), today.parse().unwrap())
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

    #[test]
    fn a_record_that_stands_on_two_pages_was_shifted() {
        for again in [r#"{"n":1,"m":{"a":1,"b":2}}"#, r#"{"x":0}, {"m": {"b": 2, "a": 1}, "n": 1}"#] {
            let mut pager = pager();
            pager.accept(&page(r#"{"n":0},{"n":1,"m":{"a":1,"b":2}}"#, Some("page_x"))).unwrap();
            let fault = pager.accept(&page(again, None)).unwrap_err();
            assert_eq!(
                fault.to_string(),
                "the data moved while it was paged: a record of page 2 stood on an earlier page"
            );
        }
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
