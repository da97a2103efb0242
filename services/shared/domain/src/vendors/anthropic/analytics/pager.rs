//! Asking for a report of the analytics: `GET /v1/organizations/analytics/...` (beta), rows by time.
//!
//! Source: platform.claude.com/docs, Usage and Cost Analytics API. The range is at most 31 days. `limit` counts rows
//! before they fan out by cost type and token type, so a page may hold more. A day without cost has no row. What lies
//! after `data_refreshed_at` is incomplete.

use std::collections::HashSet;

use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::identity::{Id, IdHasher};
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault};
use crate::room;
use crate::rows::PageText;
use crate::vendors::Text;
use crate::vendors::anthropic::api::{VERSION, bucket_day, midnight};
use crate::vendors::anthropic::page_tokens::PageTokens;
use crate::window::Window;

const BETA: &str = "analytics-usage-cost-2026-08-24";
const ROWS_PER_PAGE: &str = "1000";

/// A report, and how it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct AnalyticsReport {
    pub path: &'static str,
    /// Up to five, `cost_type` and `token_type` not counted.
    pub group_by: &'static [&'static str],
}

/// Pages through a report of one window.
#[derive(Debug)]
pub struct AnalyticsPager {
    report: AnalyticsReport,
    window: Window,
    today: Day,
    tokens: PageTokens,
    /// What the first page said of it.
    refreshed_at: Option<Timestamp>,
    last_day: Option<Day>,
    /// Each page, and each group that names somebody.
    seen: HashSet<Id>,
}

impl AnalyticsPager {
    pub fn new(report: AnalyticsReport, window: Window, today: Day) -> Self {
        let tokens = PageTokens::default();
        Self { report, window, today, refreshed_at: None, last_day: None, tokens, seen: HashSet::new() }
    }

    fn request(&self, page: Option<&str>) -> PageRequest {
        let mut query = vec![
            ("starting_at", midnight(self.window.from())),
            ("ending_at", midnight(self.window.to().next())),
            ("time_bucket_width", "1d".to_owned()),
            ("order_by", "time".to_owned()),
            ("order", "asc".to_owned()),
            ("limit", ROWS_PER_PAGE.to_owned()),
        ];
        query.extend(self.report.group_by.iter().map(|dimension| ("group_by[]", (*dimension).to_owned())));
        query.extend(page.map(|token| ("page", token.to_owned())));
        let headers = vec![("anthropic-version", VERSION), ("anthropic-beta", BETA)];
        PageRequest { method: Method::Get, path: self.report.path, query, headers, body: None }
    }

    /// All pages are of one state of the data.
    fn take_refreshed_at(&mut self, text: Option<&str>) -> Result<(), PagingFault> {
        let refreshed_at = text.map(str::parse).transpose();
        let refreshed_at = refreshed_at.map_err(|_| self.tokens.malformed("data_refreshed_at is not a time"))?;
        if self.tokens.page() == 1 {
            self.refreshed_at = refreshed_at;
        }
        match self.refreshed_at == refreshed_at {
            true => Ok(()),
            false => Err(PagingFault::moved("data_refreshed_at is another one than on the first page")),
        }
    }

    /// Days come in order, and no group stands on two pages. Of nobody there may be several rows that look alike, so
    /// these are told apart by their page only.
    fn take_rows(&mut self, rows: &[&RawValue]) -> Result<(), PagingFault> {
        let mut on_page = Vec::with_capacity(rows.len() + 1);
        if !rows.is_empty() {
            on_page.push(rows.iter().fold(IdHasher::new("page"), |hasher, row| hasher.part(row.get())).finish());
        }
        let (mut of_window, mut strange) = (0, None);
        // A row that does not read, or of no day of the window, becomes a reject later on.
        for row in rows.iter().filter_map(|row| serde_json::from_str::<Row<'_>>(row.get()).ok()) {
            let Some(day) = bucket_day(&row.starting_at) else { continue };
            if !self.window.contains(day) {
                strange = Some(day);
                continue;
            }
            of_window += 1;
            self.take_day(day)?;
            let named = serde_json::from_str::<Named>(row.group.get()).is_ok_and(|group| group.actor.is_some());
            if named {
                on_page.push(IdHasher::new("group").part(&row.starting_at).part(row.group.get()).finish());
            }
        }
        // Of a page without any row that was asked for it is the answer that is wrong, and not a row.
        if let Some(day) = strange.filter(|_| of_window == 0) {
            return Err(self.tokens.malformed(format!("{day} was not asked for")));
        }
        if on_page.iter().any(|id| self.seen.contains(id)) {
            return Err(PagingFault::moved("rows of an earlier page came again"));
        }
        self.seen.extend(on_page);
        Ok(())
    }

    fn take_day(&mut self, day: Day) -> Result<(), PagingFault> {
        if let Some(last) = self.last_day.replace(day).filter(|last| *last > day) {
            return Err(PagingFault::moved(format!("{day} came after {last}")));
        }
        Ok(())
    }

    /// Days that are over, and that were when the vendor last refreshed its data. Before its first export nothing is
    /// reported, so an empty answer says nothing of any day.
    fn answer(&self) -> Answer {
        let Some(refreshed_at) = self.refreshed_at else { return Answer::of(Vec::new()) };
        let closed = self.window.days().filter(|day| *day < self.today);
        let (covered, awaited) = closed.partition(|day| day.next().start() <= refreshed_at);
        Answer { awaited, ..Answer::of(covered) }
    }
}

impl Pager for AnalyticsPager {
    fn first(&self) -> PageRequest {
        self.request(None)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.tokens.count_page();
        let text = PageText::new(body);
        let page: Envelope<'_> = text.records().map_err(|reason| self.tokens.malformed(reason))?;
        self.take_refreshed_at(page.data_refreshed_at.as_deref())?;
        self.take_rows(&page.data)?;
        if !page.has_more {
            return Ok(Next::Whole(self.answer()));
        }
        let token = self.tokens.follow(page.next_page, page.data.len())?;
        Ok(Next::Ask(self.request(Some(&token))))
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, deserialize_with = "room::read_list")]
    data: Vec<&'a RawValue>,
    has_more: bool,
    #[serde(default, borrow)]
    next_page: Option<Text<'a>>,
    #[serde(default, borrow)]
    data_refreshed_at: Option<Text<'a>>,
}

/// What paging looks at in a row.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    starting_at: Text<'a>,
    #[serde(borrow)]
    group: &'a RawValue,
}

#[derive(Deserialize)]
struct Named {
    actor: Option<IgnoredAny>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    const REPORT: AnalyticsReport = AnalyticsReport {
        path: "/report",
        group_by: &["product", "actor", "api_key_id", "workspace_id", "model", "cost_type", "token_type"],
    };

    /// After the last day that is over.
    const REFRESHED: Option<&str> = Some("2026-10-05T04:00:00Z");

    /// Three days of which the last is today.
    fn pager() -> AnalyticsPager {
        AnalyticsPager::new(REPORT, Window::new(day("2026-10-03"), day("2026-10-05")).unwrap(), day("2026-10-05"))
    }

    fn row(day: u32, key: &str) -> Value {
        json!({"starting_at": format!("2026-10-0{day}T00:00:00Z"), "group": {"actor": {"api_key_id": key}}})
    }

    fn page(rows: &[Value], next: Option<&str>, refreshed_at: Option<&str>) -> Vec<u8> {
        let page =
            json!({"data": rows, "has_more": next.is_some(), "next_page": next, "data_refreshed_at": refreshed_at});
        page.to_string().into_bytes()
    }

    fn covered(next: Result<Next, PagingFault>) -> Vec<String> {
        match next.unwrap() {
            Next::Whole(answer) => answer.covered.iter().map(ToString::to_string).collect(),
            Next::Ask(_) => panic!("the last page"),
        }
    }

    #[track_caller]
    fn has_moved(next: Result<Next, PagingFault>) {
        let fault = next.unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
    }

    #[test]
    fn the_question_names_its_grouping_its_order_and_the_beta() {
        let request = pager().first();
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            query,
            [
                "starting_at=2026-10-03T00:00:00Z",
                "ending_at=2026-10-06T00:00:00Z",
                "time_bucket_width=1d",
                "order_by=time",
                "order=asc",
                "limit=1000",
                "group_by[]=product",
                "group_by[]=actor",
                "group_by[]=api_key_id",
                "group_by[]=workspace_id",
                "group_by[]=model",
                "group_by[]=cost_type",
                "group_by[]=token_type",
            ]
        );
        assert!(request.headers.contains(&("anthropic-beta", "analytics-usage-cost-2026-08-24")));
    }

    #[test]
    fn pages_are_followed_to_the_last_with_the_query_unchanged() {
        let mut pager = pager();
        let Next::Ask(second) = pager.accept(&page(&[row(3, "k1")], Some("page_x"), REFRESHED)).unwrap() else {
            panic!("one more page");
        };
        let first = pager.first();
        assert_eq!(second.query[..first.query.len()], first.query);
        assert_eq!(second.query.last(), Some(&("page", "page_x".to_owned())));
        assert_eq!(second.headers, first.headers);
        assert_eq!(covered(pager.accept(&page(&[row(3, "k2")], None, REFRESHED))), ["2026-10-03", "2026-10-04"]);
    }

    #[test]
    fn a_day_without_rows_is_covered_and_today_is_not() {
        assert_eq!(covered(pager().accept(&page(&[], None, REFRESHED))), ["2026-10-03", "2026-10-04"]);
        let rows = [row(3, "k"), row(5, "k")];
        let refreshed_at = Some("2026-10-06T00:00:00Z");
        assert_eq!(covered(pager().accept(&page(&rows, None, refreshed_at))), ["2026-10-03", "2026-10-04"]);
    }

    #[test]
    fn a_day_that_was_not_over_at_the_last_refresh_is_not_covered() {
        for (refreshed_at, expected) in [
            ("2026-10-05T00:00:00Z", &["2026-10-03", "2026-10-04"][..]),
            ("2026-10-04T23:59:59Z", &["2026-10-03"]),
            ("2026-10-04T02:00:00+02:00", &["2026-10-03"]),
            ("2026-10-03T20:00:00Z", &[]),
        ] {
            let answer = pager().accept(&page(&[row(3, "k"), row(4, "k")], None, Some(refreshed_at)));
            let Next::Whole(answer) = answer.unwrap() else { panic!("the last page") };
            assert_eq!(answer.covered.len() + answer.awaited.len(), 2, "each day that is over is one of them");
            assert_eq!(covered(Ok(Next::Whole(answer))), expected, "{refreshed_at}");
        }
    }

    #[test]
    fn before_the_first_export_no_day_is_covered_whatever_is_reported() {
        for rows in [vec![], vec![row(3, "k"), row(4, "k")]] {
            assert!(covered(pager().accept(&page(&rows, None, None))).is_empty());
        }
        let unsaid = br#"{"data":[],"has_more":false}"#;
        assert!(covered(pager().accept(unsaid)).is_empty());
    }

    #[test]
    fn data_that_is_refreshed_between_two_pages_has_moved() {
        for later in [None, Some("2026-10-05T04:00:00Z")] {
            let mut pager = pager();
            pager.accept(&page(&[row(3, "k")], Some("page_x"), Some("2026-10-05T00:00:00Z"))).unwrap();
            has_moved(pager.accept(&page(&[row(4, "k")], None, later)));
        }
    }

    #[test]
    fn a_repeated_page_is_not_taken_twice() {
        let nobody = json!({"starting_at": "2026-10-03T00:00:00Z", "group": {"actor": null}, "cost": {"amount": "7"}});
        for rows in [vec![row(3, "k"), row(4, "k")], vec![row(3, "k")], vec![nobody]] {
            let mut pager = pager();
            pager.accept(&page(&rows, Some("page_x"), None)).unwrap();
            has_moved(pager.accept(&page(&rows, Some("page_y"), None)));
        }
    }

    #[test]
    fn a_group_that_was_shifted_to_the_next_page_is_not_taken_twice() {
        let mut pager = pager();
        pager.accept(&page(&[row(3, "k1"), row(3, "k2")], Some("page_x"), None)).unwrap();
        has_moved(pager.accept(&page(&[row(3, "k2"), row(3, "k3")], None, None)));
    }

    #[test]
    fn nobody_may_stand_on_two_pages() {
        let nobody = |cents: &str| json!({"starting_at": "2026-10-03T00:00:00Z", "group": {"actor": null}, "cost": {"amount": cents}});
        let mut pager = pager();
        pager.accept(&page(&[row(3, "k"), nobody("1")], Some("page_x"), REFRESHED)).unwrap();
        assert_eq!(covered(pager.accept(&page(&[nobody("1"), nobody("2")], None, REFRESHED))).len(), 2);
    }

    #[test]
    fn a_next_page_that_leads_back_ends_the_paging() {
        let mut pager = pager();
        pager.accept(&page(&[row(3, "k1")], Some("page_x"), None)).unwrap();
        has_moved(pager.accept(&page(&[row(3, "k2")], Some("page_x"), None)));
    }

    #[test]
    fn a_row_that_does_not_read_does_not_stop_the_paging() {
        let undated = json!({"starting_at": "2026-10-03T01:00:00Z", "group": {}});
        let rows = [json!(null), json!({"starting_at": 7}), json!({"group": {}}), undated, row(3, "k"), row(9, "k")];
        assert_eq!(covered(pager().accept(&page(&rows, None, REFRESHED))).len(), 2);
    }

    #[test]
    fn a_page_that_is_not_as_documented_is_named_and_not_quoted() {
        let row = |at: &str| format!(r#"{{"data":[{{"starting_at":"{at}","group":{{}}}}],"has_more":false}}"#);
        for body in [
            "[]".to_owned(),
            "{".to_owned(),
            r#"{"data":[]}"#.to_owned(),
            r#"{"data":"ann@example.com","has_more":false}"#.to_owned(),
            r#"{"data":[],"has_more":true}"#.to_owned(),
            r#"{"data":[],"has_more":false,"data_refreshed_at":"soon"}"#.to_owned(),
            row("2026-10-06T00:00:00Z"),
        ] {
            let fault = pager().accept(body.as_bytes()).unwrap_err();
            assert!(matches!(fault, PagingFault::Malformed { page: 1, .. }), "{fault}");
            assert!(!fault.to_string().contains("ann"), "{fault}");
        }
    }
}
