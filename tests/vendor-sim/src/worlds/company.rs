//! A made-up company of two dozen people that uses both vendors, and more of them each week.

use chrono::{Days, NaiveDate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use super::day_after;
use super::staff::{self, Staff};
use crate::world::prices::{HAIKU_4_5, Line, OPUS_4_6, SONNET_4_5, Tokens};
use crate::world::{Activity, CostRow, Member, Workspace, World};

pub(super) const CLAUDE_CODE: Option<&str> = Some("wrkspc_01ClaudeCodeCompany");
const PRODUCT: Option<&str> = Some("wrkspc_01ProductApi");
const RESEARCH: Option<&str> = Some("wrkspc_01Research");
const SUPPORT: Option<&str> = Some("wrkspc_01SupportAssistant");

const PEOPLE: [&str; 25] = [
    "Ada",
    "Alan",
    "Barbara",
    "Dennis",
    "Edsger",
    "Frances",
    "Grace",
    "Hedy",
    "Ivan",
    "Joan",
    "Ken",
    "Katherine",
    "Leslie",
    "Lynn",
    "Margaret",
    "Niklaus",
    "Ole",
    "Peter",
    "Radia",
    "Robin",
    "Shafi",
    "Sophie",
    "Tony",
    "Ursula",
    "Yukihiro",
];

/// Belongs to the Cursor team on all days but not any more.
const LEAVER: &str = "Ole";

/// Two keys share a name, one has no creator, and one creator has left.
const STAFF: Staff<'_> = Staff {
    people: &PEOPLE,
    claude_code: (CLAUDE_CODE, &["Ada", "Barbara", "Dennis", "Grace", "Ivan", "Ken", "Leslie", "Radia"]),
    programs: &[
        ("product-backend", PRODUCT, Some("Grace")),
        ("product-batch", PRODUCT, Some("Ken")),
        ("notebooks", RESEARCH, Some("Katherine")),
        ("evals", RESEARCH, Some("Yukihiro")),
        ("support-bot", SUPPORT, None),
        ("notebooks", None, Some("Margaret")),
        ("scratch", None, Some("Ada")),
    ],
};

/// Thousand tokens on a working day, at the beginning.
const USE: [(Option<&str>, Line, u64); 26] = [
    (CLAUDE_CODE, Line::new(SONNET_4_5, Tokens::Input), 900),
    (CLAUDE_CODE, Line::new(SONNET_4_5, Tokens::Output), 850),
    (CLAUDE_CODE, Line::new(SONNET_4_5, Tokens::CacheRead), 48_000),
    (CLAUDE_CODE, Line::new(SONNET_4_5, Tokens::CacheWrite5m), 4_100),
    (CLAUDE_CODE, Line::new(SONNET_4_5, Tokens::CacheWrite1h), 350),
    (CLAUDE_CODE, Line::new(OPUS_4_6, Tokens::Input), 300),
    (CLAUDE_CODE, Line::new(OPUS_4_6, Tokens::Output), 380),
    (CLAUDE_CODE, Line::new(OPUS_4_6, Tokens::CacheRead), 15_000),
    (CLAUDE_CODE, Line::new(HAIKU_4_5, Tokens::Output), 420),
    (PRODUCT, Line::new(SONNET_4_5, Tokens::Input), 6_200),
    (PRODUCT, Line::new(SONNET_4_5, Tokens::Output), 1_150),
    (PRODUCT, Line::new(SONNET_4_5, Tokens::CacheRead), 21_000),
    (PRODUCT, Line::new(HAIKU_4_5, Tokens::Input), 9_500),
    (PRODUCT, Line::new(HAIKU_4_5, Tokens::Output), 1_900),
    (PRODUCT, Line::batch(HAIKU_4_5, Tokens::Input), 14_000),
    (PRODUCT, Line::batch(HAIKU_4_5, Tokens::Output), 2_600),
    (RESEARCH, Line::new(OPUS_4_6, Tokens::Input), 1_700),
    (RESEARCH, Line::new(OPUS_4_6, Tokens::Output), 540),
    (RESEARCH, Line::long(SONNET_4_5, Tokens::Input), 1_300),
    (RESEARCH, Line::long(SONNET_4_5, Tokens::Output), 160),
    (SUPPORT, Line::new(HAIKU_4_5, Tokens::Input), 7_800),
    (SUPPORT, Line::new(HAIKU_4_5, Tokens::Output), 1_350),
    (SUPPORT, Line::new(HAIKU_4_5, Tokens::CacheRead), 26_000),
    (None, Line::new(SONNET_4_5, Tokens::Input), 700),
    (None, Line::new(SONNET_4_5, Tokens::Output), 310),
    (None, Line::new(OPUS_4_6, Tokens::Output), 120),
];

/// Uses on a working day and their price in cents.
const OTHER: [(Option<&str>, &str, u64, u32); 4] = [
    (SUPPORT, "web_search", 260, 1),
    (RESEARCH, "web_search", 90, 1),
    (PRODUCT, "code_execution", 34, 5),
    (CLAUDE_CODE, "session_usage", 41, 8),
];

/// `days` days that end with `last_day`: some thousand dollars of Claude a month in four workspaces and the default one,
/// and a Cursor team of 25, two of whom join on the way. Eight people and a robot
/// use Claude Code, programs have seven keys. Weekends are quiet. The clock stands on the day after.
pub fn company(seed: u64, last_day: NaiveDate, days: u32) -> World {
    let first_day = last_day - Days::new(u64::from(days.saturating_sub(1)));
    let mut world = World::empty(day_after(first_day, days));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    world.organization = "Example Company".to_owned();
    world.workspaces.extend([
        Workspace::named("wrkspc_01ClaudeCodeCompany", "Claude Code"),
        Workspace::named("wrkspc_01ProductApi", "Product API"),
        Workspace::named("wrkspc_01Research", "Research"),
        Workspace::named("wrkspc_01SupportAssistant", "Support Assistant"),
    ]);
    staff::retire(&mut world, "wrkspc_01Prototype", "Prototype", first_day);
    STAFF.join(&mut world);
    world.activity = Activity { seed, weekday_percent: 86, weekend_percent: 9 };
    world.options.cursor_emails_vary_in_case = true;
    world.members = members(first_day, days);
    for (index, day) in first_day.iter_days().take(days as usize).enumerate() {
        world.costs.insert(day, rows(&mut rng, index as u64, day));
    }
    world
}

fn members(first_day: NaiveDate, days: u32) -> Vec<Member> {
    let newcomers = PEOPLE.len() - 2;
    let person = |(place, name): (usize, &&str)| {
        let email = format!("{}@example.com", name.to_lowercase());
        let mut member = Member::new(41_000 + 13 * place as u64, &email, name);
        if place == 0 {
            member.role = "owner".to_owned();
        }
        if *name == LEAVER {
            member.left_on = day_after(first_day, days).pred_opt();
        }
        if place >= newcomers {
            member.joined_on = day_after(first_day, days / 2);
        }
        member
    };
    PEOPLE.iter().enumerate().map(person).collect()
}

fn rows(rng: &mut ChaCha8Rng, index: u64, day: NaiveDate) -> Vec<CostRow> {
    let percent = pace(rng, index, day);
    let mut rows = Vec::new();
    for (workspace, line, thousands) in USE {
        let tokens = thousands * 10 * percent * rng.random_range(70..=130) / 100;
        rows.push(line.row(workspace, line.price(tokens)));
    }
    for (workspace, cost_type, uses, cents) in OTHER {
        let uses = uses * percent * rng.random_range(60..=140) / 10_000;
        if uses > 0 {
            let amount = Decimal::from(uses) * Decimal::from(cents);
            rows.push(CostRow::other(cost_type, amount).in_workspace(workspace));
        }
    }
    rows.sort_by(|one, other| one.workspace_id.cmp(&other.workspace_id));
    rows
}

/// Percent of the first working day: one more a day, little on weekends, uneven.
fn pace(rng: &mut ChaCha8Rng, index: u64, day: NaiveDate) -> u64 {
    let grown = (100 + index) * rng.random_range(82..=118) / 100;
    if crate::world::is_weekend(day) { grown * 14 / 100 } else { grown }
}
