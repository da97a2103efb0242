//! Asking for spend: `POST /teams/spend`, the current billing cycle as it stands, paged by user.
//!
//! Source: cursor.com/docs, Admin API. The answer does not say whether a page follows, only how many there are. A cycle
//! that ends while it is paged starts all sums at zero, so the start of the cycle has to be the same on every page.

use everycent_schemas::Day;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault, PagingTask};
use crate::room;
use crate::rows::PageText;
use crate::vendors::Tally;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::page_numbers::{self, unsigned};
use crate::vendors::cursor::users::{Users, lenient};
use crate::window::Window;

const PATH: &str = "/teams/spend";

/// Pages through one reading of spend.
pub struct SpendPager {
    window: Window,
    page_size: u32,
    last_fault: Option<PagingFault>,
    page: u32,
    cycle: Option<Cycle>,
    records: u64,
    users: Users,
}

/// What every page says of the reading it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cycle {
    started_at: Millis,
    members: u64,
}

impl SpendPager {
    pub fn new(task: &PagingTask) -> Self {
        Self {
            window: task.window,
            page_size: task.page_size,
            last_fault: task.last_fault.clone(),
            page: 0,
            cycle: None,
            records: 0,
            users: Users::default(),
        }
    }

    fn request(&self, page: u32) -> PageRequest {
        // In the order of joining, which no spending changes.
        let body = json!({"sortBy": "date", "sortDirection": "asc", "page": page, "pageSize": self.page_size});
        PageRequest { method: Method::Post, path: PATH, query: vec![], headers: vec![], body: Some(body) }
    }

    fn malformed(&self, reason: impl ToString) -> PagingFault {
        PagingFault::Malformed { page: self.page, reason: reason.to_string() }
    }

    fn check_cycle(&mut self, page: &Envelope<'_>) -> Result<Cycle, PagingFault> {
        let started_at = page.subscription_cycle_start;
        let started_at = started_at.ok_or_else(|| self.malformed("it does not say when the billing cycle began"))?;
        let members = page
            .total_members
            .map(unsigned)
            .ok_or_else(|| self.malformed("it does not say how many members there are"))?;
        let now = Cycle { started_at, members };
        match self.cycle.replace(now) {
            Some(before) if before.started_at != now.started_at => {
                Err(PagingFault::moved(format!("another billing cycle began by page {}", self.page)))
            }
            Some(before) if before.members != now.members => {
                Err(PagingFault::moved(format!("{} members became {members} by page {}", before.members, self.page)))
            }
            _ => Ok(now),
        }
    }

    /// The vendor's own total must be what came. That it counts otherwise, and the same in two readings, is not movement.
    fn complete(&self, members: u64) -> Result<Next, PagingFault> {
        let covered: Vec<Day> = self.window.days().collect();
        if members == self.records {
            return Ok(Next::Whole(Answer::of(covered)));
        }
        let reason = format!("the vendor counts {members} members and tells of {}", self.records);
        let fault = PagingFault::moved(reason.clone());
        let stable = self.last_fault.as_ref() == Some(&fault);
        if stable { Ok(Next::Whole(Answer { remarks: vec![reason], ..Answer::of(covered) })) } else { Err(fault) }
    }
}

impl Pager for SpendPager {
    fn first(&self) -> PageRequest {
        self.request(1)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.page += 1;
        let text = PageText::new(body);
        let page: Envelope<'_> = text.records().map_err(|reason| self.malformed(reason))?;
        let cycle = self.check_cycle(&page)?;
        self.users.take(self.page, &page.team_member_spend)?;
        self.records += page.team_member_spend.len() as u64;
        let pages = page.total_pages.ok_or_else(|| self.malformed("it does not say how many pages there are"))?;
        if u64::from(self.page) >= unsigned(pages) {
            return self.complete(cycle.members);
        }
        Ok(Next::Ask(self.request(page_numbers::following(self.page, page.team_member_spend.len())?)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow, deserialize_with = "room::read_list")]
    team_member_spend: Vec<&'a RawValue>,
    subscription_cycle_start: Option<Millis>,
    #[serde(default, deserialize_with = "lenient")]
    total_members: Option<Tally>,
    #[serde(default, deserialize_with = "lenient")]
    total_pages: Option<Tally>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    fn pager(last_fault: Option<PagingFault>) -> SpendPager {
        let today: Day = "2026-11-22".parse().unwrap();
        SpendPager::new(&PagingTask { window: Window::new(today, today).unwrap(), today, page_size: 2, last_fault })
    }

    fn page(users: &[&str], members: u32) -> Value {
        let spend: Vec<Value> = users.iter().map(|user| json!({"userId": user, "spendCents": 1.5})).collect();
        json!({"teamMemberSpend": spend, "subscriptionCycleStart": 1_790_000_000_000_i64, "totalMembers": members,
            "totalPages": members.div_ceil(2)})
    }

    fn read(pager: &mut SpendPager, pages: &[Value]) -> Result<Next, PagingFault> {
        let mut outcome = None;
        for page in pages {
            outcome = Some(pager.accept(page.to_string().as_bytes())?);
        }
        Ok(outcome.unwrap())
    }

    #[test]
    fn every_page_up_to_the_last_is_asked_for_in_an_order_that_spending_does_not_change() {
        let mut pager = pager(None);
        let body = pager.first().body.unwrap();
        assert_eq!(body, json!({"sortBy": "date", "sortDirection": "asc", "page": 1, "pageSize": 2}));
        let Next::Ask(next) = read(&mut pager, &[page(&["a", "b"], 3)]).unwrap() else { panic!("page 2 follows") };
        assert_eq!(next.body.unwrap()["page"], 2);
        let Next::Whole(answer) = read(&mut pager, &[page(&["c"], 3)]).unwrap() else { panic!("the last page") };
        assert_eq!((answer.covered.len(), answer.remarks.len()), (1, 0));
    }

    #[test]
    fn a_cycle_that_ends_while_it_is_paged_is_noticed() {
        let mut second = page(&["c"], 3);
        second["subscriptionCycleStart"] = json!(1_792_592_000_000_i64);
        let fault = read(&mut pager(None), &[page(&["a", "b"], 3), second]).unwrap_err();
        assert_eq!(fault, PagingFault::moved("another billing cycle began by page 2"));
    }

    #[test]
    fn a_member_who_comes_or_goes_between_two_pages_is_noticed() {
        let cases = [
            ([page(&["a", "b"], 3), page(&["b", "c"], 4)], "3 members became 4 by page 2"),
            ([page(&["a", "b"], 3), page(&["b"], 3)], "stood on an earlier page"),
            ([page(&["a", "b"], 4), page(&["d"], 4)], "counts 4 members and tells of 3"),
        ];
        for (pages, words) in cases {
            let fault = read(&mut pager(None), &pages).unwrap_err();
            assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
            assert!(fault.to_string().contains(words), "{fault}");
        }
    }

    #[test]
    fn a_member_who_is_counted_but_not_told_is_accepted_only_when_two_readings_agree() {
        let one = [page(&["a"], 2)];
        let fault = read(&mut pager(None), &one).unwrap_err();
        let Next::Whole(answer) = read(&mut pager(Some(fault)), &one).unwrap() else { panic!("accepted") };
        assert_eq!(answer.remarks, ["the vendor counts 2 members and tells of 1"]);
    }

    #[test]
    fn an_answer_that_does_not_say_whether_it_is_whole_is_refused() {
        for name in ["teamMemberSpend", "subscriptionCycleStart", "totalMembers", "totalPages"] {
            let mut answer = page(&["a"], 1);
            answer.as_object_mut().unwrap().remove(name);
            let fault = read(&mut pager(None), &[answer]).unwrap_err();
            assert!(matches!(fault, PagingFault::Malformed { page: 1, .. }), "{name}: {fault}");
        }
    }
}
