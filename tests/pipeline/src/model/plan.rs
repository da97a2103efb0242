//! What Cursor's published plans make of a day, as the model understands them.

use chrono::{Datelike, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};

use super::columns::record;
use crate::tables::Record;

/// The first day on which tokens are charged and no longer requests.
const TOKENS_FROM: (i32, u32, u32) = (2025, 9, 15);
/// Dollars for a seat and month, on either plan.
const SEAT: u32 = 40;

/// The columns of the plan on a day.
pub(super) fn terms(day: NaiveDate) -> Record {
    let plan = if on_tokens(day) { "token" } else { "request" };
    record([
        ("plan", Some(plan.to_owned())),
        ("billing_cycle_start", Some(format!("{}-{:02}-01", day.year(), day.month()))),
        ("included_requests", on_requests(day, Decimal::from(500))),
        ("request_usd", on_requests(day, cents_a_request())),
    ])
}

/// The columns of what a day costs somebody who made so many usage-based requests.
pub(super) fn costs(day: NaiveDate, requests: u64) -> Record {
    record([
        ("seat_usd", Some(seat(day).normalize().to_string())),
        ("estimated_cost_usd", on_requests(day, cents_a_request() * Decimal::from(requests))),
    ])
}

fn on_tokens(day: NaiveDate) -> bool {
    (day.year(), day.month(), day.day()) >= TOKENS_FROM
}

fn on_requests(day: NaiveDate, value: Decimal) -> Option<String> {
    (!on_tokens(day)).then(|| value.normalize().to_string())
}

fn cents_a_request() -> Decimal {
    Decimal::new(4, 2)
}

/// What the seat cost up to the end of the day, less what it cost up to its beginning.
fn seat(day: NaiveDate) -> Decimal {
    let days = Decimal::from(day.num_days_in_month());
    let up_to = |end: u32| {
        let exact = Decimal::from(SEAT) * Decimal::from(end) / days;
        exact.round_dp_with_strategy(9, RoundingStrategy::ToZero)
    };
    up_to(day.day()) - up_to(day.day0())
}
