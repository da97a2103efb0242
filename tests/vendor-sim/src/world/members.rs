//! The members of the Cursor team and their membership in time.
//!
//! Owns who is listed for which days. It must never reorder: pages follow the user id.

use chrono::NaiveDate;

use super::World;

/// A member of the Cursor team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The numeric id of the daily report.
    pub user_id: u64,
    pub email: String,
    pub name: String,
    pub joined_on: NaiveDate,
    /// The last day of membership; none while it lasts.
    pub left_on: Option<NaiveDate>,
}

impl Member {
    /// A member since ever.
    pub fn new(user_id: u64, email: &str, name: &str) -> Member {
        Member { user_id, email: email.to_owned(), name: name.to_owned(), joined_on: NaiveDate::MIN, left_on: None }
    }

    /// Whether the member was one on any day of the range, both ends included.
    pub fn belongs(&self, first: NaiveDate, last: NaiveDate) -> bool {
        self.joined_on <= last && self.left_on.is_none_or(|left| left >= first)
    }
}

impl World {
    /// Everyone who ever was a member, by user id.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Adds a member in the order of user ids; one with the same id is replaced.
    pub fn add_member(&mut self, member: Member) {
        match self.members.binary_search_by_key(&member.user_id, |known| known.user_id) {
            Ok(found) => self.members[found] = member,
            Err(place) => self.members.insert(place, member),
        }
    }

    /// Erases a member from every range.
    pub fn remove_member(&mut self, user_id: u64) -> Option<Member> {
        let found = self.members.iter().position(|known| known.user_id == user_id)?;
        Some(self.members.remove(found))
    }

    /// Ends a membership; ranges that touch it still list the member.
    pub fn end_membership(&mut self, user_id: u64, last_day: NaiveDate) {
        for member in self.members.iter_mut().filter(|known| known.user_id == user_id) {
            member.left_on = Some(last_day);
        }
    }
}
