//! What the views of money give, against their definitions over all rows: the texts in `money/oracle`, which no program
//! reads.
//!
//! No sentences of the contract: they take an emulator too long.
#![allow(clippy::unwrap_used)]

mod claude;
mod cursor;
mod dice;
mod directories;
mod oracle;
mod seats;
mod worlds;

use super::Fixture;
use super::world::RowStore;
use crate::warehouse::Warehouse;
use oracle::{Definition, defined, shown};
use worlds::{STEPS, Worlds};

/// Worlds of different seeds, each with accounts of its own.
const WORLDS: u64 = 10;

pub async fn every_view_of_money_gives_what_its_definition_over_all_rows_gives(fixture: &dyn Fixture) {
    let (warehouse, store, worlds) = (fixture.warehouse().await, RowStore::default(), Worlds::of(0..WORLDS));
    for step in 0..STEPS {
        worlds.merge(step, &*warehouse, &store).await;
        // Half way, where windows are missing and older answers are still to come; and at the end.
        if step + 1 == STEPS / 2 || step + 1 == STEPS {
            assert_as_defined(&*warehouse, step).await;
        }
    }
}

/// Merges all answers of a world, in which lists of members say who has which seat. The definitions know nothing of these.
pub async fn merge_a_world(warehouse: &dyn Warehouse, seed: u64) {
    let (store, worlds) = (RowStore::default(), Worlds::of(seed..seed + 1).with_seats());
    for step in 0..STEPS {
        worlds.merge(step, warehouse, &store).await;
    }
}

/// The comparison sees what one more answer changes, in every view.
pub async fn a_definition_that_is_read_before_an_answer_is_not_what_a_view_gives_after_it(fixture: &dyn Fixture) {
    let (warehouse, store, worlds) = (fixture.warehouse().await, RowStore::default(), Worlds::of(0..1));
    for step in 0..STEPS - 1 {
        worlds.merge(step, &*warehouse, &store).await;
    }
    let mut before = Vec::new();
    for view in oracle::VIEWS {
        before.push(defined(&*warehouse, view).await);
    }
    worlds.merge(STEPS - 1, &*warehouse, &store).await;
    for (view, before) in oracle::VIEWS.iter().zip(before) {
        assert_ne!(shown(&*warehouse, view).await, before, "{}", view.name);
    }
}

/// The worlds hold what the views tell apart.
fn assert_is_rich(view: &Definition, rows: &[String]) {
    let wanted: &[&str] = match view.name {
        "cursor_expenses" => &["events_units", "request_counts", "events_charged", "seat_only", "robot", "A Member"],
        "claude_cost_shares" => &["\"tokens\"", "\"web_searches\"", "\"residual\"", "rule-1"],
        "api_usage_expenses" => &["\"upload\"", "\"creator\"", "Research", "gil@example.com"],
        "ai_spend_by_team" => &["\"a team\"", "\"Search\"", "\"Ads\"", "\"Support\"", "\"unassigned\""],
        "ai_spend_by_cost_center" => &["\"1\"", "\"2\"", "\"unassigned\""],
        _ => &[],
    };
    for word in wanted {
        assert!(rows.iter().any(|row| row.contains(word)), "no row of {} has {word}", view.name);
    }
}

async fn assert_as_defined(warehouse: &dyn Warehouse, step: usize) {
    for view in oracle::VIEWS {
        let (defined, shown) = (defined(warehouse, view).await, shown(warehouse, view).await);
        assert!(!defined.is_empty(), "{} gives nothing", view.name);
        assert_is_rich(view, &defined);
        let missing: Vec<&String> = defined.iter().filter(|row| !shown.contains(row)).take(5).collect();
        let more: Vec<&String> = shown.iter().filter(|row| !defined.contains(row)).take(5).collect();
        assert!(defined == shown, "{} after step {step}: missing {missing:#?}, instead {more:#?}", view.name);
    }
}
