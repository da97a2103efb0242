//! `GET /v1/organizations/cost_report`: cost by UTC day, in fractional cents.
//!
//! Owns grouping and the form of the answer. Grouped by both dimensions the rows are the world's own, twins
//! included; any coarser grouping adds them up exactly.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde::Serialize;

use super::page_token::{self, Position};
use super::query::Query;
use super::range::{self, Range, midnight};
use super::refusal::Refusal;
use crate::exchange::{Covers, Reply, Request};
use crate::world::{CostRow, World};

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let asked = Asked::read(world, request)?;
    let end = (asked.from.first_day + TimeDelta::days(i64::from(asked.limit))).min(asked.range.end);
    let days = || asked.from.first_day.iter_days().take_while(|day| *day < end);
    let has_more = end < asked.range.end;
    let next = Position { first_day: end, page: asked.from.page + 1 };
    let answer = Answer {
        data: days().map(|day| bucket(world, day, asked.grouping)).collect(),
        has_more,
        next_page: has_more.then(|| page_token::write(next, request)),
    };
    let mut reply = Reply::json(200, &answer);
    reply.covers =
        days().last().map(|last_day| Covers { page: asked.from.page, first_day: asked.from.first_day, last_day });
    Ok(reply)
}

struct Asked {
    range: Range,
    limit: u32,
    grouping: Grouping,
    from: Position,
}

impl Asked {
    fn read(world: &World, request: &Request) -> Result<Asked, Refusal> {
        let single = ["starting_at", "ending_at", "bucket_width", "limit", "page"];
        let query = Query::read(request, &single, &["group_by[]"])?;
        if query.single("bucket_width").is_some_and(|width| width != "1d") {
            return Err(Refusal::invalid("bucket_width: Input should be '1d'"));
        }
        let range = Range::read(&query, world)?;
        let from = match query.single("page") {
            None => Position { first_day: range.start, page: 1 },
            Some(token) => page_token::read(token, request)?,
        };
        if from.page > 1 && !range.holds(from.first_day) {
            return Err(Refusal::invalid("page: Invalid page token"));
        }
        let (limit, grouping) = (range::limit(&query)?, Grouping::read(&query)?);
        Ok(Asked { range, limit, grouping, from })
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Grouping {
    by_workspace: bool,
    by_description: bool,
}

impl Grouping {
    fn read(query: &Query<'_>) -> Result<Grouping, Refusal> {
        let mut grouping = Grouping::default();
        for name in query.list("group_by[]") {
            match name {
                "workspace_id" => grouping.by_workspace = true,
                "description" => grouping.by_description = true,
                _ => {
                    return Err(Refusal::invalid("group_by: Input should be 'workspace_id' or 'description'"));
                }
            }
        }
        Ok(grouping)
    }

    /// What of a row this grouping shows; rows that show the same are added up.
    fn shown(self, row: &CostRow) -> Dimensions {
        let described = |text: &Option<String>| {
            if self.by_description { text.clone() } else { None }
        };
        Dimensions {
            workspace_id: if self.by_workspace { row.workspace_id.clone() } else { None },
            description: described(&Some(row.description.clone())),
            cost_type: described(&Some(row.cost_type.clone())),
            model: described(&row.model),
            token_type: described(&row.token_type),
            context_window: described(&row.context_window),
            service_tier: described(&row.service_tier),
            inference_geo: described(&row.inference_geo),
        }
    }
}

#[derive(Serialize)]
struct Answer {
    data: Vec<Bucket>,
    has_more: bool,
    next_page: Option<String>,
}

#[derive(Serialize)]
struct Bucket {
    starting_at: String,
    ending_at: String,
    results: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    amount: String,
    currency: &'static str,
    #[serde(flatten)]
    dimensions: Dimensions,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Dimensions {
    workspace_id: Option<String>,
    description: Option<String>,
    cost_type: Option<String>,
    model: Option<String>,
    token_type: Option<String>,
    context_window: Option<String>,
    service_tier: Option<String>,
    inference_geo: Option<String>,
}

fn bucket(world: &World, day: NaiveDate, grouping: Grouping) -> Bucket {
    let rows = world.cost_rows(day).iter().map(|row| (grouping.shown(row), row.amount_cents));
    let shown: Vec<(Dimensions, Decimal)> = if grouping.by_workspace && grouping.by_description {
        rows.collect()
    } else {
        let mut sums = BTreeMap::new();
        for (dimensions, amount) in rows {
            *sums.entry(dimensions).or_insert(Decimal::ZERO) += amount;
        }
        sums.into_iter().collect()
    };
    Bucket {
        starting_at: midnight(day),
        ending_at: midnight(day + TimeDelta::days(1)),
        results: shown.into_iter().map(|(dimensions, amount)| row(dimensions, amount)).collect(),
    }
}

fn row(dimensions: Dimensions, amount: Decimal) -> Row {
    Row { amount: amount.to_string(), currency: "USD", dimensions }
}
