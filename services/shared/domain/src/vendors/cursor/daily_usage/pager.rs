//! Asking for daily usage: `POST /teams/daily-usage-data`, at most 30 days, paged by user.
//!
//! Source: cursor.com/docs, Admin API. Only with `page` and `pageSize` does the answer hold every member; the pages
//! count users by offset, so somebody who joins or leaves between two pages shifts the rest.

use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::record::day_of;
use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault, PagingTask};
use crate::room;
use crate::rows::PageText;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::memory::Memory;
use crate::vendors::cursor::page_numbers::{self, unsigned};
use crate::vendors::cursor::users::{Users, lenient};
use crate::vendors::{Flag, Tally, Text};
use crate::window::Window;

const PATH: &str = "/teams/daily-usage-data";

/// Pages through the daily usage of one window.
pub struct DailyUsagePager {
    window: Window,
    today: Day,
    page_size: u32,
    last_fault: Option<PagingFault>,
    page: u32,
    total_users: Option<u64>,
    users: Users,
    memory: Memory,
}

impl DailyUsagePager {
    pub fn new(task: &PagingTask) -> Self {
        Self {
            window: task.window,
            today: task.today,
            page_size: task.page_size,
            last_fault: task.last_fault.clone(),
            page: 0,
            total_users: None,
            users: Users::default(),
            memory: Memory::default(),
        }
    }

    fn request(&self, page: u32) -> PageRequest {
        let start = self.window.from().start().micros() / 1000;
        // Inclusive or exclusive, the last millisecond of the last day means that day and none after it.
        let end = self.window.to().next().start().micros() / 1000 - 1;
        let body = json!({"startDate": start, "endDate": end, "page": page, "pageSize": self.page_size});
        PageRequest { method: Method::Post, path: PATH, query: vec![], headers: vec![], body: Some(body) }
    }

    fn malformed(&self, reason: impl ToString) -> PagingFault {
        PagingFault::Malformed { page: self.page, reason: reason.to_string() }
    }

    fn check_total(&mut self, pagination: &Pagination) -> Result<(), PagingFault> {
        if pagination.page.is_some_and(|page| unsigned(page) != u64::from(self.page)) {
            return Err(self.malformed("it answers another page than was asked for"));
        }
        match (self.total_users, pagination.total_users.map(unsigned)) {
            (Some(before), Some(now)) if before != now => {
                Err(PagingFault::moved(format!("{before} users became {now} by page {}", self.page)))
            }
            (Some(_), None) => Err(self.malformed("the total of users is gone")),
            (_, now) => {
                self.total_users = now;
                Ok(())
            }
        }
    }

    /// The vendor's own total must be what came, unless only today was asked for, of which there may be nothing to tell
    /// yet. A difference that stays the same in two readings is not movement.
    fn complete(&self) -> Result<Next, PagingFault> {
        let found = self.users.count();
        let is_covered = |day: &Day| *day <= self.today && self.memory.reaches(*day);
        let covered = self.window.days().filter(is_covered).collect();
        let is_judged = self.window.from() < self.today;
        match self.total_users.filter(|total| is_judged && *total != found) {
            None => Ok(Next::Whole(Answer::of(covered))),
            Some(total) => {
                let reason = format!("the vendor counts {total} users and tells of {found}");
                let fault = PagingFault::moved(reason.clone());
                let stable = self.last_fault.as_ref() == Some(&fault);
                if stable {
                    Ok(Next::Whole(Answer { remarks: vec![reason], ..Answer::of(covered) }))
                } else {
                    Err(fault)
                }
            }
        }
    }
}

impl Pager for DailyUsagePager {
    fn first(&self) -> PageRequest {
        self.request(1)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.page += 1;
        let text = PageText::new(body);
        let page: Envelope<'_> = text.records().map_err(|reason| self.malformed(reason))?;
        self.users.take(self.page, &page.data)?;
        self.memory.take(page.period, oldest(&page.data));
        let pagination = page.pagination.ok_or_else(|| self.malformed("it has no `pagination`"))?;
        self.check_total(&pagination)?;
        let has_next = pagination.has_next(self.page);
        if !has_next.ok_or_else(|| self.malformed("it does not say whether a page follows"))? {
            return self.complete();
        }
        Ok(Next::Ask(self.request(page_numbers::following(self.page, page.data.len())?)))
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, deserialize_with = "room::read_list")]
    data: Vec<&'a RawValue>,
    pagination: Option<Pagination>,
    #[serde(default, borrow)]
    period: Option<&'a RawValue>,
}

/// The first day that a page has a record of.
fn oldest(records: &[&RawValue]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Dated<'a> {
        #[serde(default, borrow, deserialize_with = "lenient")]
        day: Option<Text<'a>>,
        #[serde(default, deserialize_with = "lenient")]
        date: Option<Millis>,
    }
    let day = |raw: &&RawValue| {
        let dated: Dated<'_> = serde_json::from_str(raw.get()).ok()?;
        day_of(dated.day.as_deref(), dated.date).ok().map(Day::start)
    };
    records.iter().filter_map(day).min()
}

/// Counts in any form; one that does not read is as good as none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default, deserialize_with = "lenient")]
    page: Option<Tally>,
    #[serde(default, deserialize_with = "lenient")]
    total_users: Option<Tally>,
    #[serde(default, deserialize_with = "lenient")]
    total_pages: Option<Tally>,
    #[serde(default, deserialize_with = "lenient")]
    has_next_page: Option<Flag>,
}

impl Pagination {
    fn has_next(&self, page: u32) -> Option<bool> {
        self.has_next_page
            .map(|Flag(has_next)| has_next)
            .or_else(|| self.total_pages.map(|total| u64::from(page) < unsigned(total)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn task(last_fault: Option<PagingFault>) -> PagingTask {
        let day = |text: &str| text.parse().unwrap();
        PagingTask {
            window: Window::new(day("2025-10-01"), day("2025-10-02")).unwrap(),
            today: day("2025-11-20"),
            page_size: 2,
            last_fault,
        }
    }

    fn page(number: u32, users: &[&str], total: u32) -> Vec<u8> {
        let data: Vec<_> = users
            .iter()
            .flat_map(|user| [1, 2].map(|day| json!({"email": user, "day": format!("2025-10-0{day}")})))
            .collect();
        let pages = total.div_ceil(2);
        let pagination = json!({"page": number, "pageSize": 2, "totalUsers": total, "totalPages": pages,
            "hasNextPage": number < pages, "hasPreviousPage": number > 1});
        json!({"data": data, "pagination": pagination}).to_string().into_bytes()
    }

    #[test]
    fn the_question_bounds_the_days_by_their_first_and_last_millisecond() {
        let body = DailyUsagePager::new(&task(None)).first().body.unwrap();
        assert_eq!(
            body,
            json!({"startDate": 1_759_276_800_000_i64, "endDate": 1_759_449_599_999_i64, "page": 1, "pageSize": 2})
        );
    }

    #[test]
    fn every_user_on_one_page_makes_a_whole() {
        let mut pager = DailyUsagePager::new(&task(None));
        assert!(matches!(pager.accept(&page(1, &["a@example.com", "b@example.com"], 3)).unwrap(), Next::Ask(_)));
        let Next::Whole(answer) = pager.accept(&page(2, &["c@example.com"], 3)).unwrap() else {
            panic!("the last page")
        };
        assert_eq!((answer.covered.len(), answer.remarks.len()), (2, 0));
    }

    #[test]
    fn a_shifted_page_is_noticed_by_the_user_that_comes_twice() {
        let mut pager = DailyUsagePager::new(&task(None));
        pager.accept(&page(1, &["a@example.com", "b@example.com"], 3)).unwrap();
        let fault = pager.accept(&page(2, &["B@example.com"], 3)).unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
    }

    #[test]
    fn a_total_that_changes_between_pages_is_noticed() {
        let mut pager = DailyUsagePager::new(&task(None));
        pager.accept(&page(1, &["a@example.com", "b@example.com"], 3)).unwrap();
        let fault = pager.accept(&page(2, &["c@example.com"], 4)).unwrap_err();
        assert!(fault.to_string().contains("3 users became 4"), "{fault}");
    }

    #[test]
    fn a_user_who_is_counted_but_not_told_is_accepted_only_when_two_readings_agree() {
        let one = page(1, &["a@example.com"], 2);
        let fault = DailyUsagePager::new(&task(None)).accept(&one).unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
        let Next::Whole(answer) = DailyUsagePager::new(&task(Some(fault))).accept(&one).unwrap() else {
            panic!("accepted")
        };
        assert_eq!(answer.remarks, ["the vendor counts 2 users and tells of 1"]);
    }

    #[test]
    fn a_record_that_does_not_read_does_not_stop_the_paging() {
        let body = json!({"data": [null, "b@example.com", {"email": 7, "userId": {}}, {"email": "a@example.com"}],
            "pagination": {"page": 1, "totalUsers": 1, "hasNextPage": false}});
        let next = DailyUsagePager::new(&task(None)).accept(body.to_string().as_bytes()).unwrap();
        assert!(matches!(next, Next::Whole(_)));
    }

    #[test]
    fn an_answer_that_does_not_say_whether_it_is_whole_is_refused() {
        let rows = json!([{"email": "a@example.com", "day": "2025-10-01"}]);
        let whole = json!({"page": 1, "totalUsers": 1, "hasNextPage": false});
        for (answer, accepted) in [
            (json!({"data": rows, "pagination": whole}), true),
            (json!({"data": rows}), false),
            (json!({"data": rows, "pagination": {"page": 1, "total": 2000}}), false),
            (json!({"data": rows, "pagination": {"page": 2, "totalUsers": 1, "hasNextPage": false}}), false),
        ] {
            let outcome = DailyUsagePager::new(&task(None)).accept(answer.to_string().as_bytes());
            assert_eq!(outcome.is_ok(), accepted, "{answer}");
        }
    }

    #[test]
    fn a_fault_quotes_nothing_of_the_page() {
        let body = br#"{"data": "ann@example.com", "pagination": {}}"#;
        let fault = DailyUsagePager::new(&task(None)).accept(body).unwrap_err().to_string();
        assert!(fault.contains("line 1") && !fault.contains("ann"), "{fault}");
    }

    #[test]
    fn days_before_the_period_that_the_vendor_answers_for_are_not_covered() {
        let second_of_october = 1_759_363_200_000_i64;
        for (days, start, covered) in [
            (&["2025-10-02"][..], json!(second_of_october), 1),
            (&[], json!(second_of_october), 1),
            (&["2025-10-02"], json!("soon"), 2),
            (&["2025-10-02"], json!(second_of_october - 86_400_000), 2),
            (&["2025-10-02", "2025-10-01"], json!(second_of_october), 2),
            (&["1759276800000", "2025-10-02"], json!(second_of_october), 2),
        ] {
            let data: Vec<_> = days
                .iter()
                .map(|day| match day.parse::<i64>() {
                    Ok(millis) => json!({"email": "a@example.com", "date": millis}),
                    Err(_) => json!({"email": "a@example.com", "day": day}),
                })
                .collect();
            let pagination = json!({"page": 1, "totalUsers": usize::from(!days.is_empty()), "hasNextPage": false});
            let page = json!({"data": data, "pagination": pagination, "period": {"startDate": start, "endDate": 0}});
            let next = DailyUsagePager::new(&task(None)).accept(page.to_string().as_bytes()).unwrap();
            let Next::Whole(answer) = next else { panic!("one page") };
            assert_eq!(answer.covered.len(), covered, "{page}");
        }
    }

    #[test]
    fn of_today_alone_there_may_be_nothing_to_tell_yet() {
        let mut of_today = task(None);
        of_today.today = of_today.window.to();
        of_today.window = Window::new(of_today.today, of_today.today).unwrap();
        let Next::Whole(answer) = DailyUsagePager::new(&of_today).accept(&page(1, &[], 2)).unwrap() else {
            panic!("accepted")
        };
        assert_eq!((answer.covered.len(), answer.remarks.len()), (1, 0));
    }
}
