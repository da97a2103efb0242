//! What Cursor's published plans make of a day, as the model understands them.

use chrono::{Datelike, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};

use super::record;
use crate::tables::Record;

/// The first day on which tokens are charged and no longer requests.
const TOKENS_FROM: (i32, u32, u32) = (2025, 9, 15);
/// Dollars for a seat and month, on either plan.
const SEAT: u32 = 40;

/// The columns of plan and cost of somebody who made so many usage-based requests.
pub(super) fn columns(day: NaiveDate, requests: u64) -> Record {
    let on_tokens = (day.year(), day.month(), day.day()) >= TOKENS_FROM;
    let on_requests = |value: Decimal| (!on_tokens).then(|| value.normalize().to_string());
    let cents_a_request = Decimal::new(4, 2);
    record([
        ("plan", Some(if on_tokens { "token" } else { "request" }.to_owned())),
        ("billing_cycle_start", Some(format!("{}-{:02}-01", day.year(), day.month()))),
        ("seat_usd", Some(seat(day).normalize().to_string())),
        ("included_requests", on_requests(Decimal::from(500))),
        ("request_usd", on_requests(cents_a_request)),
        ("estimated_cost_usd", on_requests(cents_a_request * Decimal::from(requests))),
    ])
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
