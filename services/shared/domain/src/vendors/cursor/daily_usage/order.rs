//! The records of a page in the order of the table's key.
//!
//! The vendor tells user after user, the table lies day after day. Rows in its order go into it with a small part of it in
//! memory. Nothing here judges a record.

use std::borrow::Cow;

use everycent_schemas::Day;

use super::record::UsageRecord;
use crate::identity::{HexId, Id, IdHasher};
use crate::room;
use crate::rows::Oddity;

/// Records as the page has them, until they are sorted.
pub(super) struct Listed<'p> {
    records: Vec<Entry<'p>>,
    users: Vec<User<'p>>,
}

/// A record, and where it stands in the page.
pub(super) struct Entry<'p> {
    pub day: Day,
    id: Id,
    pub index: usize,
    user: usize,
    pub record: &'p UsageRecord<'p>,
    pub oddities: &'p [Oddity],
}

/// A user, as the rows name one.
pub(super) struct User<'p> {
    pub user_id: Option<Cow<'p, str>>,
    pub email: Option<&'p str>,
    pub row_id: HexId,
    id: Id,
}

impl<'p> Listed<'p> {
    pub fn new() -> Self {
        Self { records: room::list(), users: Vec::new() }
    }

    /// Adds the record at `index`. A user's records mostly follow one another, and all have the same identity.
    pub fn add(&mut self, index: usize, day: Day, record: &'p UsageRecord<'p>, oddities: &'p [Oddity]) {
        let last = self.records.last().map(|entry| entry.record);
        if last.is_none_or(|last| last.user_id != record.user_id || last.email != record.email) {
            self.users.push(User::of(record));
        }
        let user = self.users.len() - 1;
        self.records.push(Entry { day, id: self.users[user].id, index, user, record, oddities });
    }

    /// Sorts by key. Records of the same user and day stay in the order of the page.
    pub fn sort(&mut self) {
        self.records.sort_unstable_by_key(|entry| (entry.day, entry.id, entry.index));
    }

    /// Each record with its user and the record of the same user and day that came before.
    pub fn iter(&self) -> impl Iterator<Item = (&Entry<'p>, &User<'p>, Option<&'p UsageRecord<'p>>)> {
        let before = std::iter::once(None).chain(self.records.iter().map(Some));
        self.records.iter().zip(before).map(|(entry, before)| {
            let twin = before.filter(|before| (before.day, before.id) == (entry.day, entry.id));
            (entry, &self.users[entry.user], twin.map(|twin| twin.record))
        })
    }
}

impl<'p> User<'p> {
    fn of(record: &'p UsageRecord<'p>) -> Self {
        let email = record.address();
        let user_id = record.user_id.as_ref().map(|user_id| user_id.text());
        let id =
            IdHasher::new("cursor_usage_stats").optional(user_id.as_deref()).part(email.unwrap_or_default()).finish();
        Self { user_id, email, row_id: id.hex(), id }
    }
}
