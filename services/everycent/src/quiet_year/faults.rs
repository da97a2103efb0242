//! The year with a fault in it: what goes wrong at the vendors for some days, and what becomes of that.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use vendor_sim::World;

use super::vendors::{every, scale, take_events};
use super::{Year, chosen, company, words};
use crate::pipeline;

/// One thing that goes wrong, and does it to the vendors' answers of a day.
struct Fault {
    name: &'static str,
    spoil: fn(&mut World, NaiveDate),
}

const OF_THE_BILL: [Fault; 5] = [
    Fault { name: "most lines of the bill are missing", spoil: |world, today| thin_the_bill(world, today, 3) },
    Fault { name: "the bill is empty", spoil: |world, today| thin_the_bill(world, today, usize::MAX) },
    Fault { name: "one day of the bill is empty", spoil: |world, today| empty_day(world, before(today, 4)) },
    Fault { name: "the bill is told in dollars", spoil: |world, today| scale_all(world, today, Decimal::new(1, 2)) },
    Fault {
        name: "the bill stands still",
        spoil: |world, today| world.options.buckets_end_on = Some(before(today, 7)),
    },
];

const BESIDE_THE_BILL: [Fault; 6] = [
    Fault {
        name: "events of some days ago are gone",
        spoil: |world, today| forget_events(world, today, 3, |_, _| true),
    },
    Fault {
        name: "the feed of events remembers three days",
        spoil: |world, today| world.options.cursor_events_begin_on = Some(before(today, 3)),
    },
    Fault {
        name: "most events are gone",
        spoil: |world, today| forget_events(world, today, 1, |place, _| place % 4 > 0),
    },
    Fault {
        name: "the key opens another organization",
        spoil: |world, today| {
            world.options.anthropic_organization_id = "00000000-0000-4000-8000-00000000000f".to_owned();
            scale_all(world, today, Decimal::new(4, 1));
        },
    },
    Fault { name: "the key may not read", spoil: |world, _| world.options.anthropic_key_lacks_scope = true },
    Fault { name: "analytics are not refreshed", spoil: |world, _| world.options.analytics_never_refreshed = true },
];

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day - Days::new(days)
}

/// The days that are asked for again, without today.
fn open_days(today: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    (1..30).map(move |age| before(today, age))
}

/// Of `every` lines the first stays.
fn thin_the_bill(world: &mut World, today: NaiveDate, every: usize) {
    for day in open_days(today) {
        for place in (0..world.cost_rows(day).len()).rev().filter(|place| every == usize::MAX || place % every > 0) {
            world.remove_cost_row(day, place);
        }
    }
}

fn empty_day(world: &mut World, day: NaiveDate) {
    while world.remove_cost_row(day, 0).is_some() {}
}

fn scale_all(world: &mut World, today: NaiveDate, factor: Decimal) {
    open_days(today).for_each(|day| scale(world, day, factor));
}

/// Events of closed days that are at least so old.
fn forget_events(world: &mut World, today: NaiveDate, age: u64, is_gone: fn(usize, i64) -> bool) {
    (age..10).for_each(|age| take_events(world, before(today, age), is_gone));
}

/// Two quiet days, two days with the fault and two after it; then it comes back every twenty days, and also for longer.
fn is_spoilt(day: usize) -> bool {
    let lasts = [2, 5, 11][day / 20 % 3];
    (2..2 + lasts).contains(&(day % 20))
}

async fn lives_through(fault: &Fault) {
    let days = chosen("EVERYCENT_YEAR", 6);
    let mut year = Year::begin(company, days).await;
    let start = year.start();
    let mut said = Vec::new();
    for (day, now) in every(24, start, days).enumerate() {
        let (today, is_on) = (now.date_naive(), is_spoilt(day));
        year.move_to(now, |world| {
            if is_on {
                (fault.spoil)(world, today);
            }
        });
        let report = year.sync().await;
        let words = words(&report);
        let is_green = report.is_clean() && words.is_empty();
        let was_on = day > 0 && is_spoilt(day - 1);
        assert!(is_on || was_on || is_green, "{}, {now}: {words:?}", fault.name);
        if is_green {
            let wrong = year.wrong_days(today, Decimal::new(25, 2)).await;
            assert_eq!(wrong, [] as [&str; 0], "{}, {now}", fault.name);
        }
        said.push(words.len());
    }
    let end = start + Days::new(u64::from(days));
    assert_eq!(year.wrong_days(end, Decimal::ZERO).await, [] as [&str; 0], "{}", fault.name);
    assert_eq!(year.failed_checks(end).await, [] as [&str; 0], "{}", fault.name);
    println!("{}: words in each sync {said:?}", fault.name);
}

#[test]
fn a_fault_of_the_bill_is_never_wrong_and_green_and_leaves_nothing_behind() {
    for fault in &OF_THE_BILL {
        pipeline::runtime().unwrap().block_on(lives_through(fault));
    }
}

#[test]
fn a_fault_beside_the_bill_is_never_wrong_and_green_and_leaves_nothing_behind() {
    for fault in &BESIDE_THE_BILL {
        pipeline::runtime().unwrap().block_on(lives_through(fault));
    }
}
