//! The members of the Cursor team and their membership in time.
//!
//! Owns who is listed for which days. It must never reorder: pages follow the user id.

use chrono::{Datelike, Months, NaiveDate};
use rust_decimal::Decimal;

use super::{Member, World, days_of};

/// The name of those who join a team in the course of a story.
pub const NEWCOMER: &str = "Newcomer";

impl World {
    /// Everyone who ever was a member, by user id.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Adds a member in the order of user ids; one with the same id is replaced.
    pub fn add_member(&mut self, member: Member) {
        self.event_cache.forget();
        match self.members.binary_search_by_key(&member.user_id, |known| known.user_id) {
            Ok(found) => self.members[found] = member,
            Err(place) => self.members.insert(place, member),
        }
    }

    /// Erases a member from every range.
    pub fn remove_member(&mut self, user_id: u64) -> Option<Member> {
        self.event_cache.forget();
        let found = self.members.iter().position(|known| known.user_id == user_id)?;
        Some(self.members.remove(found))
    }

    /// Whether the team is still the one that it was when this member is erased: a team of newcomers alone is another one.
    pub fn team_outlives(&self, user_id: u64) -> bool {
        self.members.iter().any(|member| member.user_id != user_id && member.name != NEWCOMER)
    }

    /// Ends a membership; ranges that touch it still list the member.
    pub fn end_membership(&mut self, user_id: u64, last_day: NaiveDate) {
        self.event_cache.forget();
        for member in self.members.iter_mut().filter(|known| known.user_id == user_id) {
            member.left_on = Some(last_day);
        }
    }

    /// Whether events of this member carry the address.
    pub fn names_in_events(&self, user_id: u64) -> bool {
        let found = self.members.iter().find(|member| member.user_id == user_id);
        let is_removed = found.is_none_or(|member| member.removed_on(self.options.today).is_some());
        !(self.options.cursor_forgets_removed && is_removed)
    }

    /// The first day of the billing cycle that today belongs to.
    pub fn cursor_cycle_start(&self) -> NaiveDate {
        self.cursor_cycle_start_of(self.options.today)
    }

    /// The first day of the billing cycle that the day belongs to.
    pub fn cursor_cycle_start_of(&self, day: NaiveDate) -> NaiveDate {
        let starts_in = |month: NaiveDate| {
            let last_day = (month.with_day(1).unwrap_or(month) + Months::new(1)).pred_opt().unwrap_or(month);
            last_day.with_day(self.options.cursor_cycle_day).unwrap_or(last_day)
        };
        if starts_in(day) <= day { starts_in(day) } else { starts_in(day - Months::new(1)) }
    }

    /// What a member spent in the billing cycle so far, in cents: on demand only, and all of it.
    pub fn cursor_spend_cents(&self, user_id: u64) -> (Decimal, Decimal) {
        let (on_demand, included) = self.cursor_charged_cents(user_id, self.cursor_cycle_start(), self.newest_day());
        (on_demand, on_demand + included)
    }

    /// The on-demand requests of a member in the billing cycle so far.
    pub fn cursor_premium_requests(&self, user_id: u64) -> u64 {
        let found = self.members.iter().find(|member| member.user_id == user_id);
        let days = || days_of(self.cursor_cycle_start(), self.newest_day());
        found.map_or(0, |member| days().map(|day| self.cursor_usage(member, day).usage_based_reqs).sum())
    }
}
