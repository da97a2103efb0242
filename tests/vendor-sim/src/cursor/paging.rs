//! 1-based pages: of members, as the daily report counts them, and of events.
//!
//! Owns `page` and `pageSize` and the `pagination` objects. It must never look at a row.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Used when only `page` is given.
const DEFAULT_PAGE_SIZE: u64 = 10;
pub(super) const MAX_PAGE_SIZE: u64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paging {
    page: u64,
    page_size: u64,
}

/// The part of an answer that says where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pagination {
    page: u64,
    page_size: u64,
    total_users: u64,
    total_pages: u64,
    has_next_page: bool,
    has_previous_page: bool,
}

/// The same for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventPagination {
    num_pages: u64,
    current_page: u64,
    page_size: u64,
    has_next_page: bool,
    has_previous_page: bool,
}

impl EventPagination {
    pub(super) fn new(page: u64, page_size: u64, events: u64) -> EventPagination {
        let num_pages = events.div_ceil(page_size);
        EventPagination {
            num_pages,
            current_page: page,
            page_size,
            has_next_page: page < num_pages,
            has_previous_page: page > 1,
        }
    }
}

impl Paging {
    /// None if neither `page` nor `pageSize` is asked for.
    pub(super) fn read(body: &Map<String, Value>) -> Result<Option<Paging>, Refusal> {
        let page = number(body, "page", u64::from(u32::MAX))?;
        let page_size = number(body, "pageSize", MAX_PAGE_SIZE)?;
        if page.is_none() && page_size.is_none() {
            return Ok(None);
        }
        Ok(Some(Paging { page: page.unwrap_or(1), page_size: page_size.unwrap_or(DEFAULT_PAGE_SIZE) }))
    }

    pub(super) fn page(&self) -> u32 {
        u32::try_from(self.page).unwrap_or(u32::MAX)
    }

    /// The positions of the users on this page.
    pub(super) fn positions(&self, users: usize) -> Range<usize> {
        let place = |number: u64| usize::try_from(number).map_or(users, |place| place.min(users));
        place((self.page - 1) * self.page_size)..place(self.page * self.page_size)
    }

    pub(super) fn pagination(&self, users: usize) -> Pagination {
        let total_users = users as u64;
        let total_pages = total_users.div_ceil(self.page_size);
        Pagination {
            page: self.page,
            page_size: self.page_size,
            total_users,
            total_pages,
            has_next_page: self.page < total_pages,
            has_previous_page: self.page > 1,
        }
    }
}

/// A number from 1 to `max`.
pub(super) fn number(body: &Map<String, Value>, name: &str, max: u64) -> Result<Option<u64>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) if (1..=max).contains(&number) => Ok(Some(number)),
            _ => Err(Refusal::invalid(format!("{name} must be a number between 1 and {max}"))),
        },
    }
}
