//! What the lists of members say of seats, and what the plan asks for one: a seat of each kind, and people who leave.

use everycent_schemas::rows::{CursorPlanDay, CursorSeatReading};
use everycent_schemas::{Day, Usd};

use super::super::world::{Answer, at, day};
use super::directories::MEMBERS;

/// Days on which the members are read besides the first two: before, in the middle of a cycle, and after all events.
pub(super) const READINGS: [(u32, u32); 3] = [(8, 8), (20, 20), (40, 40)];

/// The members as they are read on a day: ann has a Premium seat from the second reading on, bob is removed and comes back,
/// cy is an unpaid admin, and dee leaves without being listed any more.
pub(super) fn readings(answer: &Answer) -> Vec<CursorSeatReading<'static>> {
    let (on, _) = answer.days;
    let bob = if (8..20).contains(&on) { "removed" } else { "member" };
    let ann = if on < 8 { "standard" } else { "premium" };
    let mut read = vec![
        reading(answer, "ann@example.com", [Some("paid"), Some(ann), Some("member")]),
        reading(answer, "bob@example.com", [Some("paid"), None, Some(bob)]),
        reading(answer, "cy@example.com", [Some("unpaid"), None, Some("member")]),
    ];
    if on < 20 {
        read.push(reading(answer, "dee@example.com", [None, None, None]));
    } else {
        let removed = reading(answer, "eve@example.com", [Some("paid"), None, Some("removed")]);
        read.push(CursorSeatReading { removed_on: Some(day(12)), ..removed });
    }
    read
}

fn reading(
    answer: &Answer,
    email: &'static str,
    [payment, tier, membership]: [Option<&'static str>; 3],
) -> CursorSeatReading<'static> {
    CursorSeatReading {
        source: MEMBERS,
        account_id: answer.account,
        activity_date: day(answer.days.0),
        member_id: email,
        email: Some(email),
        role: None,
        billing_tier: tier,
        payment,
        tier,
        membership,
        removed_on: None,
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

/// What the plan asks on a day of a cycle of fifteen days.
pub(super) fn plan_day(answer: &Answer, offset: u32, plan: &'static str) -> CursorPlanDay<'static> {
    let start: Day = day(offset / 15 * 15);
    CursorPlanDay {
        source: answer.source,
        account_id: answer.account,
        activity_date: day(offset),
        plan,
        billing_cycle_start: start,
        billing_cycle_end: start.plus(14),
        included_requests: (plan == "request").then_some(3),
        request_usd: (plan == "request").then(|| Usd::from_nanos(40_000_000)),
        standard_seat_usd: Usd::from_nanos(1_290_322_581),
        premium_seat_usd: Usd::from_nanos(3_870_967_742),
        standard_seat_basis: "configured",
        premium_seat_basis: "public",
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}
