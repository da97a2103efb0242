//! A member of the Cursor team.
//!
//! Owns the fields of a member and the time of membership. It must never know what a member used.

use chrono::NaiveDate;

/// A member of the Cursor team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The numeric id of the daily report.
    pub user_id: u64,
    pub email: String,
    pub name: String,
    /// `owner`, `member` or `free-owner`.
    pub role: String,
    pub joined_on: NaiveDate,
    /// The last day of membership; none while it lasts.
    pub left_on: Option<NaiveDate>,
}

impl Member {
    /// A member since ever.
    pub fn new(user_id: u64, email: &str, name: &str) -> Member {
        Member {
            user_id,
            email: email.to_owned(),
            name: name.to_owned(),
            role: "member".to_owned(),
            joined_on: NaiveDate::MIN,
            left_on: None,
        }
    }

    /// The id of the reports that do not count by day.
    pub fn team_id(&self) -> String {
        format!("user_SIM{:010}", self.user_id)
    }

    /// Whether the member was one on any day of the range, both ends included.
    pub fn belongs(&self, first: NaiveDate, last: NaiveDate) -> bool {
        self.joined_on <= last && self.left_on.is_none_or(|left| left >= first)
    }
}
