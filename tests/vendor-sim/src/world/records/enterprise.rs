use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::directory::User;
use super::share::CostShare;

/// An organization on claude.ai, with a key of its own.
#[derive(Clone, Debug)]
pub struct Enterprise {
    pub key: String,
    pub organization_id: String,
    /// When its analytics were last refreshed, if not at the midnight after the newest day. Days that end later are incomplete.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// The latest day of which it is known what people did, if not the newest one.
    pub people_known_until: Option<NaiveDate>,
    pub(crate) users: Vec<User>,
    pub(crate) shares: BTreeMap<NaiveDate, Vec<CostShare>>,
}

impl Enterprise {
    /// Those who have a seat.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The person drops out of the organization: what they used is told without name and address.
    pub fn remove_user(&mut self, id: &str) {
        self.users.retain(|user| user.id != id);
    }

    /// Every amount of the day becomes a quarter more.
    pub fn restate_day(&mut self, day: NaiveDate) {
        for share in self.shares.entry(day).or_default() {
            share.amount_cents += (share.amount_cents / Decimal::from(4)).round_dp(6);
        }
    }
}
