//! What a request for analytics asks for.
//!
//! Owns the beta header, the rules of the range and the order. It must never look at a cost or a use.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use super::facets::DIMENSIONS;
use super::measure::Measure;
use crate::anthropic::dimensions::{Filter, Grouping};
use crate::anthropic::page_token;
use crate::anthropic::query::Query;
use crate::anthropic::range::instant;
use crate::anthropic::refusal::Refusal;
use crate::anthropic::rows;
use crate::exchange::Request;
use crate::world::{World, days_of};

const BETA: &str = "analytics-usage-cost-2026-08-24";
const MAX_DAYS: i64 = 31;
const MAX_AGE_DAYS: i64 = 365;
const SINGLE: [&str; 7] = ["starting_at", "ending_at", "time_bucket_width", "limit", "page", "order_by", "order"];
pub(super) const FILTERS: [Filter; 11] = [
    ("actor_ids[]", "actor_id"),
    ("actor_types[]", "actor_type"),
    ("api_key_ids[]", "api_key_id"),
    ("context_windows[]", "context_window"),
    ("inference_geos[]", "inference_geo"),
    ("models[]", "model"),
    ("organization_ids[]", "organization_id"),
    ("products[]", "product"),
    ("service_tiers[]", "service_tier"),
    ("speeds[]", "speed"),
    ("workspace_ids[]", "workspace_id"),
];

pub(super) struct Asked<'a> {
    pub query: Query<'a>,
    pub grouping: Grouping<'a>,
    /// One for each bucket; those that hold no known day are left out.
    pub periods: Vec<Period>,
    pub order_by: OrderBy,
    pub order: Order,
    /// Groups on a page.
    pub limit: usize,
    /// From 1.
    pub page: u32,
}

/// Days that are told as one, both ends included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderBy {
    /// The place among the measure's rankings.
    Rank(usize),
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

impl<'a> Asked<'a> {
    pub(super) fn read<M: Measure>(world: &World, request: &'a Request) -> Result<Asked<'a>, Refusal> {
        if !request.has_beta(BETA) {
            return Err(Refusal::invalid(format!("This endpoint requires the anthropic-beta header {BETA}")));
        }
        let lists: Vec<&str> = FILTERS.iter().map(|(parameter, _)| *parameter).chain(["group_by[]"]).collect();
        let query = Query::read(request, &SINGLE, &lists)?;
        let grouping = Grouping::read(&query, &DIMENSIONS, M::FANNED_OUT)?;
        let page = match query.single("page") {
            None => 1,
            Some(token) => page_token::read(token, request)?.page,
        };
        Ok(Asked {
            grouping,
            periods: periods(&query, world)?,
            order_by: order_by(&query, M::RANKINGS)?,
            order: order(&query)?,
            limit: rows::limit(&query)?,
            page,
            query,
        })
    }

    pub(super) fn first_day(&self) -> NaiveDate {
        self.periods.first().map_or(NaiveDate::default(), |period| period.first_day)
    }
}

impl Period {
    pub(super) fn days(self) -> impl Iterator<Item = NaiveDate> {
        days_of(self.first_day, self.last_day)
    }
}

fn periods(query: &Query<'_>, world: &World) -> Result<Vec<Period>, Refusal> {
    let start = instant(query, "starting_at")?.ok_or_else(|| Refusal::invalid("starting_at: Field required"))?;
    let end = instant(query, "ending_at")?;
    let is_by_day = match query.single("time_bucket_width") {
        None => false,
        Some("1d") if end.is_none() => {
            return Err(Refusal::invalid("ending_at: Field required when time_bucket_width is set"));
        }
        Some("1d") => true,
        Some(_) => return Err(Refusal::invalid("time_bucket_width: Input should be '1d'")),
    };
    let end = end.unwrap_or_else(|| at_midnight(world.newest_day() + TimeDelta::days(1)));
    check(start, end, world)?;
    let first_day = if is_by_day { start.date_naive() } else { first_midnight(start) };
    let last_day = (last_day_before(end)).min(world.newest_day());
    if last_day < first_day {
        return Ok(Vec::new());
    }
    let whole = Period { first_day, last_day };
    Ok(if is_by_day { whole.days().map(|day| Period { first_day: day, last_day: day }).collect() } else { vec![whole] })
}

fn check(start: DateTime<Utc>, end: DateTime<Utc>, world: &World) -> Result<(), Refusal> {
    let epoch = NaiveDate::from_ymd_opt(2026, 1, 1).expect("invariant: a real day");
    if start < at_midnight(epoch) {
        return Err(Refusal::invalid("starting_at: Data is available from 2026-01-01 on"));
    }
    if start < at_midnight(world.options.today - TimeDelta::days(MAX_AGE_DAYS)) {
        return Err(Refusal::invalid(format!("starting_at: Must be within the last {MAX_AGE_DAYS} days")));
    }
    if end <= start {
        return Err(Refusal::invalid("Invalid date range: ending date must be after starting date"));
    }
    if end - start > TimeDelta::days(MAX_DAYS) {
        return Err(Refusal::invalid(format!("Invalid date range: at most {MAX_DAYS} days")));
    }
    Ok(())
}

fn order_by(query: &Query<'_>, rankings: &[&str]) -> Result<OrderBy, Refusal> {
    let Some(name) = query.single("order_by") else {
        return Ok(OrderBy::Rank(0));
    };
    match rankings.iter().position(|known| *known == name) {
        Some(place) => Ok(OrderBy::Rank(place)),
        None if name == "time" => Ok(OrderBy::Time),
        None => Err(Refusal::invalid(format!("order_by: Input should be one of {rankings:?} or 'time'"))),
    }
}

fn order(query: &Query<'_>) -> Result<Order, Refusal> {
    match query.single("order") {
        None | Some("desc") => Ok(Order::Descending),
        Some("asc") => Ok(Order::Ascending),
        Some(_) => Err(Refusal::invalid("order: Input should be 'asc' or 'desc'")),
    }
}

fn at_midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The day of the first midnight from the hour of this moment on, since a day's cost is known as a whole.
fn first_midnight(start: DateTime<Utc>) -> NaiveDate {
    let day = start.date_naive();
    if start.hour() == 0 { day } else { day + TimeDelta::days(1) }
}

/// The last day that begins before the hour of this moment.
fn last_day_before(end: DateTime<Utc>) -> NaiveDate {
    let day = end.date_naive();
    if end.hour() == 0 { day - TimeDelta::days(1) } else { day }
}
