//! Cursor's usage events: what each request of a member cost.
//!
//! Owns the events of a day, their order and their mutations. Every member has as many included and on-demand
//! events on a day as the daily report counts, and now and then one that failed. It must never keep more
//! than one day that no mutation touched.

use std::cmp::Reverse;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use super::draw::draw_numbers;
use super::event_prices::{self, EventModel};
use super::{CursorEvent, EventKind, Member, World, days_of};

const MORNING_MS: u64 = 7 * 3_600_000;
const WORKING_MS: u64 = 13 * 3_600_000;
/// One event in so many happens in the same millisecond as the one before it.
const TWIN_EVERY: u64 = 23;
/// One event in so many is counted in requests, not in tokens.
const REQUEST_EVERY: u64 = 6;

impl World {
    /// The events of a day, newest first; twins are all there.
    pub fn cursor_events(&self, day: NaiveDate) -> Vec<CursorEvent> {
        self.shared_cursor_events(day).to_vec()
    }

    /// The events between two moments, both included, newest first.
    pub fn cursor_events_of(&self, start_ms: i64, end_ms: i64) -> Vec<CursorEvent> {
        let (Some(first), Some(last)) = (day_of(start_ms), day_of(end_ms)) else {
            return Vec::new();
        };
        let days: Vec<NaiveDate> = days_of(first, last).collect();
        let within = |event: &CursorEvent| (start_ms..=end_ms).contains(&event.timestamp_ms);
        days.into_iter().rev().flat_map(|day| self.cursor_events(day)).filter(within).collect()
    }

    /// What a member's events of the days, both ends included, were charged with, in cents: on demand, and included.
    pub fn cursor_charged_cents(&self, user_id: u64, first: NaiveDate, last: NaiveDate) -> (Decimal, Decimal) {
        let (mut on_demand, mut included) = (Decimal::ZERO, Decimal::ZERO);
        for day in days_of(first, last) {
            for event in self.member_events(user_id, day) {
                match event.kind {
                    EventKind::UsageBased => on_demand += event.charged_cents,
                    EventKind::OwnKey => on_demand += event.token_fee_cents.unwrap_or_default(),
                    EventKind::Included => included += event.charged_cents,
                    EventKind::ErroredNotCharged => {}
                }
            }
        }
        (on_demand, included)
    }

    /// An event joins its day, in front of those of the same millisecond. From then on the events of this day no
    /// longer follow the daily report.
    pub fn add_cursor_event(&mut self, event: CursorEvent) {
        let Some(day) = day_of(event.timestamp_ms) else { return };
        let events = self.told_day(day);
        let place = events.partition_point(|known| known.timestamp_ms > event.timestamp_ms);
        events.insert(place, event);
    }

    /// An event vanishes from a day; none if the day has no such one. From then on the events of this day no longer
    /// follow the daily report.
    pub fn remove_cursor_event(&mut self, day: NaiveDate, index: usize) -> Option<CursorEvent> {
        let events = self.told_day(day);
        (index < events.len()).then(|| events.remove(index))
    }

    /// One event like this vanishes from its day.
    pub(crate) fn erase_cursor_event(&mut self, event: &CursorEvent) {
        let Some(day) = day_of(event.timestamp_ms) else { return };
        let found = self.told_day(day).iter().position(|known| known == event);
        found.map(|index| self.remove_cursor_event(day, index));
    }

    /// The events of a day without a copy of each.
    pub(crate) fn shared_cursor_events(&self, day: NaiveDate) -> Arc<[CursorEvent]> {
        match self.told_events.get(&day) {
            Some(told) => told.as_slice().into(),
            None => self.event_cache.get_or_make(day, || self.made_up_events(day)),
        }
    }

    /// How many events a day has, without making them up.
    pub(crate) fn cursor_event_count(&self, day: NaiveDate) -> usize {
        match self.told_events.get(&day) {
            Some(told) => told.len(),
            None => self.members.iter().map(|member| self.plan_of(member, day).len()).sum(),
        }
    }

    pub(super) fn member_events(&self, user_id: u64, day: NaiveDate) -> Vec<CursorEvent> {
        match self.told_events.get(&day) {
            Some(told) => told.iter().filter(|event| event.user_id == user_id).cloned().collect(),
            None => {
                let found = self.members.iter().find(|member| member.user_id == user_id);
                found.map_or_else(Vec::new, |member| self.made_up_for(member, day))
            }
        }
    }

    fn told_day(&mut self, day: NaiveDate) -> &mut Vec<CursorEvent> {
        if !self.told_events.contains_key(&day) {
            let events = self.made_up_events(day);
            self.told_events.insert(day, events);
        }
        self.told_events.entry(day).or_default()
    }

    fn made_up_events(&self, day: NaiveDate) -> Vec<CursorEvent> {
        let mut events: Vec<CursorEvent> =
            self.members.iter().flat_map(|member| self.made_up_for(member, day)).collect();
        events.sort_by_key(|event| Reverse(event.timestamp_ms));
        events
    }

    /// The kinds of a member's events of a day, in the order of their making.
    fn plan_of(&self, member: &Member, day: NaiveDate) -> Vec<EventKind> {
        let usage = self.cursor_usage(member, day);
        let with_own_key = if self.options.cursor_own_key_events { usage.api_key_reqs } else { 0 };
        let failed = u64::from(usage.is_active && self.event_draw(member, day, u64::MAX).is_multiple_of(9));
        [
            (EventKind::Included, usage.subscription_included_reqs),
            (EventKind::UsageBased, usage.usage_based_reqs),
            (EventKind::ErroredNotCharged, failed),
            (EventKind::OwnKey, with_own_key),
        ]
        .into_iter()
        .flat_map(|(kind, count)| (0..count).map(move |_| kind))
        .collect()
    }

    fn made_up_for(&self, member: &Member, day: NaiveDate) -> Vec<CursorEvent> {
        let mut events: Vec<CursorEvent> = Vec::new();
        for (place, kind) in self.plan_of(member, day).into_iter().enumerate() {
            let dice = self.event_draw(member, day, place as u64);
            let mut event = made_up(member, day, kind, dice);
            if let Some(last) = events.last().filter(|last| last.kind == kind && dice.is_multiple_of(TWIN_EVERY)) {
                let is_alike = (dice / TWIN_EVERY).is_multiple_of(2);
                event = if is_alike { last.clone() } else { CursorEvent { timestamp_ms: last.timestamp_ms, ..event } };
            }
            events.push(event);
        }
        events
    }

    fn event_draw(&self, member: &Member, day: NaiveDate, place: u64) -> u64 {
        draw_numbers(self.activity.seed, &[member.user_id, midnight_ms(day).unsigned_abs(), place])
    }
}

fn made_up(member: &Member, day: NaiveDate, kind: EventKind, dice: u64) -> CursorEvent {
    let part = |number: u64| draw_numbers(dice, &[number]);
    let model = EventModel::ALL[(part(1) % EventModel::ALL.len() as u64) as usize];
    let is_counted_in_tokens =
        kind == EventKind::OwnKey || kind != EventKind::ErroredNotCharged && part(2) % REQUEST_EVERY != 0;
    let mut event = CursorEvent {
        timestamp_ms: midnight_ms(day) + (MORNING_MS + part(3) % WORKING_MS) as i64,
        user_id: member.user_id,
        user_email: member.email.clone(),
        conversation_id: (part(4) % 4 > 0).then(|| format!("{:08x}-{:04x}", part(5) as u32, member.user_id & 0xffff)),
        model: model.name.to_owned(),
        kind,
        max_mode: part(6) % 5 == 0,
        is_headless: part(7) % 12 == 0,
        requests_costs: None,
        token_usage: None,
        charged_cents: Decimal::ZERO,
        token_fee_cents: None,
    };
    if is_counted_in_tokens {
        let tokens = [part(8) % 9_000, part(9) % 4_000, part(10) % 60_000, part(11) % 400_000];
        let discount = (part(12) % 8 == 0).then_some(20);
        event_prices::charge_tokens(&mut event, model, tokens, discount);
    } else if kind != EventKind::ErroredNotCharged {
        event_prices::charge_requests(&mut event, 1 + part(13) % 2);
    }
    if kind == EventKind::OwnKey {
        // The model is paid elsewhere.
        event.charged_cents = event.token_fee_cents.unwrap_or_default();
    }
    event
}

fn midnight_ms(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}

fn day_of(ms: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(ms).map(|instant| instant.date_naive())
}
