//! A Cursor team of any size, for benchmarks. Its rows are computed as they are asked for.

use chrono::NaiveDate;

use super::day_after;
use crate::world::{Activity, Member, World};

const SEED: u64 = 500;

/// `people` x `days` rows, two thirds of them active, from `first_day` on. No Claude cost.
pub fn cursor_large(people: u32, first_day: NaiveDate, days: u32) -> World {
    let mut world = World::empty(day_after(first_day, days));
    world.organization = "Example Large".to_owned();
    world.activity = Activity { seed: SEED, weekday_percent: 82, weekend_percent: 25 };
    world.members = (1..=u64::from(people)).map(|number| member(number, first_day)).collect();
    world
}

fn member(number: u64, joined_on: NaiveDate) -> Member {
    let email = format!("person-{number:05}@example.com");
    Member { joined_on, ..Member::new(100_000 + number, &email, &format!("Person {number}")) }
}
