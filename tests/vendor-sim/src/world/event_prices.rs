//! What an event of Cursor's is charged with.
//!
//! Owns model prices, the token fee and the price of a request. It must never use a float.

use rust_decimal::Decimal;

use super::{CursorEvent, EventTokens};

/// Cents that a request costs which is not counted in tokens.
const REQUEST_CENTS: i64 = 4;
/// Cents for a million tokens of any kind, on top of the model.
const FEE_CENTS: i64 = 25;

/// A model with its prices in tenths of a cent per million tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventModel {
    pub name: &'static str,
    input: i64,
    output: i64,
    cache_write: i64,
    cache_read: i64,
    has_fee: bool,
}

impl EventModel {
    pub(super) const ALL: [EventModel; 4] = [
        EventModel::new("claude-4.5-sonnet", [3_000, 15_000, 3_750, 300], true),
        EventModel::new("gpt-5", [1_250, 10_000, 1_250, 125], true),
        EventModel::new("default", [1_250, 6_000, 1_250, 250], false),
        EventModel::new("claude-4.5-haiku", [1_000, 5_000, 1_250, 100], true),
    ];

    const fn new(name: &'static str, prices: [i64; 4], has_fee: bool) -> EventModel {
        let [input, output, cache_write, cache_read] = prices;
        EventModel { name, input, output, cache_write, cache_read, has_fee }
    }
}

/// `tokens` are input, output, cache write and cache read.
pub(super) fn charge_tokens(event: &mut CursorEvent, model: EventModel, tokens: [u64; 4], discount: Option<u32>) {
    let [input, output, cache_write, cache_read] = tokens;
    let prices = [model.input, model.output, model.cache_write, model.cache_read];
    let total_cents: Decimal =
        tokens.iter().zip(prices).map(|(tokens, price)| Decimal::from(*tokens) * Decimal::new(price, 7)).sum();
    let fee = Decimal::from(tokens.iter().sum::<u64>()) * Decimal::new(FEE_CENTS, 6);
    let paid_percent = Decimal::new(100 - i64::from(discount.unwrap_or(0)), 2);
    event.token_fee_cents = model.has_fee.then(|| fee.normalize());
    event.charged_cents = (total_cents * paid_percent + event.token_fee_cents.unwrap_or_default()).normalize();
    event.requests_costs = Some((total_cents / Decimal::from(REQUEST_CENTS)).round_dp(1).normalize());
    event.token_usage = Some(EventTokens {
        input,
        output,
        cache_write,
        cache_read,
        total_cents: total_cents.normalize(),
        discount_percent_off: discount,
    });
}

pub(super) fn charge_requests(event: &mut CursorEvent, requests: u64) {
    event.requests_costs = Some(Decimal::from(requests));
    event.charged_cents = Decimal::from(requests) * Decimal::from(REQUEST_CENTS);
}
