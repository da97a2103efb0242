//! Asking for members: `GET /teams/members`, everyone in one page, removed ones too.
//!
//! Source: cursor.com/docs, Admin API. In mid-2025 the answer was the list itself.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::paging::{Answer, Method, Next, PageRequest, Pager, PagingFault};
use crate::rows::PageText;
use crate::window::Window;

pub(in crate::vendors::cursor) const PATH: &str = "/teams/members";

/// Asks for the one page that there is.
pub struct MembersPager {
    window: Window,
}

impl MembersPager {
    pub fn new(window: Window) -> Self {
        Self { window }
    }
}

impl Pager for MembersPager {
    fn first(&self) -> PageRequest {
        PageRequest { method: Method::Get, path: PATH, query: vec![], headers: vec![], body: None }
    }

    fn accept(&mut self, body: &[u8]) -> Result<Next, PagingFault> {
        let malformed = |reason: String| PagingFault::Malformed { page: 1, reason };
        List::read(&PageText::new(body)).map_err(malformed)?;
        Ok(Next::Whole(Answer::of(self.window.days().collect())))
    }
}

/// The members of a page, and the name of the list that holds them.
pub(in crate::vendors::cursor) struct List<'a> {
    /// Empty where the page is the list.
    pub name: &'static str,
    pub members: Vec<&'a RawValue>,
}

impl<'a> List<'a> {
    pub fn read(body: &'a PageText<'_>) -> Result<Self, String> {
        if body.is_list() {
            return Ok(Self { name: "", members: body.records()? });
        }
        let page: Page<'a> = body.records()?;
        Ok(Self { name: "teamMembers", members: page.team_members })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow)]
    team_members: Vec<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_list_may_be_named_or_be_the_whole_page() {
        let today = "2026-11-22".parse().unwrap();
        let window = Window::new(today, today).unwrap();
        let covered = |body: &str| match MembersPager::new(window).accept(body.as_bytes()) {
            Ok(Next::Whole(answer)) => Some(answer.covered),
            _ => None,
        };
        for body in [r#"{"teamMembers": [{"email": "ann@example.com"}]}"#, r#" [{"email": "ann@example.com"}]"#, "[]"] {
            assert_eq!(covered(body), Some(vec![today]), "{body}");
        }
        for body in [r#"{"members": []}"#, r#"{"teamMembers": {}}"#, "[", "7"] {
            assert_eq!(covered(body), None, "{body}");
        }
    }
}
