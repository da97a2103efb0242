//! Two people who use both vendors a little: some days are cents, some are nothing.

use chrono::{Days, NaiveDate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::day_after;
use crate::world::prices::{HAIKU_4_5, Line, SONNET_4_5, Tokens};
use crate::world::{Activity, ApiKey, CostRow, Member, User, World, is_weekend};

/// `days` days that end with `last_day`: a dollar or two of Claude on a working day, nothing on most weekends and on one
/// working day in eight. Both are in the Cursor team, and one has a key of Claude Code. The clock stands on the day after.
pub fn pair(seed: u64, last_day: NaiveDate, days: u32) -> World {
    let first_day = last_day - Days::new(u64::from(days.saturating_sub(1)));
    let mut world = World::empty(day_after(first_day, days));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    world.organization = "Example Pair".to_owned();
    for (place, name) in ["Mary", "Rosalind"].into_iter().enumerate() {
        let (id, email) = (format!("user_01{name}"), format!("{}@example.com", name.to_lowercase()));
        world.add_user(User::new(&id, &email, name, if place == 0 { "admin" } else { "developer" }));
        world.members.push(Member::new(71 + place as u64, &email, name));
    }
    world.add_api_key(ApiKey::new("apikey_01PairCode", "code", None, Some("user_01Mary")).for_claude_code());
    world.add_api_key(ApiKey::new("apikey_01PairBot", "bot", None, Some("user_01Rosalind")));
    world.activity = Activity { seed, weekday_percent: 55, weekend_percent: 6 };
    for day in first_day.iter_days().take(days as usize) {
        let rows = rows(&mut rng, day);
        if !rows.is_empty() {
            world.costs.insert(day, rows);
        }
    }
    world
}

fn rows(rng: &mut ChaCha8Rng, day: NaiveDate) -> Vec<CostRow> {
    let rests = if is_weekend(day) { 5 } else { 1 };
    if rng.random_range(0..8) < rests {
        return Vec::new();
    }
    let lines = [
        (Line::new(SONNET_4_5, Tokens::Input), 150_000),
        (Line::new(SONNET_4_5, Tokens::Output), 90_000),
        (Line::new(HAIKU_4_5, Tokens::Output), 40_000),
    ];
    let row = |(line, most): (Line, u64)| line.row(None, line.price(rng.random_range(100..=most)));
    lines.into_iter().map(row).collect()
}
