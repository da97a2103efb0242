//! The prices that Cursor published for teams, as known in November 2026.
//!
//! A team moves to a new price at a renewal of its own, and yearly plans, discounts and contracts differ: a team that
//! does not pay these configures its own.

use everycent_schemas::{Day, Usd};

use super::cycle::CycleDay;
use super::plan::{CursorPrice, Plan};

pub(super) fn prices() -> Vec<CursorPrice> {
    vec![request_plan(), token_plan(), teams()]
}

/// Business, later Teams, until the summer of 2025: $40 for a user and month with 500 requests, $0.04 for each request
/// over them (cursor.com pricing and docs, read up to August 2025).
fn request_plan() -> CursorPrice {
    let plan = Plan::Request { included_requests: 500, request_usd: Usd::from_nanos(40_000_000) };
    monthly((2023, 1, 1), plan)
}

/// Announced on 12 August 2025: usage at the price of tokens, from a team's first renewal after 15 September 2025 on.
/// $40 for a seat with $20 of usage; a token fee of $0.25 per million tokens.
fn token_plan() -> CursorPrice {
    let included_usage_usd = Some(Usd::from_nanos(20_000_000_000));
    monthly((2025, 9, 15), Plan::Token { included_usage_usd, token_fee_usd_per_million: Some(token_fee()) })
}

/// Teams Standard and Teams Premium, for new teams from 1 June 2026 and for others from their renewal on (cursor.com, June
/// 2026): $40 and $120 for a seat with two pools of included usage, whose sizes are not published; the same token fee on
/// models of others. A yearly plan costs $32 and $96 a month.
fn teams() -> CursorPrice {
    let plan = Plan::Token { included_usage_usd: None, token_fee_usd_per_million: Some(token_fee()) };
    CursorPrice { premium_seat_usd: Some(Usd::from_nanos(120_000_000_000)), ..monthly((2026, 6, 1), plan) }
}

fn token_fee() -> Usd {
    Usd::from_nanos(250_000_000)
}

/// $40 a seat, as every public price of a Standard seat so far, in cycles that are months of the calendar.
fn monthly((year, month, day): (i32, u32, u32), plan: Plan) -> CursorPrice {
    let from = Day::new(year, month, day).expect("invariant: a day of the calendar");
    let seat_usd = Usd::from_nanos(40_000_000_000);
    CursorPrice { from, seat_usd, premium_seat_usd: None, cycle_day: CycleDay::FIRST, plan }
}
