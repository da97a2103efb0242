//! Asking for usage events: `POST /teams/filtered-usage-events`, at most 30 days, paged by event, newest first.
//!
//! Source: cursor.com/docs, Admin API. Both bounds are inclusive. Events have no id and pages count them by offset, so
//! one that comes or goes between two pages shifts the rest. Only the vendor's own total tells: it has to stay the same
//! from the first page to the last and to be what came. Where it is not, or a page begins with an event that ended the one
//! before, a second reading with the same contents is believed. A day that is not over is never asked for; it would move.

use std::collections::HashSet;

use everycent_schemas::Day;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::identity::{Id, IdHasher};
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault, PagingTask};
use crate::room;
use crate::rows::PageText;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::memory::Memory;
use crate::vendors::cursor::page_numbers::{self, unsigned};
use crate::vendors::cursor::users::lenient;
use crate::vendors::{Flag, Tally};
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
    /// Of all events so far, in their order.
    contents: Id,
    /// The events at the last instant of the page before.
    border: Border,
    /// Exact twins stand on both sides of a border between pages: each is an event, or one was shifted and came twice.
    has_twins: bool,
    memory: Memory,
    last_fault: Option<PagingFault>,
}

/// What stands at the last instant of a page.
#[derive(Debug, Default)]
struct Border {
    instant: String,
    events: HashSet<Id>,
}

impl UsageEventsPager {
    pub fn new(task: &PagingTask) -> Self {
        Self {
            window: task.window,
            today: task.today,
            page: 0,
            total: None,
            events: 0,
            first_events: HashSet::new(),
            contents: IdHasher::new("contents").finish(),
            border: Border::default(),
            has_twins: false,
            memory: Memory::default(),
            last_fault: task.last_fault.clone(),
        }
    }

    fn request(&self, page: u32) -> PageRequest {
        let millis = |day: Day| day.start().micros() / 1000;
        // The last millisecond of the last day, so that no event is in two windows.
        let end = millis(self.window.to().next().min(self.today)) - 1;
        // Of today alone nothing can be asked: it takes an instant of yesterday, which is no whole day and counts for none.
        let start = millis(self.window.from()).min(end);
        let body = json!({"startDate": start, "endDate": end, "page": page, "pageSize": PAGE_SIZE});
        PageRequest { method: Method::Post, path: PATH, query: vec![], headers: vec![], body: Some(body) }
    }

    fn malformed(&self, reason: impl ToString) -> PagingFault {
        PagingFault::Malformed { page: self.page, reason: reason.to_string() }
    }

    fn check_total(&mut self, total: Option<u64>) -> Result<(), PagingFault> {
        let named = |total: Option<u64>| total.map_or("no number of".to_owned(), |total| total.to_string());
        match (self.page, std::mem::replace(&mut self.total, total)) {
            (2.., before) if before != total => Err(PagingFault::moved(format!(
                "{} events became {} by page {}",
                named(before),
                named(total),
                self.page
            ))),
            _ => Ok(()),
        }
    }

    /// No page begins like another, twins or not: there are never as many of them as a page holds.
    fn take_events(&mut self, events: &[&RawValue]) -> Result<(), PagingFault> {
        self.events += events.len() as u64;
        let Some(first) = events.first() else { return Ok(()) };
        self.take_border(events);
        let page = events.iter().fold(IdHasher::new("page"), |hasher, event| hasher.part(event.get())).finish();
        self.contents = IdHasher::new("contents").part(self.contents.hex().as_str()).part(page.hex().as_str()).finish();
        if self.first_events.insert(content_of(first)) {
            return Ok(());
        }
        Err(PagingFault::moved(format!("page {} begins like an earlier one", self.page)))
    }

    /// Looks at the instant that this page shares with the one before, and remembers its last one.
    fn take_border(&mut self, events: &[&RawValue]) {
        let id = |event: &&RawValue| IdHasher::new("event").part(event.get()).finish();
        let of_border = events.iter().take_while(|event| instant(event) == self.border.instant);
        self.has_twins |= of_border.map(id).any(|event| self.border.events.contains(&event));
        let last = events.last().map(instant).unwrap_or_default().to_owned();
        let at_last = events.iter().rev().take_while(|event| instant(event) == last).map(id).collect();
        self.border = Border { events: at_last, instant: last };
    }

    /// Events come newest first.
    fn take_period(&mut self, page: &Envelope<'_>) {
        let last = page.usage_events.last().and_then(|raw| serde_json::from_str::<Event>(raw.get()).ok());
        self.memory.take(page.period, last.map(|event| event.timestamp.timestamp()));
    }

    fn complete(&self) -> Result<Next, PagingFault> {
        let odd = match self.total {
            Some(total) if total == self.events => None,
            Some(total) => Some(format!("the vendor counts {total} events and reports {}", self.events)),
            None => Some(format!("the vendor does not say how many events there are, and reports {}", self.events)),
        };
        let twins = self.has_twins.then(|| "the same event stands on two pages that follow one another".to_owned());
        let covered = self.window.days().filter(|day| *day < self.today && self.memory.reaches(*day)).collect();
        let Some(reason) = odd.clone().or(twins) else {
            return Ok(Next::Whole(Answer::of(covered)));
        };
        let doubt = PagingFault::Doubtful { reason, contents: self.contents };
        match self.last_fault.as_ref() == Some(&doubt) {
            true => Ok(Next::Whole(Answer { remarks: Vec::from_iter(odd), ..Answer::of(covered) })),
            false => Err(doubt),
        }
    }
}

/// What an event says, whatever the order of its fields; where it can't be read for that, as it stands.
fn content_of(event: &RawValue) -> Id {
    let value: Result<Value, _> = serde_json::from_str(event.get());
    let text = value.map_or_else(|_| event.get().to_owned(), |value| value.to_string());
    IdHasher::new("event").part(&text).finish()
}

/// The instant of an event as the page has it; empty where it does not read.
fn instant<'a>(event: &&'a RawValue) -> &'a str {
    #[derive(Deserialize)]
    struct Dated<'a> {
        #[serde(borrow)]
        timestamp: Option<&'a RawValue>,
    }
    let dated: Option<Dated<'a>> = serde_json::from_str(event.get()).ok();
    dated.and_then(|dated| dated.timestamp).map_or("", RawValue::get)
}

impl Pager for UsageEventsPager {
    fn first(&self) -> PageRequest {
        self.request(1)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.page += 1;
        let text = PageText::new(body);
        let page: Envelope<'_> = text.records().map_err(|reason| self.malformed(reason))?;
        self.check_total(page.total_usage_events_count.map(unsigned))?;
        self.take_period(&page);
        let pagination = page.pagination.ok_or_else(|| self.malformed("it has no `pagination`"))?;
        if pagination.current_page.is_some_and(|page| unsigned(page) != u64::from(self.page)) {
            return Err(self.malformed("it answers another page than was asked for"));
        }
        self.take_events(&page.usage_events)?;
        let has_next = pagination.has_next(self.page);
        let has_next = has_next.ok_or_else(|| self.malformed("it does not say whether a page follows"))?;
        // A page that is promised and empty ends the feed too: then the number of events says whether all came.
        if !has_next || (page.usage_events.is_empty() && self.page > 1) {
            return self.complete();
        }
        Ok(Next::Ask(self.request(page_numbers::following(self.page, page.usage_events.len())?)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(default, deserialize_with = "lenient")]
    total_usage_events_count: Option<Tally>,
    pagination: Option<Pagination>,
    #[serde(borrow, deserialize_with = "room::read_list")]
    usage_events: Vec<&'a RawValue>,
    /// What it covers; an odd one says nothing.
    #[serde(default, borrow)]
    period: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Event {
    timestamp: Millis,
}

/// Counts in any form; one that does not read is as good as none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default, deserialize_with = "lenient")]
    current_page: Option<Tally>,
    #[serde(default, deserialize_with = "lenient")]
    num_pages: Option<Tally>,
    #[serde(default, deserialize_with = "lenient")]
    has_next_page: Option<Flag>,
}

impl Pagination {
    fn has_next(&self, page: u32) -> Option<bool> {
        self.has_next_page
            .map(|Flag(has_next)| has_next)
            .or_else(|| self.num_pages.map(|pages| u64::from(page) < unsigned(pages)))
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

    /// Of a reading that follows one which ended so.
    fn after(fault: &PagingFault) -> UsageEventsPager {
        UsageEventsPager { last_fault: Some(fault.clone()), ..october() }
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
    fn twins_across_a_page_border_are_believed_when_a_second_reading_is_the_same() {
        let pages = [page(1, &["5", "4"], 3), page(2, &["4"], 3)];
        let doubt = read(&mut october(), &pages).unwrap_err();
        assert!(doubt.to_string().contains("stands on two pages that follow one another"), "{doubt}");
        let Next::Whole(answer) = read(&mut after(&doubt), &pages).unwrap() else { panic!("believed") };
        assert_eq!((answer.covered.len(), answer.remarks.len()), (2, 0), "there is nothing odd about two events");
        // Shifted by one, and gone in the second reading.
        let moved_on = [page(1, &["5", "4"], 3), page(2, &["3"], 3)];
        assert!(matches!(read(&mut after(&doubt), &moved_on), Ok(Next::Whole(_))));
        let three = [page(1, &["5", "4", "4"], 4), page(2, &["4"], 4)];
        assert!(matches!(read(&mut october(), &three), Err(PagingFault::Doubtful { .. })), "deeper within the instant");
    }

    #[test]
    fn neighbours_of_one_instant_that_are_no_twins_are_no_doubt() {
        let event = |kind: &str| json!({"timestamp": "4", "kind": kind});
        let mut pages = [page(1, &["5", "4"], 3), page(2, &["4"], 3)];
        pages[0]["usageEvents"][1] = event("a");
        pages[1]["usageEvents"][0] = event("b");
        assert!(matches!(read(&mut october(), &pages), Ok(Next::Whole(_))));
    }

    #[test]
    fn a_total_that_is_stably_wrong_is_taken_with_a_remark_when_a_second_reading_is_the_same() {
        let without = |mut page: Value| {
            page.as_object_mut().unwrap().remove("totalUsageEventsCount");
            page
        };
        let odd = |mut page: Value| {
            page["totalUsageEventsCount"] = json!("many");
            page
        };
        let cases = [
            (vec![page(1, &["5"], 2)], "the vendor counts 2 events and reports 1"),
            (vec![page(1, &["5", "4"], 1)], "the vendor counts 1 events and reports 2"),
            (vec![page(1, &["5", "4"], 4), page(2, &["2"], 4)], "the vendor counts 4 events and reports 3"),
            (
                vec![page(1, &["5", "4"], 6), page(2, &["2"], 6), page(3, &[], 6)],
                "the vendor counts 6 events and reports 3",
            ),
            (vec![without(page(1, &["5"], 1))], "the vendor does not say how many events there are, and reports 1"),
            (vec![odd(page(1, &["5"], 1))], "the vendor does not say how many events there are, and reports 1"),
        ];
        for (pages, remark) in cases {
            let doubt = read(&mut october(), &pages).unwrap_err();
            let Next::Whole(answer) = read(&mut after(&doubt), &pages).unwrap() else { panic!("believed") };
            assert_eq!(answer.remarks, [remark]);
            let mut other = pages.clone();
            other[0]["usageEvents"][0]["model"] = json!("another");
            assert!(read(&mut after(&doubt), &other).is_err(), "the same number of other events is no agreement");
        }
    }

    #[test]
    fn counts_of_pages_and_events_may_be_written_in_any_form() {
        let mut last = page(1, &["5"], 1);
        last["totalUsageEventsCount"] = json!("1");
        last["pagination"] = json!({"currentPage": "1", "numPages": 1.0, "hasNextPage": "false"});
        assert!(matches!(read(&mut october(), &[last]), Ok(Next::Whole(_))));
    }

    #[test]
    fn an_event_that_comes_or_goes_between_two_pages_is_noticed() {
        let cases = [
            (vec![page(1, &["5", "4"], 3), page(2, &["4", "3"], 4)], "3 events became 4 by page 2"),
            (vec![page(1, &["5", "4"], 4), page(2, &["2"], 3)], "4 events became 3 by page 2"),
            (vec![page(1, &["5", "4"], 4), page(2, &["2"], 4)], "counts 4 events and reports 3"),
            (vec![page(1, &["5", "4"], 3), page(2, &["4", "3"], 3)], "counts 3 events and reports 4"),
            (vec![page(1, &["5"], 2)], "counts 2 events and reports 1"),
        ];
        for (pages, words) in cases {
            let fault = read(&mut october(), &pages).unwrap_err();
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
    fn a_page_that_is_promised_and_empty_ends_the_feed_and_one_with_events_goes_on_whatever_the_total() {
        let endless = |number: u32, events: &[&str]| {
            let mut page = page(number, events, 2);
            page["pagination"]["hasNextPage"] = json!(true);
            page
        };
        let empty = [endless(1, &["2", "1"]), endless(2, &[])];
        assert!(matches!(read(&mut october(), &empty), Ok(Next::Whole(_))));
        assert!(matches!(read(&mut october(), &[endless(1, &[])]), Err(PagingFault::Moved { .. })));
        let more = [endless(1, &["2", "1"]), endless(2, &["0"])];
        assert!(matches!(read(&mut october(), &more), Ok(Next::Ask(_))), "a total may be capped");
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
        let cases = [without("pagination"), without("usageEvents"), other_page, silent];
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
