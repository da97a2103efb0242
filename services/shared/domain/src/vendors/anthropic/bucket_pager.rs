//! Asking for a report in buckets of a day, oldest first: cost, and use of messages.
//!
//! Source: platform.claude.com/docs, Usage and Cost Admin API. `limit` counts days, not rows; `ending_at` is exclusive
//! and must be a midnight, or the vendor answers 400. It never looks into a bucket.

use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::api::{VERSION, bucket_day, midnight};
use super::page_tokens::PageTokens;
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault, PagingTask};
use crate::report::is_overdue;
use crate::rows::PageText;
use crate::vendors::Text;
use crate::window::Window;

/// Whole days after its end within which a day may still be missing at the end of an answer.
pub const LAG_DAYS: u32 = 1;

/// How the vendor refuses a range that ends where its data ends, for example today alone.
const NOTHING_YET: &str = "ending date must be after starting date";

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
    last_fault: Option<PagingFault>,
    tokens: PageTokens,
    days: Vec<Day>,
}

impl BucketPager {
    pub fn new(report: BucketReport, task: &PagingTask) -> Self {
        let PagingTask { window, today, ref last_fault, .. } = *task;
        Self { report, window, today, last_fault: last_fault.clone(), tokens: PageTokens::default(), days: Vec::new() }
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
            if let Some(end) = bucket.end().filter(|end| day < self.today && *end != day.next().start()) {
                return Err(self.tokens.malformed(format!("the bucket of {day} is no day, it ends at {end}")));
            }
            self.days.push(day);
        }
        Ok(())
    }

    /// The last days may not be reported yet. A hole before a reported day is a fault, and so is an end that should have
    /// been reported long ago, unless the next reading ends there too: then the days before it count all the same.
    fn complete(&self) -> Result<Next, PagingFault> {
        let missing = self.closed().filter(|day| self.days.binary_search(day).is_err());
        let missing: Vec<Day> = missing.collect();
        let Some(first_missing) = missing.first().copied() else {
            return Ok(Next::Whole(Answer::of(self.days.clone())));
        };
        let fault = PagingFault::Incomplete { first_missing, others: missing.len() - 1 };
        let is_hole = self.days.last().is_some_and(|last| first_missing < *last);
        let is_quiet = !is_overdue(LAG_DAYS, first_missing, self.today);
        match !is_hole && (is_quiet || self.last_fault.as_ref() == Some(&fault)) {
            true => Ok(Next::Whole(Answer { awaited: missing, ..Answer::of(self.days.clone()) })),
            false => Err(fault),
        }
    }

    /// Days of the window that are over.
    fn closed(&self) -> impl Iterator<Item = Day> {
        let today = self.today;
        self.window.days().filter(move |day| *day < today)
    }
}

impl Pager for BucketPager {
    fn first(&self) -> PageRequest {
        self.request(None)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.tokens.count_page();
        let text = PageText::new(body);
        let page: Envelope<'_> = text.records().map_err(|reason| self.tokens.malformed(reason))?;
        let buckets = page.data.len();
        self.take_days(page.data)?;
        if !page.has_more {
            return self.complete();
        }
        let token = self.tokens.follow(page.next_page, buckets)?;
        Ok(Next::Ask(self.request(Some(token))))
    }

    fn refused(&self, message: &str) -> Option<Answer> {
        let is_recent = !is_overdue(LAG_DAYS, self.window.from(), self.today);
        let is_meant = is_recent && message.to_ascii_lowercase().contains(NOTHING_YET);
        is_meant.then(|| Answer { awaited: self.closed().collect(), ..Answer::of(Vec::new()) })
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
    #[serde(default, borrow)]
    ending_at: Option<&'a RawValue>,
    #[expect(dead_code, reason = "a bucket without results is malformed")]
    results: Vec<IgnoredAny>,
}

impl Bucket<'_> {
    /// Where it ends: one that holds an hour or a week is no day. An end that does not read says nothing.
    fn end(&self) -> Option<Timestamp> {
        let text: Text<'_> = serde_json::from_str(self.ending_at?.get()).ok()?;
        text.parse().ok()
    }
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
        pager_on("2025-11-20", None)
    }

    /// Three days.
    fn pager_on(today: &str, last_fault: Option<PagingFault>) -> BucketPager {
        pager_of(("2025-10-03", "2025-10-05"), today, last_fault)
    }

    fn pager_of((from, to): (&str, &str), today: &str, last_fault: Option<PagingFault>) -> BucketPager {
        let window = Window::new(day(from), day(to)).unwrap();
        BucketPager::new(REPORT, &PagingTask { window, today: day(today), page_size: 100, last_fault })
    }

    /// Days that are covered and days that are awaited.
    fn whole(next: Result<Next, PagingFault>) -> (Vec<String>, Vec<String>) {
        let Next::Whole(answer) = next.unwrap() else { panic!("the last page") };
        let texts = |days: Vec<Day>| days.iter().map(ToString::to_string).collect();
        (texts(answer.covered), texts(answer.awaited))
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
    fn one_empty_page_may_promise_more_and_a_second_one_may_not() {
        let mut pager = pager();
        pager.accept(&page(&[], Some("page_1"))).unwrap();
        pager.accept(&page(&["2025-10-03"], Some("page_2"))).unwrap();
        pager.accept(&page(&[], Some("page_3"))).unwrap();
        let fault = pager.accept(&page(&[], Some("page_4"))).unwrap_err();
        assert_eq!(fault.to_string(), "page 4 is not as documented: pages 3 and 4 are empty, and it has more");
    }

    #[test]
    fn a_result_that_is_no_json_does_not_stop_the_paging() {
        let whole = page(&["2025-10-03", "2025-10-04", "2025-10-05"], None);
        let text = String::from_utf8(whole).unwrap().replacen(r#""results":[]"#, r#""results":[{"a":1},@,{"b":2}]"#, 1);
        for hostile in [&b"\xff"[..], b"\0", b"{\"a\":\"\xff\"}", b"{\"a\":nul}", b"1e400", b"\"\\ud800\""] {
            let (before, after) = text.split_once('@').unwrap();
            let body = [before.as_bytes(), hostile, after.as_bytes()].concat();
            let (covered, _) = whole_of(&body);
            assert_eq!(covered.len(), 3, "{}", String::from_utf8_lossy(&body));
        }
    }

    fn whole_of(body: &[u8]) -> (Vec<String>, Vec<String>) {
        whole(pager().accept(body))
    }

    #[test]
    fn a_closed_day_that_is_left_out_makes_the_answer_incomplete() {
        let fault = pager().accept(&page(&["2025-10-03", "2025-10-05"], None)).unwrap_err();
        assert_eq!(fault, PagingFault::Incomplete { first_missing: day("2025-10-04"), others: 0 });
    }

    #[test]
    fn a_hole_is_a_fault_however_young_and_however_often_it_comes() {
        let holed = page(&["2025-10-03", "2025-10-05"], None);
        let fault = pager_on("2025-10-06", None).accept(&holed).unwrap_err();
        assert_eq!(fault, PagingFault::Incomplete { first_missing: day("2025-10-04"), others: 0 });
        assert_eq!(pager_on("2025-10-06", Some(fault.clone())).accept(&holed), Err(fault));
    }

    #[test]
    fn the_last_days_may_be_missing_and_are_awaited_not_covered() {
        for (today, days, awaited) in [
            ("2025-10-06", &["2025-10-03", "2025-10-04"][..], &["2025-10-05"][..]),
            ("2025-10-07", &["2025-10-03"], &["2025-10-04", "2025-10-05"]),
            ("2025-10-06", &[], &["2025-10-03", "2025-10-04", "2025-10-05"]),
            ("2025-10-05", &["2025-10-03"], &["2025-10-04"]),
        ] {
            let (covered, missing) = whole(pager_on(today, None).accept(&page(days, None)));
            assert_eq!((&covered[..], &missing[..]), (&strings(days)[..], &strings(awaited)[..]), "{today}");
        }
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn days_that_are_missing_for_too_long_need_a_second_reading_that_ends_there_too() {
        let (short, shorter) = (page(&["2025-10-03", "2025-10-04"], None), page(&["2025-10-03"], None));
        let fault = pager().accept(&short).unwrap_err();
        assert_eq!(fault, PagingFault::Incomplete { first_missing: day("2025-10-05"), others: 0 });
        assert!(pager_on("2025-11-20", Some(fault.clone())).accept(&shorter).is_err());
        let (covered, awaited) = whole(pager_on("2025-11-20", Some(fault)).accept(&short));
        assert_eq!((covered.len(), awaited), (2, strings(&["2025-10-05"])));
    }

    #[test]
    fn a_range_that_ends_where_the_data_ends_is_not_reported_yet() {
        let words = "Invalid date range: ending date must be after starting date";
        let refused = |days, today, words| pager_of(days, today, None).refused(words);
        let today_alone = refused(("2025-10-05", "2025-10-05"), "2025-10-05", words);
        assert_eq!(today_alone, Some(Answer::of(Vec::new())));
        let yesterday = refused(("2025-10-05", "2025-10-06"), "2025-10-06", words).unwrap();
        assert_eq!((yesterday.covered, yesterday.awaited), (vec![], vec![day("2025-10-05")]));
        assert_eq!(refused(("2025-10-05", "2025-10-05"), "2025-11-20", words), None, "no data for six weeks");
        assert_eq!(refused(("2025-10-05", "2025-10-05"), "2025-10-05", "group_by: unknown"), None);
    }

    #[test]
    fn today_may_be_told_or_not() {
        for days in [&["2025-10-03"][..], &["2025-10-03", "2025-10-04"]] {
            let mut pager = pager_of(("2025-10-03", "2025-10-04"), "2025-10-04", None);
            let (covered, awaited) = whole(pager.accept(&page(days, None)));
            assert_eq!((covered.len(), awaited.len()), (days.len(), 0));
        }
    }

    #[test]
    fn a_bucket_of_an_hour_or_of_a_week_is_not_taken_for_a_day() {
        let ends = |ending_at: serde_json::Value, today: &str| {
            let bucket = |day: &str| serde_json::json!({"starting_at": format!("{day}T00:00:00Z"), "results": []});
            let mut days = ["2025-10-03", "2025-10-04", "2025-10-05"].map(bucket);
            days[2]["ending_at"] = ending_at;
            let page = serde_json::json!({"data": days, "has_more": false, "next_page": null});
            pager_on(today, None).accept(page.to_string().as_bytes())
        };
        for end in ["2025-10-05T01:00:00Z", "2025-10-12T00:00:00Z", "2025-10-06T00:00:00+02:00"] {
            let fault = ends(end.into(), "2025-11-20").unwrap_err();
            assert!(fault.to_string().contains("the bucket of 2025-10-05 is no day, it ends at"), "{fault}");
        }
        for end in
            [serde_json::json!("2025-10-06T00:00:00Z"), "2025-10-06T02:00:00+02:00".into(), "soon".into(), 7.into()]
        {
            assert!(ends(end.clone(), "2025-11-20").is_ok(), "{end}");
        }
        assert!(ends("2025-10-05T13:00:00Z".into(), "2025-10-05").is_ok(), "it goes on");
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
