//! Asking for a list of workspaces, API keys or users, as they stand now.
//!
//! Source: platform.claude.com/docs, Admin API. A list is paged by the id of the last item of a page.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault};
use crate::rows::PageText;
use crate::vendors::Text;
use crate::vendors::anthropic::api::VERSION;
use crate::vendors::anthropic::page_tokens::PageTokens;
use crate::window::Window;

const ITEMS_PER_PAGE: &str = "1000";

/// A list, and how it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ListReport {
    pub path: &'static str,
    pub filters: &'static [(&'static str, &'static str)],
}

/// Pages through one list.
#[derive(Debug)]
pub struct ListPager {
    report: ListReport,
    window: Window,
    tokens: PageTokens,
    items: HashSet<String>,
}

impl ListPager {
    /// The window is the day of asking.
    pub fn new(report: ListReport, window: Window) -> Self {
        Self { report, window, tokens: PageTokens::default(), items: HashSet::new() }
    }

    fn request(&self, after_id: Option<&str>) -> PageRequest {
        let filters = self.report.filters.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let limit = ("limit", ITEMS_PER_PAGE.to_owned());
        let after_id = after_id.map(|id| ("after_id", id.to_owned()));
        let query = filters.chain([limit]).chain(after_id).collect();
        let headers = vec![("anthropic-version", VERSION)];
        PageRequest { method: Method::Get, path: self.report.path, query, headers, body: None }
    }

    /// An item that stands on two pages was shifted between them. One that does not read becomes a reject later on.
    fn take_items(&mut self, items: &[&RawValue]) -> Result<(), PagingFault> {
        let id = |raw: &&RawValue| serde_json::from_str::<Item<'_>>(raw.get()).ok().map(|item| item.id.to_string());
        let on_page: HashSet<String> = items.iter().filter_map(id).collect();
        if !self.items.is_disjoint(&on_page) {
            return Err(PagingFault::moved("an item of an earlier page came again"));
        }
        self.items.extend(on_page);
        Ok(())
    }
}

impl Pager for ListPager {
    fn first(&self) -> PageRequest {
        self.request(None)
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        self.tokens.count_page();
        let text = PageText::new(body);
        let page: Envelope<'_> = text.records().map_err(|reason| self.tokens.malformed(reason))?;
        self.take_items(&page.data)?;
        if !page.has_more {
            return Ok(Next::Whole(Answer::of(self.window.days().collect())));
        }
        let last_id = self.tokens.follow(page.last_id, page.data.len())?;
        Ok(Next::Ask(self.request(Some(&last_id))))
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    has_more: bool,
    #[serde(default, borrow)]
    last_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn today() -> Window {
        let today = "2026-11-20".parse().unwrap();
        Window::new(today, today).unwrap()
    }

    fn page(ids: &[&str], has_more: bool, last_id: Option<&str>) -> Vec<u8> {
        let data: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
        json!({"data": data, "has_more": has_more, "last_id": last_id}).to_string().into_bytes()
    }

    const USERS: ListReport = ListReport { path: "/v1/organizations/users", filters: &[] };

    fn pager() -> ListPager {
        ListPager::new(USERS, today())
    }

    #[track_caller]
    fn has_moved(next: Result<Next, PagingFault>) {
        let fault = next.unwrap_err();
        assert!(matches!(fault, PagingFault::Moved { .. }), "{fault}");
    }

    #[test]
    fn the_next_page_begins_after_the_last_item_and_the_day_of_asking_is_covered() {
        let mut pager = pager();
        let Next::Ask(second) = pager.accept(&page(&["a", "b"], true, Some("b"))).unwrap() else {
            panic!("one more page");
        };
        let first = pager.first();
        assert_eq!(second.query[..first.query.len()], first.query);
        assert_eq!(second.query.last(), Some(&("after_id", "b".to_owned())));
        let Next::Whole(answer) = pager.accept(&page(&["c"], false, Some("c"))).unwrap() else {
            panic!("the last page")
        };
        assert_eq!(answer.covered, [today().from()]);
    }

    #[test]
    fn an_empty_list_is_whole() {
        assert!(matches!(pager().accept(&page(&[], false, None)).unwrap(), Next::Whole(_)));
    }

    #[test]
    fn a_last_id_that_leads_back_ends_the_paging() {
        let mut pager = pager();
        pager.accept(&page(&["a"], true, Some("a"))).unwrap();
        has_moved(pager.accept(&page(&[], true, Some("a"))));
    }

    #[test]
    fn a_repeated_page_and_a_shifted_item_are_noticed() {
        for second in [&["a", "b"][..], &["b", "c"]] {
            let mut pager = pager();
            pager.accept(&page(&["a", "b"], true, Some("b"))).unwrap();
            has_moved(pager.accept(&page(second, false, Some("d"))));
        }
    }

    #[test]
    fn an_item_that_does_not_read_does_not_stop_the_paging() {
        let body = json!({"data": [null, "user_1", {"id": 7}, {"id": "user_2"}], "has_more": false});
        let next = pager().accept(body.to_string().as_bytes()).unwrap();
        assert!(matches!(next, Next::Whole(_)));
    }

    #[test]
    fn a_page_that_is_not_as_documented_is_named_and_not_quoted() {
        for body in ["[]", "{", r#"{"data":[]}"#, r#"{"data":"sk-ant-1","has_more":false}"#] {
            let fault = pager().accept(body.as_bytes()).unwrap_err();
            assert!(matches!(fault, PagingFault::Malformed { page: 1, .. }), "{fault}");
            assert!(!fault.to_string().contains("sk-ant"), "{fault}");
        }
        let fault = pager().accept(&page(&["a"], true, None)).unwrap_err();
        assert!(fault.to_string().contains("it has more, and no token of the next page"), "{fault}");
    }
}
