//! Asking for the cost report: `GET /v1/organizations/cost_report`, buckets of a day, oldest first.
//!
//! Source: platform.claude.com/docs, Usage and Cost Admin API. `limit` counts days, not rows, and goes up to 31;
//! `ending_at` is exclusive and must be a midnight, or the vendor answers 400.

use everycent_schemas::Day;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::VERSION;
use crate::paging::{Answer, MAX_PAGES, Method, Next, PageRequest, Pager, PagingFault};
use crate::vendors::{Text, without_content};
use crate::window::Window;

const PATH: &str = "/v1/organizations/cost_report";
const BUCKETS_PER_PAGE: &str = "31";

/// Pages through the cost report of one window.
#[derive(Debug)]
pub struct CostPager {
    group_by: &'static [&'static str],
    window: Window,
    today: Day,
    pages: u32,
    days: Vec<Day>,
    tokens: Vec<String>,
}

impl CostPager {
    /// The fact: one row for each workspace and description.
    pub fn grouped(window: Window, today: Day) -> Self {
        Self::new(&["workspace_id", "description"], window, today)
    }

    /// The control total.
    pub fn ungrouped(window: Window, today: Day) -> Self {
        Self::new(&[], window, today)
    }

    fn new(group_by: &'static [&'static str], window: Window, today: Day) -> Self {
        Self { group_by, window, today, pages: 0, days: Vec::new(), tokens: Vec::new() }
    }

    fn request(&self, page: Option<String>) -> PageRequest {
        let mut query = vec![
            ("starting_at", midnight(self.window.from())),
            ("ending_at", midnight(self.window.to().next())),
            ("bucket_width", "1d".to_owned()),
            ("limit", BUCKETS_PER_PAGE.to_owned()),
        ];
        query.extend(self.group_by.iter().map(|dimension| ("group_by[]", (*dimension).to_owned())));
        query.extend(page.map(|token| ("page", token)));
        let headers = vec![("anthropic-version", VERSION)];
        PageRequest { method: Method::Get, path: PATH, query, headers, body: None }
    }

    fn malformed(&self, reason: impl ToString) -> PagingFault {
        PagingFault::Malformed { page: self.pages, reason: reason.to_string() }
    }

    /// Buckets come oldest first, each day once. Anything else means that a page was repeated or skipped.
    fn take_days(&mut self, buckets: Vec<Bucket<'_>>) -> Result<(), PagingFault> {
        for bucket in buckets {
            let day = bucket_day(&bucket.starting_at).ok_or_else(|| self.malformed("starting_at is not a midnight"))?;
            if !self.window.contains(day) {
                return Err(self.malformed(format!("{day} was not asked for")));
            }
            if let Some(last) = self.days.last().filter(|last| **last >= day) {
                return Err(PagingFault::Moved { reason: format!("{day} came after {last}") });
            }
            self.days.push(day);
        }
        Ok(())
    }

    fn complete(&self) -> Result<Next, PagingFault> {
        let closed = self.window.days().filter(|day| *day < self.today);
        let mut missing = closed.filter(|day| self.days.binary_search(day).is_err());
        match missing.next() {
            Some(first_missing) => Err(PagingFault::Incomplete { first_missing, others: missing.count() }),
            None => Ok(Next::Whole(Answer { covered: self.days.clone(), remarks: Vec::new() })),
        }
    }
}

impl Pager for CostPager {
    fn first(&self) -> PageRequest {
        self.request(None)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.pages += 1;
        let page: Envelope<'_> = serde_json::from_slice(body).map_err(|e| self.malformed(without_content(&e)))?;
        self.take_days(page.data)?;
        if !page.has_more {
            return self.complete();
        }
        let token = page.next_page.ok_or_else(|| self.malformed("has_more without next_page"))?;
        if self.tokens.iter().any(|seen| **seen == *token) {
            return Err(PagingFault::Moved { reason: "next_page leads back to an earlier page".into() });
        }
        if self.pages >= MAX_PAGES {
            return Err(PagingFault::TooManyPages { limit: MAX_PAGES });
        }
        self.tokens.push(token.to_string());
        Ok(Next::Ask(self.request(Some(token.to_string()))))
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<Bucket<'a>>,
    #[serde(default)]
    has_more: bool,
    #[serde(default, borrow)]
    next_page: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Bucket<'a> {
    #[serde(borrow)]
    starting_at: Text<'a>,
    #[expect(dead_code, reason = "a bucket without results is malformed")]
    results: Vec<IgnoredAny>,
}

pub(super) fn midnight(day: Day) -> String {
    format!("{day}T00:00:00Z")
}

/// The day that begins at this RFC 3339 instant; `None` if it is not a midnight in UTC.
pub(super) fn bucket_day(starting_at: &str) -> Option<Day> {
    let instant: everycent_schemas::Timestamp = starting_at.parse().ok()?;
    Some(instant.day()).filter(|day| day.start() == instant)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn pager() -> CostPager {
        CostPager::grouped(Window::new(day("2025-10-03"), day("2025-10-05")).unwrap(), day("2025-11-20"))
    }

    fn page(days: &[&str], next: Option<&str>) -> Vec<u8> {
        let data: Vec<_> = days
            .iter()
            .map(|day| serde_json::json!({"starting_at": format!("{day}T00:00:00Z"), "ending_at": "x", "results": []}))
            .collect();
        serde_json::json!({"data": data, "has_more": next.is_some(), "next_page": next}).to_string().into_bytes()
    }

    #[test]
    fn the_question_ends_at_the_next_midnight_and_names_its_grouping() {
        let request = pager().first();
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            query,
            [
                "starting_at=2025-10-03T00:00:00Z",
                "ending_at=2025-10-06T00:00:00Z",
                "bucket_width=1d",
                "limit=31",
                "group_by[]=workspace_id",
                "group_by[]=description"
            ]
        );
    }

    #[test]
    fn pages_are_followed_to_the_last_with_the_query_unchanged() {
        let mut pager = pager();
        let Next::Ask(second) = pager.accept(&page(&["2025-10-03", "2025-10-04"], Some("page_x"))).unwrap() else {
            panic!("one more page");
        };
        let first = pager.first();
        assert_eq!(second.query[..first.query.len()], first.query);
        assert_eq!(second.query.last(), Some(&("page", "page_x".to_owned())));
        let Next::Whole(answer) = pager.accept(&page(&["2025-10-05"], None)).unwrap() else { panic!("the last page") };
        assert_eq!(answer.covered, [day("2025-10-03"), day("2025-10-04"), day("2025-10-05")]);
    }

    #[test]
    fn a_repeated_page_is_not_taken_twice() {
        let mut pager = pager();
        pager.accept(&page(&["2025-10-03", "2025-10-04"], Some("page_x"))).unwrap();
        let fault = pager.accept(&page(&["2025-10-03", "2025-10-04"], Some("page_y"))).unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
    }

    #[test]
    fn a_next_page_that_leads_back_ends_the_paging() {
        let mut pager = pager();
        pager.accept(&page(&["2025-10-03"], Some("page_x"))).unwrap();
        let fault = pager.accept(&page(&["2025-10-04"], Some("page_x"))).unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
    }

    #[test]
    fn a_closed_day_that_is_left_out_makes_the_answer_incomplete() {
        let fault = pager().accept(&page(&["2025-10-03", "2025-10-05"], None)).unwrap_err();
        assert_eq!(fault, PagingFault::Incomplete { first_missing: day("2025-10-04"), others: 0 });
    }

    #[test]
    fn today_may_be_told_or_not() {
        let window = Window::new(day("2025-10-03"), day("2025-10-04")).unwrap();
        for days in [&["2025-10-03"][..], &["2025-10-03", "2025-10-04"]] {
            let mut pager = CostPager::grouped(window, day("2025-10-04"));
            let Next::Whole(answer) = pager.accept(&page(days, None)).unwrap() else { panic!("one page") };
            assert_eq!(answer.covered.len(), days.len());
        }
    }

    #[test]
    fn a_page_that_is_not_as_documented_is_named() {
        for body in [&b"[]"[..], b"{}", b"{\"data\":[{\"starting_at\":\"2025-10-03T01:00:00Z\",\"results\":[]}]}", b"{"]
        {
            let fault = pager().accept(body).unwrap_err();
            assert!(matches!(fault, PagingFault::Malformed { page: 1, .. }), "{fault}");
        }
    }
}
