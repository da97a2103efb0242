//! `GET /v1/organizations/analytics/cost` and `/analytics/usage` (beta): cost and token use by time
//! and up to five of many dimensions.
//!
//! Owns grouping, order and pages, which both reports share; what a group amounts to is a
//! [`Measure`]. A page is counted in groups; the rows by cost type and token type that a group fans
//! out into do not count.

mod actor;
mod asked;
mod cost;
mod facets;
mod measure;
mod usage;
mod users;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use self::asked::{Asked, Order, OrderBy, Period};
use self::cost::Cost;
use self::facets::Organization;
use self::measure::Measure;
use self::usage::Usage;
use super::page_token::{self, Position};
use super::range::midnight;
use super::refusal::Refusal;
use super::rows;
use super::{dimensions, organization};
use crate::exchange::{Covers, Reply, Request};
use crate::world::World;

pub(super) fn cost(world: &World, request: &Request) -> Result<Reply, Refusal> {
    answer::<Cost>(world, request)
}

pub(super) fn usage(world: &World, request: &Request) -> Result<Reply, Refusal> {
    answer::<Usage>(world, request)
}

pub(super) fn users(world: &World, request: &Request) -> Result<Reply, Refusal> {
    users::answer(world, request)
}

fn answer<M: Measure>(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let asked = Asked::read::<M>(world, request)?;
    let organization = Organization {
        id: organization::id_of_known(world, request),
        is_enterprise: organization::enterprise(world, request).is_some(),
    };
    let of_period = |period: &Period| groups(world, &organization, *period, &asked);
    let mut groups: Vec<Group<M>> = asked.periods.iter().flat_map(of_period).collect();
    sort(&mut groups, asked.order_by, asked.order);
    let (listed, has_more) = rows::page(&groups, asked.page, asked.limit);
    let next = Position { first_day: asked.first_day(), page: asked.page + 1 };
    let body = json!({
        "data": listed.iter().flat_map(|group| group.rows(world, &asked)).collect::<Vec<Value>>(),
        "has_more": has_more,
        "next_page": has_more.then(|| page_token::write(next, request)),
        "data_refreshed_at": refreshed_at(world, &organization).map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
    });
    let mut reply = Reply::json(200, &body);
    let days = asked.periods.first().zip(asked.periods.last());
    reply.covers =
        days.map(|(first, last)| Covers { page: asked.page, first_day: first.first_day, last_day: last.last_day });
    Ok(reply)
}

/// The rows that count as one.
struct Group<M> {
    period: Period,
    key: String,
    sum: M,
    fanned_out: BTreeMap<String, (Map<String, Value>, M)>,
}

impl<M: Measure> Group<M> {
    fn rows(&self, world: &World, asked: &Asked<'_>) -> Vec<Value> {
        let is_fanned_out = M::FANNED_OUT.iter().any(|name| asked.grouping.has(name));
        let mut rows = Vec::new();
        for (shown, sum) in self.fanned_out.values() {
            let is_unattributed = asked.grouping.has("actor") && shown["actor"].is_null();
            let count = if is_unattributed { world.options.analytics_nobody_rows } else { 1 };
            rows.extend(sum.split(count).into_iter().map(|piece| {
                json!({
                    "starting_at": midnight(self.period.first_day),
                    "ending_at": midnight(self.period.last_day.succ_opt().unwrap_or_default()),
                    "group": shown,
                    (M::FIELD): piece.shown(world, is_fanned_out),
                })
            }));
        }
        rows
    }
}

fn groups<M: Measure>(
    world: &World,
    organization: &Organization<'_>,
    period: Period,
    asked: &Asked<'_>,
) -> Vec<Group<M>> {
    let mut groups: BTreeMap<String, Group<M>> = BTreeMap::new();
    for fact in period.days().flat_map(|day| known_facts::<M>(world, organization, day)) {
        let facets = M::facets(&fact);
        let value = |name: &str| facets.value(world, organization, name);
        if !dimensions::admits(&asked.query, &asked::FILTERS, value) {
            continue;
        }
        let key = asked.grouping.key(M::FANNED_OUT, value);
        let empty = || Group { period, key: key.clone(), sum: M::default(), fanned_out: BTreeMap::new() };
        let group = groups.entry(key.clone()).or_insert_with(empty);
        group.sum.add(&fact);
        let row = group.fanned_out.entry(asked.grouping.key(&[], value));
        row.or_insert_with(|| (asked.grouping.shown(value), M::default())).1.add(&fact);
    }
    groups.into_values().collect()
}

/// None if there was no refresh yet.
fn refreshed_at(world: &World, organization: &Organization<'_>) -> Option<DateTime<Utc>> {
    let end_of = |day: NaiveDate| day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN).and_utc();
    let newest_end = end_of(world.newest_day());
    let told = if organization.is_enterprise {
        world.enterprise.as_ref().and_then(|enterprise| enterprise.refreshed_at)
    } else {
        world.options.analytics_refreshed_on.map(|day| day.and_time(NaiveTime::MIN).and_utc())
    };
    (!world.options.analytics_never_refreshed).then_some(told.unwrap_or(newest_end).min(newest_end))
}

/// All facts of a day that was over at the last refresh, every other one of a later day.
fn known_facts<M: Measure>(
    world: &World,
    organization: &Organization<'_>,
    day: NaiveDate,
) -> impl Iterator<Item = M::Fact> {
    let next_midnight = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN).and_utc();
    let is_whole = refreshed_at(world, organization).is_some_and(|refreshed_at| next_midnight <= refreshed_at);
    M::facts(world, organization, day).into_iter().step_by(if is_whole { 1 } else { 2 })
}

/// Groups that are alike in what the order is by, such as those of one day, are in the order of the
/// measure's first ranking, the largest first.
fn sort<M: Measure>(groups: &mut [Group<M>], by: OrderBy, order: Order) {
    groups.sort_by(|one, other| {
        let wanted = match by {
            OrderBy::Rank(place) => one.sum.rank(place).cmp(&other.sum.rank(place)),
            OrderBy::Time => one.period.first_day.cmp(&other.period.first_day),
        };
        let wanted = if order == Order::Descending { wanted.reverse() } else { wanted };
        wanted
            .then_with(|| one.period.first_day.cmp(&other.period.first_day))
            .then_with(|| other.sum.rank(0).cmp(&one.sum.rank(0)))
            .then_with(|| one.key.cmp(&other.key))
    });
}
