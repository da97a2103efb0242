//! Made-up Cursor use of any member on any day, computed from the seed when it is asked for.
//!
//! Owns the pattern of use. It must never remember a row: a million of them cost no memory.

use chrono::{Datelike, NaiveDate, Weekday};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::CursorUsage;

const MODELS: [&str; 5] = ["claude-4.5-sonnet", "gpt-5", "default", "claude-4.5-haiku", "gemini-2.5-pro"];
const EXTENSIONS: [&str; 6] = [".rs", ".ts", ".py", ".go", ".tsx", ".sql"];
const VERSIONS: [&str; 3] = ["1.7.44", "1.7.52", "2.0.3"];

/// How often and how heavily the members of a world use Cursor.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub seed: u64,
    /// Of a hundred members, how many are active on a working day.
    pub weekday_percent: u32,
    pub weekend_percent: u32,
}

impl Activity {
    pub(crate) fn none() -> Activity {
        Activity { seed: 0, weekday_percent: 0, weekend_percent: 0 }
    }

    pub(crate) fn usage(&self, user_id: u64, day: NaiveDate) -> CursorUsage {
        let mut rng = self.dice(user_id, day);
        let percent = if is_weekend(day) { self.weekend_percent } else { self.weekday_percent };
        if rng.random_range(0..100) >= percent {
            return CursorUsage::default();
        }
        active_usage(&mut rng, user_id, day)
    }

    /// Dice of their own for each member and day, so that any row can be thrown alone.
    fn dice(&self, user_id: u64, day: NaiveDate) -> ChaCha8Rng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&user_id.to_le_bytes());
        seed[16..20].copy_from_slice(&day.num_days_from_ce().to_le_bytes());
        ChaCha8Rng::from_seed(seed)
    }
}

pub(crate) fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn active_usage(rng: &mut ChaCha8Rng, user_id: u64, day: NaiveDate) -> CursorUsage {
    let habit = 1 + user_id % 4;
    let accepted_added = rng.random_range(0..90) * habit;
    let accepted_deleted = rng.random_range(0..40) * habit;
    let accepts = rng.random_range(0..12) * habit;
    let rejects = rng.random_range(0..4);
    let tabs_accepted = rng.random_range(0..40) * habit;
    let composer = rng.random_range(0..3);
    let chat = rng.random_range(0..5);
    let agent = rng.random_range(1..9) * habit;
    let cmdk = rng.random_range(0..4);
    let usage_based = over_the_allotment(rng, habit, day, composer + chat + agent);
    CursorUsage {
        is_active: true,
        total_lines_added: accepted_added + rng.random_range(0..200),
        total_lines_deleted: accepted_deleted + rng.random_range(0..80),
        accepted_lines_added: accepted_added,
        accepted_lines_deleted: accepted_deleted,
        total_applies: accepts + rejects,
        total_accepts: accepts,
        total_rejects: rejects,
        total_tabs_shown: tabs_accepted + rng.random_range(0..60),
        total_tabs_accepted: tabs_accepted,
        composer_requests: composer,
        chat_requests: chat,
        agent_requests: agent,
        cmdk_usages: cmdk,
        bugbot_usages: u64::from(rng.random_range(0..10) == 0),
        subscription_included_reqs: composer + chat + agent - usage_based,
        usage_based_reqs: usage_based,
        api_key_reqs: u64::from(rng.random_range(0..25) == 0),
        most_used_model: Some(pick(rng, &MODELS).into()),
        apply_most_used_extension: (accepts > 0).then(|| pick(rng, &EXTENSIONS).into()),
        tab_most_used_extension: (tabs_accepted > 0).then(|| pick(rng, &EXTENSIONS).into()),
        client_version: Some(pick(rng, &VERSIONS).into()),
    }
}

/// Heavy users leave their included requests behind in the last third of a month.
fn over_the_allotment(rng: &mut ChaCha8Rng, habit: u64, day: NaiveDate, requests: u64) -> u64 {
    if habit >= 3 && day.day() > 20 { rng.random_range(0..=requests) } else { 0 }
}

fn pick(rng: &mut ChaCha8Rng, words: &[&'static str]) -> &'static str {
    words[rng.random_range(0..words.len())]
}
