//! `GET /v1/organizations/analytics/cost` (beta): cost by time and up to five of many dimensions.
//!
//! Owns grouping, order and pages. A page is counted in groups; the rows by cost type and token type that a group fans
//! out into do not count. Its sums are those of the cost report.

mod asked;
mod group;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use self::asked::{Asked, Order, OrderBy, Period};
use super::dimensions;
use super::page_token::{self, Position};
use super::range::midnight;
use super::refusal::Refusal;
use super::rows;
use crate::exchange::{Covers, Reply, Request};
use crate::world::{CostShare, SHARE_DECIMALS, World};

/// Dimensions that do not count towards the five.
const FANNED_OUT: [&str; 2] = ["cost_type", "token_type"];

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let asked = Asked::read(world, request)?;
    let mut groups: Vec<Group> = asked.periods.iter().flat_map(|period| groups(world, *period, &asked)).collect();
    sort(&mut groups, asked.order_by, asked.order);
    let (listed, has_more) = rows::page(&groups, asked.page, asked.limit);
    let next = Position { first_day: asked.first_day(), page: asked.page + 1 };
    let refreshed_on = refreshed_on(world);
    let body = json!({
        "data": listed.iter().flat_map(|group| group.rows(world, &asked)).collect::<Vec<Value>>(),
        "has_more": has_more,
        "next_page": has_more.then(|| page_token::write(next, request)),
        "data_refreshed_at": midnight(refreshed_on),
    });
    let mut reply = Reply::json(200, &body);
    let days = asked.periods.first().zip(asked.periods.last());
    reply.covers =
        days.map(|(first, last)| Covers { page: asked.page, first_day: first.first_day, last_day: last.last_day });
    Ok(reply)
}

/// The rows that count as one.
struct Group {
    period: Period,
    key: String,
    sum: Sum,
    fanned_out: BTreeMap<String, (Map<String, Value>, Sum)>,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    cents: Decimal,
    requests: u64,
}

impl Sum {
    fn add(&mut self, share: &CostShare) {
        self.cents += share.amount_cents;
        // Requests are told once, with what they put out.
        if share.token_type.as_deref() == Some("output_tokens") {
            self.requests += 1 + share.tokens / 2_000;
        }
    }

    fn list_cents(&self, world: &World) -> Decimal {
        let percent = 100 + i64::from(world.options.analytics_list_markup_percent);
        (self.cents * Decimal::new(percent, 2)).round_dp(SHARE_DECIMALS)
    }

    /// So many sums that add up to this one.
    fn pieces(self, count: u32) -> Vec<Sum> {
        let piece = Sum { cents: (self.cents / Decimal::from(count)).round_dp(SHARE_DECIMALS), requests: 0 };
        let others = vec![piece; count as usize - 1];
        let taken: Decimal = others.iter().map(|piece| piece.cents).sum();
        [Sum { cents: self.cents - taken, requests: self.requests }].into_iter().chain(others).collect()
    }
}

impl Group {
    fn rows<'a>(&'a self, world: &'a World, asked: &'a Asked<'_>) -> impl Iterator<Item = Value> + 'a {
        let is_fanned_out = FANNED_OUT.iter().any(|name| asked.grouping.has(name));
        let pieces = move |(shown, sum): &'a (Map<String, Value>, Sum)| {
            let is_nobody = asked.grouping.has("actor") && shown["actor"].is_null();
            let count = if is_nobody { world.options.analytics_nobody_rows } else { 1 };
            sum.pieces(count).into_iter().map(move |sum| (shown, sum))
        };
        self.fanned_out.values().flat_map(pieces).map(move |(shown, sum)| {
            json!({
                "starting_at": midnight(self.period.first_day),
                "ending_at": midnight(self.period.last_day.succ_opt().unwrap_or_default()),
                "group": shown,
                "cost": {
                    "amount": sum.cents.to_string(),
                    "list_amount": sum.list_cents(world).to_string(),
                    "currency": "USD",
                    "requests": if is_fanned_out { Value::Null } else { json!(sum.requests) },
                },
            })
        })
    }
}

fn groups(world: &World, period: Period, asked: &Asked<'_>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for share in period.days().flat_map(|day| known_shares(world, day)) {
        let value = |name: &str| group::value(world, &share, name);
        if !dimensions::admits(&asked.query, &asked::FILTERS, value) {
            continue;
        }
        let key = asked.grouping.key(&FANNED_OUT, value);
        let empty = || Group { period, key: key.clone(), sum: Sum::default(), fanned_out: BTreeMap::new() };
        let group = groups.entry(key.clone()).or_insert_with(empty);
        group.sum.add(&share);
        let row = group.fanned_out.entry(asked.grouping.key(&[], value));
        row.or_insert_with(|| (asked.grouping.shown(value), Sum::default())).1.add(&share);
    }
    groups.into_values().collect()
}

/// Midnight of this day.
fn refreshed_on(world: &World) -> NaiveDate {
    let newest_end = world.newest_day().succ_opt().unwrap_or_default();
    world.options.analytics_refreshed_on.map_or(newest_end, |day| day.min(newest_end))
}

/// All shares of a day that was over at the last refresh, every other one of a later day.
fn known_shares(world: &World, day: NaiveDate) -> impl Iterator<Item = CostShare> {
    let step = if day < refreshed_on(world) { 1 } else { 2 };
    world.cost_shares(day).into_iter().step_by(step)
}

/// Amounts and list amounts have the same order, since one is a multiple of the other.
fn sort(groups: &mut [Group], by: OrderBy, order: Order) {
    groups.sort_by(|one, other| {
        let wanted = match by {
            OrderBy::Amount => one.sum.cents.cmp(&other.sum.cents),
            OrderBy::Time => one.period.first_day.cmp(&other.period.first_day),
        };
        let wanted = if order == Order::Descending { wanted.reverse() } else { wanted };
        wanted.then_with(|| one.period.first_day.cmp(&other.period.first_day)).then_with(|| one.key.cmp(&other.key))
    });
}
