//! Asking for usage events: `POST /teams/filtered-usage-events`, at most 30 days, paged by event, newest first.
//!
//! Source: cursor.com/docs, Admin API. Both bounds are inclusive. Events have no id and pages count them by offset, so
//! one that comes or goes between two pages shifts the rest. Only the vendor's own total tells: it has to stay the same
//! from the first page to the last and to be what came. A day that is not over is never asked for; it would move.
//! The feed is a rolling window of unpublished length: where `period` begins later than was asked, it remembers no more.

use std::collections::HashSet;

use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::identity::{Id, IdHasher};
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault, PagingTask};
use crate::room;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::page_numbers;
use crate::vendors::without_content;
use crate::window::Window;

const PATH: &str = "/teams/filtered-usage-events";
/// The most that the vendor gives. It gives far fewer when it is not told.
const PAGE_SIZE: u32 = 1000;

/// Pages through the usage events of one window.
pub struct UsageEventsPager {
    window: Window,
    today: Day,
    page: u32,
    total: Option<u64>,
    events: u64,
    first_events: HashSet<Id>,
    /// Where the vendor's memory begins, as the latest page says it.
    period_start: Option<Timestamp>,
    /// Of the last event of each page, the oldest.
    oldest_event: Option<Timestamp>,
}

impl UsageEventsPager {
    pub fn new(task: &PagingTask) -> Self {
        let PagingTask { window, today, .. } = *task;
        let first_events = HashSet::new();
        Self { window, today, page: 0, total: None, events: 0, first_events, period_start: None, oldest_event: None }
    }

    fn request(&self, page: u32) -> PageRequest {
        let millis = |day: Day| day.start().micros() / 1000;
        // The last millisecond of the last day, so that no event is in two windows.
        let end = millis(self.window.to().next().min(self.today)) - 1;
        // Of today alone nothing can be asked: it takes an instant of yesterday, which then counts for no day.
        let start = millis(self.window.from()).min(end);
        let body = json!({"startDate": start, "endDate": end, "page": page, "pageSize": PAGE_SIZE});
        PageRequest { method: Method::Post, path: PATH, query: vec![], headers: vec![], body: Some(body) }
    }

    fn malformed(&self, reason: impl ToString) -> PagingFault {
        PagingFault::Malformed { page: self.page, reason: reason.to_string() }
    }

    fn check_total(&mut self, total: Option<u64>) -> Result<u64, PagingFault> {
        let now = total.ok_or_else(|| self.malformed("it does not say how many events there are"))?;
        match self.total.replace(now) {
            Some(before) if before != now => {
                Err(PagingFault::moved(format!("{before} events became {now} by page {}", self.page)))
            }
            _ => Ok(now),
        }
    }

    /// No page begins like another, twins or not: there are never as many of them as a page holds.
    fn take_events(&mut self, events: &[&RawValue]) -> Result<(), PagingFault> {
        self.events += events.len() as u64;
        let Some(first) = events.first() else { return Ok(()) };
        // As a value, for the order of its fields says nothing.
        let first: Value = serde_json::from_str(first.get()).map_err(|e| self.malformed(without_content(&e)))?;
        if self.first_events.insert(IdHasher::new("event").part(&first.to_string()).finish()) {
            return Ok(());
        }
        Err(PagingFault::moved(format!("page {} begins like an earlier one", self.page)))
    }

    /// What a page says of how far back it reaches. Events come newest first.
    fn take_period(&mut self, page: &Envelope<'_>) {
        let start = page.period.and_then(|raw| serde_json::from_str::<Period>(raw.get()).ok());
        self.period_start = self.period_start.max(start.map(|period| period.start_date.timestamp()));
        let last = page.usage_events.last().and_then(|raw| serde_json::from_str::<Event>(raw.get()).ok());
        let oldest = last.map(|event| event.timestamp.timestamp());
        self.oldest_event = self.oldest_event.into_iter().chain(oldest).min();
    }

    /// Whether the day lies within the vendor's period. One that begins after an event of this very answer says nothing of its
    /// memory. Today alone is asked for by an instant of yesterday, which is no whole day either way.
    fn remembers(&self, day: Day) -> bool {
        let Some(start) = self.period_start else { return true };
        self.oldest_event.is_some_and(|oldest| oldest < start) || start <= day.start()
    }

    fn complete(&self, total: u64) -> Result<Next, PagingFault> {
        if self.events != total {
            return Err(PagingFault::moved(format!("the vendor counts {total} events and tells of {}", self.events)));
        }
        let covered = self.window.days().filter(|day| *day < self.today && self.remembers(*day)).collect();
        Ok(Next::Whole(Answer::of(covered)))
    }
}

impl Pager for UsageEventsPager {
    fn first(&self) -> PageRequest {
        self.request(1)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.page += 1;
        let page: Envelope<'_> = serde_json::from_slice(body).map_err(|e| self.malformed(without_content(&e)))?;
        let total = self.check_total(page.total_usage_events_count)?;
        self.take_period(&page);
        let pagination = page.pagination.ok_or_else(|| self.malformed("it has no `pagination`"))?;
        if pagination.current_page.is_some_and(|page| page != self.page) {
            return Err(self.malformed("it answers another page than was asked for"));
        }
        self.take_events(&page.usage_events)?;
        let has_next = pagination.has_next(self.page);
        let has_next = has_next.ok_or_else(|| self.malformed("it does not say whether a page follows"))?;
        if !has_next || self.events > total {
            return self.complete(total);
        }
        Ok(Next::Ask(self.request(page_numbers::following(self.page, page.usage_events.len())?)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    total_usage_events_count: Option<u64>,
    pagination: Option<Pagination>,
    #[serde(borrow, deserialize_with = "room::read_list")]
    usage_events: Vec<&'a RawValue>,
    /// What it covers; an odd one says nothing.
    #[serde(default, borrow)]
    period: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    start_date: Millis,
}

#[derive(Deserialize)]
struct Event {
    timestamp: Millis,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    current_page: Option<u32>,
    num_pages: Option<u32>,
    has_next_page: Option<bool>,
}

impl Pagination {
    fn has_next(&self, page: u32) -> Option<bool> {
        self.has_next_page.or_else(|| self.num_pages.map(|pages| page < pages))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pager(from: &str, to: &str, today: &str) -> UsageEventsPager {
        let day = |text: &str| text.parse().unwrap();
        UsageEventsPager::new(&PagingTask {
            window: Window::new(day(from), day(to)).unwrap(),
            today: day(today),
            page_size: 2,
            last_fault: None,
        })
    }

    fn october() -> UsageEventsPager {
        pager("2025-10-01", "2025-10-02", "2025-11-20")
    }

    fn page(number: u32, events: &[&str], total: u32) -> Value {
        let pages = total.div_ceil(2);
        let events: Vec<Value> = events.iter().map(|timestamp| json!({"timestamp": timestamp})).collect();
        json!({"totalUsageEventsCount": total, "usageEvents": events, "pagination": {"numPages": pages,
            "currentPage": number, "pageSize": 2, "hasNextPage": number < pages, "hasPreviousPage": number > 1}})
    }

    fn read(pager: &mut UsageEventsPager, pages: &[Value]) -> Result<Next, PagingFault> {
        let mut outcome = None;
        for page in pages {
            outcome = Some(pager.accept(page.to_string().as_bytes())?);
        }
        Ok(outcome.unwrap())
    }

    fn asked(pager: &UsageEventsPager) -> (i64, i64) {
        let body = pager.first().body.unwrap();
        (body["startDate"].as_i64().unwrap(), body["endDate"].as_i64().unwrap())
    }

    #[test]
    fn neighbouring_windows_share_no_millisecond_and_leave_none_out() {
        let body = october().first().body.unwrap();
        let expected = json!({"startDate": 1_759_276_800_000_i64, "endDate": 1_759_449_599_999_i64, "page": 1,
            "pageSize": 1000});
        assert_eq!(body, expected);
        let (_, end) = asked(&october());
        let (start, _) = asked(&pager("2025-10-03", "2025-10-30", "2025-11-20"));
        assert_eq!(start, end + 1);
    }

    #[test]
    fn today_is_neither_asked_for_nor_covered() {
        let mut pager_of_three_days = pager("2025-10-01", "2025-10-03", "2025-10-03");
        assert_eq!(asked(&pager_of_three_days), asked(&october()));
        let Next::Whole(answer) = read(&mut pager_of_three_days, &[page(1, &["1"], 1)]).unwrap() else {
            panic!("the last page")
        };
        assert_eq!(answer.covered.last(), Some(&"2025-10-02".parse().unwrap()));
        let mut of_today = pager("2025-10-03", "2025-10-03", "2025-10-03");
        assert_eq!(asked(&of_today), (1_759_449_599_999, 1_759_449_599_999));
        let Next::Whole(answer) = read(&mut of_today, &[page(1, &[], 0)]).unwrap() else { panic!("the last page") };
        assert!(answer.covered.is_empty());
    }

    #[test]
    fn pages_make_a_whole_when_they_hold_what_the_vendor_counts() {
        let mut pager = october();
        let Next::Ask(next) = read(&mut pager, &[page(1, &["5", "4"], 3)]).unwrap() else { panic!("page 2 follows") };
        assert_eq!(next.body.unwrap()["page"], 2);
        let Next::Whole(answer) = read(&mut pager, &[page(2, &["3"], 3)]).unwrap() else { panic!("the last page") };
        assert_eq!((answer.covered.len(), answer.remarks.len()), (2, 0));
        assert!(matches!(read(&mut october(), &[page(1, &[], 0)]), Ok(Next::Whole(_))));
    }

    #[test]
    fn days_before_the_period_that_the_vendor_answers_for_are_not_covered() {
        let first_of_october = 1_759_276_800_000_i64;
        let second_of_october = first_of_october + 86_400_000;
        let late = (second_of_october + 7).to_string();
        let early = (first_of_october + 7).to_string();
        for (events, period, covered) in [
            (&[late.as_str()][..], json!({"startDate": first_of_october}), 2),
            (&[&late], json!({"startDate": second_of_october}), 1),
            (&[&late], json!({"startDate": second_of_october.to_string(), "endDate": 0}), 1),
            (&[&late], json!({"startDate": first_of_october + 1}), 1),
            (&[], json!({"startDate": second_of_october + 1}), 0),
            (&[&late, &early], json!({"startDate": second_of_october}), 2),
            (&[&late], json!({"startDate": "soon"}), 2),
            (&[&late], Value::Null, 2),
        ] {
            let mut page = page(1, events, events.len() as u32);
            page["period"] = period.clone();
            let Next::Whole(answer) = read(&mut october(), &[page]).unwrap() else { panic!("one page") };
            assert_eq!(answer.covered.len(), covered, "{period}");
        }
    }

    #[test]
    fn twins_across_a_page_border_are_no_movement() {
        let pages = [page(1, &["5", "4"], 3), page(2, &["4"], 3)];
        assert!(matches!(read(&mut october(), &pages), Ok(Next::Whole(_))));
    }

    #[test]
    fn an_event_that_comes_or_goes_between_two_pages_is_noticed() {
        let cases = [
            (vec![page(1, &["5", "4"], 3), page(2, &["4", "3"], 4)], "3 events became 4 by page 2"),
            (vec![page(1, &["5", "4"], 4), page(2, &["2"], 3)], "4 events became 3 by page 2"),
            (vec![page(1, &["5", "4"], 4), page(2, &["2"], 4)], "counts 4 events and tells of 3"),
            (vec![page(1, &["5", "4"], 3), page(2, &["4", "3"], 3)], "counts 3 events and tells of 4"),
            (vec![page(1, &["5"], 2)], "counts 2 events and tells of 1"),
        ];
        for (pages, words) in cases {
            let fault = read(&mut october(), &pages).unwrap_err();
            assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
            assert!(fault.to_string().contains(words), "{fault}");
        }
    }

    #[test]
    fn a_page_that_is_told_twice_is_noticed_though_the_number_of_events_is_right() {
        let mut pager = october();
        read(&mut pager, &[page(1, &["6", "5"], 6), page(2, &["4", "3"], 6)]).unwrap();
        let again = page(3, &["6", "5"], 6).to_string();
        let fault = pager.accept(again.as_bytes()).unwrap_err();
        assert_eq!(fault, PagingFault::moved("page 3 begins like an earlier one"));
    }

    #[test]
    fn the_order_of_fields_does_not_hide_that_a_page_is_told_twice() {
        let told = |event: &str, number: u32| {
            let (others, pagination) = (r#"{"timestamp":"1"}"#, format!(r#"{{"currentPage":{number},"numPages":2}}"#));
            format!(r#"{{"totalUsageEventsCount":4,"usageEvents":[{event},{others}],"pagination":{pagination}}}"#)
        };
        let mut pager = october();
        pager.accept(told(r#"{"timestamp":"2","chargedCents":1.5}"#, 1).as_bytes()).unwrap();
        let fault = pager.accept(told(r#"{"chargedCents":1.5,"timestamp":"2"}"#, 2).as_bytes()).unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
    }

    #[test]
    fn a_feed_that_promises_pages_without_end_is_no_whole() {
        let endless = |number: u32, events: &[&str]| {
            let mut page = page(number, events, 2);
            page["pagination"]["hasNextPage"] = json!(true);
            page
        };
        let empty = [endless(1, &["2", "1"]), endless(2, &[])];
        assert!(matches!(read(&mut october(), &empty), Err(PagingFault::Moved { .. })));
        let more = [endless(1, &["2", "1"]), endless(2, &["0"])];
        assert!(matches!(read(&mut october(), &more), Err(PagingFault::Moved { .. })));
    }

    #[test]
    fn an_answer_that_does_not_say_whether_it_is_whole_is_refused() {
        let without = |name: &str| {
            let mut page = page(1, &["1"], 1);
            page.as_object_mut().unwrap().remove(name);
            page
        };
        let mut other_page = page(1, &["1"], 1);
        other_page["pagination"]["currentPage"] = json!(2);
        let mut silent = page(1, &["1"], 1);
        silent["pagination"] = json!({"pageSize": 1000});
        let cases =
            [without("totalUsageEventsCount"), without("pagination"), without("usageEvents"), other_page, silent];
        for answer in cases {
            let fault = read(&mut october(), std::slice::from_ref(&answer)).unwrap_err();
            assert!(matches!(fault, PagingFault::Malformed { page: 1, .. }), "{answer}: {fault}");
        }
    }

    #[test]
    fn a_fault_quotes_nothing_of_the_page() {
        let body = json!({"usageEvents": "ann@example.com"});
        let fault = read(&mut october(), &[body]).unwrap_err().to_string();
        assert!(fault.contains("line 1") && !fault.contains("ann"), "{fault}");
    }
}
