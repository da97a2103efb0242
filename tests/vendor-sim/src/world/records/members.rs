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
    /// First and last days of the times between memberships, of one who came back.
    pub away: Vec<(NaiveDate, NaiveDate)>,
    /// The days from which the seat is of another tier, in order. Before the first it is a Standard one.
    pub tiers: Vec<(NaiveDate, SeatTier)>,
}

/// What a paid seat includes. The vendor lists $40 a cycle for Standard and $120 for Premium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeatTier {
    Standard,
    Premium,
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
            away: Vec::new(),
            tiers: Vec::new(),
        }
    }

    /// The id of the reports that do not count by day.
    pub fn team_id(&self) -> String {
        format!("user_SIM{:010}", self.user_id)
    }

    /// Whether the member was one on any day of the range, both ends included.
    pub fn belongs(&self, first: NaiveDate, last: NaiveDate) -> bool {
        let (first, last) = (first.max(self.joined_on), self.left_on.map_or(last, |left| left.min(last)));
        let is_away = |day: NaiveDate| self.away.iter().any(|(from, to)| (*from..=*to).contains(&day));
        first.iter_days().take_while(|day| *day <= last).any(|day| !is_away(day))
    }

    /// Whether the member was one before the day and is none on it; and since when.
    pub fn removed_on(&self, day: NaiveDate) -> Option<NaiveDate> {
        let left = self.left_on.filter(|left| *left < day).and_then(|left| left.succ_opt());
        left.or_else(|| self.away.iter().find(|(from, to)| (*from..=*to).contains(&day)).map(|(from, _)| *from))
    }

    /// An admin whom nobody pays for.
    pub fn is_unpaid(&self) -> bool {
        self.role == "free-owner"
    }

    pub fn tier(&self, day: NaiveDate) -> SeatTier {
        self.tiers.iter().rev().find(|(from, _)| *from <= day).map_or(SeatTier::Standard, |(_, tier)| *tier)
    }
}
