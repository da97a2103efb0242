//! Days that a vendor forgets and knows again: the bill, and what people did in Cursor.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use vendor_sim::{CostRow, CursorEvent, CursorUsage, World};

/// What a vendor has forgotten of some days.
#[derive(Debug, Default)]
pub(super) struct Memory(BTreeMap<NaiveDate, Whole>);

/// A day before it was forgotten.
#[derive(Debug)]
struct Whole {
    costs: Vec<CostRow>,
    usage: Vec<(u64, CursorUsage)>,
    events: Vec<CursorEvent>,
}

impl Memory {
    /// Only the first `kept` lines of the bill and the first of so many people stay.
    pub(super) fn forget(&mut self, world: &mut World, day: NaiveDate, kept: usize) {
        self.0.entry(day).or_insert_with(|| Whole::of(world, day));
        while world.cost_rows(day).len() > kept {
            world.remove_cost_row(day, kept);
        }
        let people: Vec<u64> = world.cursor_rows(day).iter().map(|row| row.user_id).collect();
        let stay = &people[..kept.min(people.len())];
        let gone = |event: &CursorEvent| !stay.contains(&event.user_id);
        while let Some(place) = world.cursor_events(day).iter().position(gone) {
            world.remove_cursor_event(day, place);
        }
        for user_id in people.iter().skip(kept) {
            world.clear_cursor_usage(*user_id, day);
        }
    }

    /// Each line of the bill loses a fifth, which is too little to be held alone.
    pub(super) fn erode(&mut self, world: &mut World, day: NaiveDate) {
        self.0.entry(day).or_insert_with(|| Whole::of(world, day));
        let amounts: Vec<Decimal> = world.cost_rows(day).iter().map(|row| row.amount_cents).collect();
        for (place, amount) in amounts.into_iter().enumerate() {
            world.set_cost_amount(day, place, (amount * Decimal::new(8, 1)).round_dp(6));
        }
    }

    /// The day is as it was before it was forgotten first.
    pub(super) fn remember(&mut self, world: &mut World, day: NaiveDate) {
        let Some(whole) = self.0.remove(&day) else { return };
        while world.remove_cost_row(day, 0).is_some() {}
        whole.costs.into_iter().for_each(|row| world.add_cost_row(day, row));
        for (user_id, usage) in whole.usage {
            world.set_cursor_usage(user_id, day, usage);
        }
        while world.remove_cursor_event(day, 0).is_some() {}
        whole.events.into_iter().rev().for_each(|event| world.add_cursor_event(event));
    }
}

impl Whole {
    fn of(world: &World, day: NaiveDate) -> Self {
        let usage = world.cursor_rows(day).into_iter().map(|row| (row.user_id, row.usage));
        Self { costs: world.cost_rows(day).to_vec(), usage: usage.collect(), events: world.cursor_events(day) }
    }
}
