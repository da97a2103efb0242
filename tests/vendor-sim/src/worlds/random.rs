//! Small random worlds for property tests.

use chrono::NaiveDate;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{day_after, staff};
use crate::world::prices::{HAIKU_4_5, Line, Model, OPUS_4_6, SONNET_4_5, Tokens};
use crate::world::{Activity, CostRow, KindSpelling, Member, Workspace, World};

const MODELS: [Model; 3] = [SONNET_4_5, OPUS_4_6, HAIKU_4_5];
const OTHER: [&str; 3] = ["web_search", "code_execution", "session_usage"];

/// Up to three workspaces besides the default one, up to six Cursor members, up to nine cost rows a day; some days
/// are empty. Now and then a bucket holds twins: rows that differ in nothing, or in nothing but their amount. Amounts
/// have up to six decimals of a cent, kept zeros among them. All members belong to the team on all days.
pub fn random(seed: u64, first_day: NaiveDate, days: u32) -> World {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::empty(day_after(first_day, days));
    world.organization = format!("Example Random {seed}");
    for number in 0..rng.random_range(0..=3) {
        world.workspaces.push(Workspace::named(&format!("wrkspc_01Random{number}"), &format!("Workspace {number}")));
    }
    for number in 1..=rng.random_range(1..=6u64) {
        let member = Member::new(number * 7, &format!("person-{number}@example.com"), &format!("Person {number}"));
        world.members.push(member);
    }
    if seed % 2 == 1 {
        world.options.cursor_kinds = KindSpelling::Constants;
        world.options.cursor_emails_vary_in_case = true;
    }
    staff::anybody(&mut world, seed);
    world.activity = Activity { seed, weekday_percent: 75, weekend_percent: 30 };
    for day in first_day.iter_days().take(days as usize) {
        let rows = bucket(&mut rng, &world.workspaces);
        if !rows.is_empty() {
            world.costs.insert(day, rows);
        }
    }
    world
}

fn bucket(rng: &mut ChaCha8Rng, workspaces: &[Workspace]) -> Vec<CostRow> {
    let mut rows: Vec<CostRow> = Vec::new();
    if rng.random_range(0..8) == 0 {
        return rows;
    }
    for _ in 0..rng.random_range(1..=7) {
        let row = any_row(rng, workspaces);
        let is_new = rows.iter().all(|known| !is_twin(known, &row));
        if is_new {
            rows.push(row);
        }
    }
    for _ in 0..rng.random_range(0..8u32).saturating_sub(5) {
        let mut twin = rows[rng.random_range(0..rows.len())].clone();
        if rng.random_bool(0.5) {
            twin.amount_cents = any_amount(rng);
        }
        let place = rng.random_range(0..=rows.len());
        rows.insert(place, twin);
    }
    rows
}

fn is_twin(one: &CostRow, other: &CostRow) -> bool {
    one.workspace_id == other.workspace_id && one.description == other.description
}

fn any_row(rng: &mut ChaCha8Rng, workspaces: &[Workspace]) -> CostRow {
    let workspace = workspaces[rng.random_range(0..workspaces.len())].id.as_deref();
    let amount_cents = any_amount(rng);
    if rng.random_range(0..5) == 0 {
        return CostRow::other(OTHER[rng.random_range(0..OTHER.len())], amount_cents).in_workspace(workspace);
    }
    let model = MODELS[rng.random_range(0..MODELS.len())];
    let tokens = Tokens::ALL[rng.random_range(0..Tokens::ALL.len())];
    let line = Line {
        batch: rng.random_range(0..4) == 0,
        long_context: rng.random_range(0..6) == 0,
        ..Line::new(model, tokens)
    };
    line.row(workspace, amount_cents)
}

/// Up to five thousand dollars, mostly cents; sometimes nothing at all.
fn any_amount(rng: &mut ChaCha8Rng) -> Decimal {
    let decimals = rng.random_range(0..=6);
    let millionths = match rng.random_range(0..20) {
        0 => 0,
        1 => rng.random_range(0..500_000_000_000),
        _ => rng.random_range(1..50_000_000),
    };
    let exact = Decimal::new(millionths, 6);
    let rounded = exact.round_dp_with_strategy(decimals, RoundingStrategy::ToZero);
    if rng.random_range(0..4) == 0 { exact_text(rounded) } else { rounded.normalize() }
}

/// The same amount written with six decimals.
fn exact_text(mut amount: Decimal) -> Decimal {
    amount.rescale(6);
    amount
}
