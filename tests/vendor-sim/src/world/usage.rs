//! Cursor usage of one member on one day.
//!
//! Owns the ground truth of the daily report and its mutations. It must never encode them.

use chrono::NaiveDate;

use super::{CursorUsage, Member, World, days_of};

/// One record of the daily report, as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorRow {
    pub user_id: u64,
    pub email: String,
    pub day: NaiveDate,
    pub usage: CursorUsage,
}

impl World {
    /// The rows of a day: every member of that day, active or not, by user id.
    pub fn cursor_rows(&self, day: NaiveDate) -> Vec<CursorRow> {
        self.cursor_rows_of(day, day)
    }

    /// The rows of a window, both ends included, as a paged request for just this window gives them:
    /// every member with membership in the window has a row for every day of it, also for days outside the
    /// membership. Ordered by user id, then day.
    pub fn cursor_rows_of(&self, first: NaiveDate, last: NaiveDate) -> Vec<CursorRow> {
        let listed = self.members.iter().filter(|member| member.belongs(first, last));
        listed.flat_map(|member| days_of(first, last).map(|day| self.cursor_row(member, day))).collect()
    }

    pub fn cursor_usage(&self, member: &Member, day: NaiveDate) -> CursorUsage {
        if !member.belongs(day, day) {
            return CursorUsage::default();
        }
        match self.told.get(&(day, member.user_id)) {
            Some(told) => told.clone(),
            None => self.activity.usage(member.user_id, day),
        }
    }

    /// Replaces what a member did on a day.
    pub fn set_cursor_usage(&mut self, user_id: u64, day: NaiveDate, usage: CursorUsage) {
        self.event_cache.forget();
        self.told.insert((day, user_id), usage);
    }

    /// Takes away what a member did on a day; the row stays as an inactive one.
    pub fn clear_cursor_usage(&mut self, user_id: u64, day: NaiveDate) {
        self.set_cursor_usage(user_id, day, CursorUsage::default());
    }

    /// Every active row of the day gets more counts.
    pub fn restate_cursor_day(&mut self, day: NaiveDate) {
        for row in self.cursor_rows(day).into_iter().filter(|row| row.usage.is_active) {
            let mut usage = row.usage;
            usage.total_lines_added += 11;
            usage.agent_requests += 3;
            usage.usage_based_reqs += 2;
            self.set_cursor_usage(row.user_id, day, usage);
        }
    }

    fn cursor_row(&self, member: &Member, day: NaiveDate) -> CursorRow {
        CursorRow { user_id: member.user_id, email: member.email.clone(), day, usage: self.cursor_usage(member, day) }
    }
}
