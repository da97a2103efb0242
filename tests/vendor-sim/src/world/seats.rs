//! The seats that Cursor puts on the invoice, which no endpoint reports.
//!
//! Owns who has which seat on a day: a member has one from the first day of membership to the last; who used it in the
//! billing cycle and left keeps it to the end of that cycle; an unpaid admin has none.

use chrono::NaiveDate;

use super::{EventKind, SeatTier, World, days_of};

impl World {
    /// The paid seat that somebody has on a day.
    pub fn cursor_seat(&self, user_id: u64, day: NaiveDate) -> Option<SeatTier> {
        let member = self.members().iter().find(|member| member.user_id == user_id && !member.is_unpaid())?;
        if member.belongs(day, day) {
            return Some(member.tier(day));
        }
        let before: Vec<NaiveDate> = days_of(self.cursor_cycle_start_of(day), day).collect();
        let last_day = before.iter().rev().find(|day| member.belongs(**day, **day))?;
        let uses = |kind: EventKind| matches!(kind, EventKind::Included | EventKind::UsageBased);
        let has_used = |day: &NaiveDate| self.member_events(user_id, *day).iter().any(|event| uses(event.kind));
        before.iter().any(has_used).then(|| member.tier(*last_day))
    }

    /// A member gets a seat of another tier from a day on.
    pub fn change_tier(&mut self, user_id: u64, from: NaiveDate, tier: SeatTier) {
        for member in self.members.iter_mut().filter(|known| known.user_id == user_id) {
            member.tiers.retain(|(day, _)| *day < from);
            member.tiers.push((from, tier));
        }
    }

    /// Somebody who left is a member again from a day on.
    pub fn rejoin(&mut self, user_id: u64, from: NaiveDate) {
        self.event_cache.forget();
        for member in self.members.iter_mut().filter(|known| known.user_id == user_id) {
            let first_day_away = member.left_on.take().and_then(|last| last.succ_opt());
            member.away.extend(first_day_away.zip(from.pred_opt()));
        }
    }
}
