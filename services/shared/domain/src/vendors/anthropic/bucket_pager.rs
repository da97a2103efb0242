//! Asking for a report in buckets of a day, oldest first: cost, and use of messages.
//!
//! Source: platform.claude.com/docs, Usage and Cost Admin API. `limit` counts days, not rows; `ending_at` is exclusive
//! and must be a midnight, or the vendor answers 400. It never looks into a bucket.

use everycent_schemas::Day;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::api::{VERSION, bucket_day, midnight};
use super::page_tokens::PageTokens;
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault};
use crate::vendors::{Text, without_content};
use crate::window::Window;

/// A report, and how it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct BucketReport {
    pub path: &'static str,
    /// Up to five.
    pub group_by: &'static [&'static str],
    /// Days, up to 31.
    pub buckets_per_page: u32,
}

/// Pages through a report of one window.
#[derive(Debug)]
pub struct BucketPager {
    report: BucketReport,
    window: Window,
    today: Day,
    tokens: PageTokens,
    days: Vec<Day>,
}

impl BucketPager {
    pub fn new(report: BucketReport, window: Window, today: Day) -> Self {
        Self { report, window, today, tokens: PageTokens::default(), days: Vec::new() }
    }

    fn request(&self, page: Option<String>) -> PageRequest {
        let BucketReport { path, group_by, buckets_per_page } = self.report;
        let mut query = vec![
            ("starting_at", midnight(self.window.from())),
            ("ending_at", midnight(self.window.to().next())),
            ("bucket_width", "1d".to_owned()),
            ("limit", buckets_per_page.to_string()),
        ];
        query.extend(group_by.iter().map(|dimension| ("group_by[]", (*dimension).to_owned())));
        query.extend(page.map(|token| ("page", token)));
        let headers = vec![("anthropic-version", VERSION)];
        PageRequest { method: Method::Get, path, query, headers, body: None }
    }

    /// Buckets come oldest first, each day once. Anything else means that a page was repeated or skipped.
    fn take_days(&mut self, buckets: Vec<Bucket<'_>>) -> Result<(), PagingFault> {
        for bucket in buckets {
            let day = bucket_day(&bucket.starting_at);
            let day = day.ok_or_else(|| self.tokens.malformed("starting_at is not a midnight"))?;
            if !self.window.contains(day) {
                return Err(self.tokens.malformed(format!("{day} was not asked for")));
            }
            if let Some(last) = self.days.last().filter(|last| **last >= day) {
                return Err(PagingFault::moved(format!("{day} came after {last}")));
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

impl Pager for BucketPager {
    fn first(&self) -> PageRequest {
        self.request(None)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.tokens.count_page();
        let page: Envelope<'_> =
            serde_json::from_slice(body).map_err(|e| self.tokens.malformed(without_content(&e)))?;
        self.take_days(page.data)?;
        if !page.has_more {
            return self.complete();
        }
        let token = self.tokens.follow(page.next_page)?;
        Ok(Next::Ask(self.request(Some(token))))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    const REPORT: BucketReport =
        BucketReport { path: "/report", group_by: &["workspace_id", "description"], buckets_per_page: 31 };

    fn pager() -> BucketPager {
        BucketPager::new(REPORT, Window::new(day("2025-10-03"), day("2025-10-05")).unwrap(), day("2025-11-20"))
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
            let mut pager = BucketPager::new(REPORT, window, day("2025-10-04"));
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
