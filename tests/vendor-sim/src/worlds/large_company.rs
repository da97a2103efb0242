//! A company of any size that uses both vendors, for benchmarks: a large Cursor team, and many with Claude Code.

use chrono::NaiveDate;

use super::{company, cursor_large, day_after};
use crate::world::{ApiKey, User, World};

const SEED: u64 = 365;

/// The Claude cost of [`company`], the members of [`cursor_large`], and as many people with a key of Claude Code.
pub fn large_company(people: u32, claude_code_people: u32, first_day: NaiveDate, days: u32) -> World {
    let last_day = day_after(first_day, days).pred_opt().unwrap_or(first_day);
    let small = company(SEED, last_day, days);
    let mut world = cursor_large(people, first_day, days);
    world.workspaces = small.workspaces;
    world.costs = small.costs;
    for number in 1..=claude_code_people {
        let (user, name) = (format!("user_01Large{number:05}"), format!("Person {number}"));
        world.add_user(User::new(&user, &format!("person-{number:05}@example.com"), &name, "claude_code_user"));
        let key = ApiKey::new(
            &format!("apikey_01Large{number:05}"),
            &format!("claude_code_key_{number}"),
            company::CLAUDE_CODE,
            Some(&user),
        );
        world.add_api_key(key.for_claude_code());
    }
    world
}
