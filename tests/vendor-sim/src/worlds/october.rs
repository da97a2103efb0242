//! October 2025 of an organization whose console showed these totals, and whose rows are otherwise made up.
//!
//! Owns the totals below. Amounts have two decimals of a cent, as that report gave them.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::world::prices::{HAIKU_3_5, Line, OPUS_4_1, SONNET_4_5, Tokens};
use crate::world::{CostRow, Workspace, World};

/// The workspace named "Claude Code"; both workspaces hold mixed use.
pub const CLAUDE_CODE_WORKSPACE: &str = "wrkspc_01ClaudeCodeExample";

const DEFAULT: Option<&str> = None;
const NAMED: Option<&str> = Some(CLAUDE_CODE_WORKSPACE);

/// Hundredths of a cent by workspace and days of October: 3..9 sums to 11,426.77 cents, 3..17 to 22,333 cents
/// (13,902 and 8,431), 3..19 to 24,634 cents, 16,203 of them in the default workspace.
const TOTALS: [(Option<&str>, u32, u32, i64); 5] = [
    (DEFAULT, 3, 9, 711_341),
    (NAMED, 3, 9, 431_336),
    (DEFAULT, 10, 17, 678_859),
    (NAMED, 10, 17, 411_764),
    (DEFAULT, 18, 19, 230_100),
];

/// A quiet Saturday of the default workspace with two rows as they really were: 12,446 uncached input tokens of
/// Sonnet 4.5 at 3 dollars a million and 19,314 output tokens at 15.
const REAL_ROWS_DAY: u32 = 4;
const REAL_ROWS: [(Line, i64); 2] =
    [(Line::new(SONNET_4_5, Tokens::Input), 373), (Line::new(SONNET_4_5, Tokens::Output), 2_897)];

/// Only Claude cost, only on 3 to 19 October 2025, seen from 25 November 2025.
pub fn october() -> World {
    let mut world = World::empty(NaiveDate::from_ymd_opt(2025, 11, 25).expect("invariant: a real day"));
    world.organization = "Example October".to_owned();
    world.workspaces.push(Workspace::named(CLAUDE_CODE_WORKSPACE, "Claude Code"));
    for (workspace, first, last, total) in TOTALS {
        let days: Vec<u32> = (first..=last).collect();
        let weights: Vec<i64> = days.iter().map(|day| day_weight(*day)).collect();
        for (day, share) in days.iter().zip(split(total, &weights)) {
            world.costs.entry(october_day(*day)).or_default().extend(rows(workspace, *day, share));
        }
    }
    world
}

fn october_day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 10, day).expect("invariant: October has this day")
}

/// Working days weigh about five times as much as weekends.
fn day_weight(day: u32) -> i64 {
    let uneven = 16 + i64::from(day * 7 % 9);
    if october_day(day).weekday().number_from_monday() > 5 { uneven / 5 } else { uneven }
}

/// The rows of a workspace's day, which sum to `total` hundredths of a cent.
fn rows(workspace: Option<&str>, day: u32, total: i64) -> Vec<CostRow> {
    let mut rows = Vec::new();
    let mut rest = total;
    let has_real_rows = workspace.is_none() && day == REAL_ROWS_DAY;
    if has_real_rows {
        for (line, amount) in REAL_ROWS {
            rows.push(line.row(workspace, Decimal::new(amount, 2)));
            rest -= amount;
        }
    }
    let lines: Vec<(Kind, i64)> = lines(workspace)
        .into_iter()
        .filter(|(kind, _)| kind.happens_on(day) && !(has_real_rows && kind.is_real_row()))
        .enumerate()
        .map(|(place, (kind, weight))| (kind, weight * uneven(day, place)))
        .collect();
    let weights: Vec<i64> = lines.iter().map(|(_, weight)| *weight).collect();
    for ((kind, _), amount) in lines.iter().zip(split(rest, &weights)) {
        rows.push(kind.row(workspace, Decimal::new(amount, 2)));
    }
    rows
}

fn uneven(day: u32, place: usize) -> i64 {
    17 + (i64::from(day) * 31 + place as i64 * 13) % 11
}

/// What a row is for, apart from its workspace.
#[derive(Clone, Copy)]
enum Kind {
    Tokens(Line),
    /// A cost type without tokens that occurs every so many days.
    Other(&'static str, u32),
}

impl Kind {
    fn happens_on(self, day: u32) -> bool {
        match self {
            Kind::Tokens(_) => true,
            Kind::Other(_, every) => day.is_multiple_of(every),
        }
    }

    fn is_real_row(self) -> bool {
        let is_one = |line: Line| {
            REAL_ROWS.iter().any(|(real, _)| real.row(None, Decimal::ZERO) == line.row(None, Decimal::ZERO))
        };
        matches!(self, Kind::Tokens(line) if is_one(line))
    }

    fn row(self, workspace: Option<&str>, amount_cents: Decimal) -> CostRow {
        match self {
            Kind::Tokens(line) => line.row(workspace, amount_cents),
            Kind::Other(cost_type, _) => CostRow::other(cost_type, amount_cents).in_workspace(workspace),
        }
    }
}

fn lines(workspace: Option<&str>) -> Vec<(Kind, i64)> {
    let tokens = |line, weight| (Kind::Tokens(line), weight);
    match workspace {
        None => vec![
            tokens(Line::new(SONNET_4_5, Tokens::Input), 16),
            tokens(Line::new(SONNET_4_5, Tokens::Output), 34),
            tokens(Line::new(SONNET_4_5, Tokens::CacheRead), 12),
            tokens(Line::new(SONNET_4_5, Tokens::CacheWrite5m), 11),
            tokens(Line::new(OPUS_4_1, Tokens::Input), 5),
            tokens(Line::new(OPUS_4_1, Tokens::Output), 9),
            tokens(Line::batch(HAIKU_3_5, Tokens::Input), 3),
            tokens(Line::batch(HAIKU_3_5, Tokens::Output), 4),
            (Kind::Other("web_search", 2), 3),
            (Kind::Other("code_execution", 3), 2),
        ],
        Some(_) => vec![
            tokens(Line::new(SONNET_4_5, Tokens::Input), 4),
            tokens(Line::new(SONNET_4_5, Tokens::Output), 30),
            tokens(Line::new(SONNET_4_5, Tokens::CacheRead), 31),
            tokens(Line::new(SONNET_4_5, Tokens::CacheWrite5m), 18),
            tokens(Line::new(SONNET_4_5, Tokens::CacheWrite1h), 4),
            tokens(Line::new(OPUS_4_1, Tokens::Output), 8),
            tokens(Line::batch(HAIKU_3_5, Tokens::Output), 2),
            (Kind::Other("web_search", 4), 2),
        ],
    }
}

/// Shares a total by weight; what division leaves goes to the last.
fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i64 = weights.iter().sum();
    let mut shares: Vec<i64> = weights.iter().map(|weight| total * weight / whole).collect();
    let given: i64 = shares.iter().sum();
    if let Some(last) = shares.last_mut() {
        *last += total - given;
    }
    shares
}
