//! Reports in buckets of one UTC day: their range, their pages and their envelope.
//!
//! Owns which days a page holds. It must never know what is in a bucket.

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

use super::page_token::{self, Position};
use super::query::Query;
use super::range::{self, Range, midnight};
use super::refusal::Refusal;
use crate::exchange::{Covers, Reply, Request};
use crate::world::World;

/// The parameters that every such report takes.
pub(super) const PARAMETERS: [&str; 5] = ["starting_at", "ending_at", "bucket_width", "limit", "page"];

pub(super) struct Buckets {
    range: Range,
    limit: u32,
    from: Position,
}

impl Buckets {
    pub(super) fn read(query: &Query<'_>, world: &World, request: &Request) -> Result<Buckets, Refusal> {
        if query.single("bucket_width").is_some_and(|width| width != "1d") {
            return Err(Refusal::invalid("bucket_width: Input should be '1d'"));
        }
        let range = Range::read(query, world)?;
        let from = match query.single("page") {
            None => Position { first_day: range.start, page: 1 },
            Some(token) => page_token::read(token, request)?,
        };
        if from.page > 1 && !range.holds(from.first_day) {
            return Err(Refusal::invalid("page: Invalid page token"));
        }
        Ok(Buckets { range, limit: range::limit(query)?, from })
    }

    /// The page, with these results for each of its days.
    pub(super) fn reply<R: Serialize>(&self, request: &Request, results: impl Fn(NaiveDate) -> Vec<R>) -> Reply {
        let Buckets { range, limit, from } = self;
        let end = (from.first_day + TimeDelta::days(i64::from(*limit))).min(range.end);
        let days = || from.first_day.iter_days().take_while(|day| *day < end);
        let has_more = end < range.end;
        let next = Position { first_day: end, page: from.page + 1 };
        let answer = Answer {
            data: days().map(|day| Bucket::new(day, results(day))).collect(),
            has_more,
            next_page: has_more.then(|| page_token::write(next, request)),
        };
        let mut reply = Reply::json(200, &answer);
        reply.covers = days().last().map(|last_day| Covers { page: from.page, first_day: from.first_day, last_day });
        reply
    }
}

#[derive(Serialize)]
struct Answer<R> {
    data: Vec<Bucket<R>>,
    has_more: bool,
    next_page: Option<String>,
}

#[derive(Serialize)]
struct Bucket<R> {
    starting_at: String,
    ending_at: String,
    results: Vec<R>,
}

impl<R> Bucket<R> {
    fn new(day: NaiveDate, results: Vec<R>) -> Bucket<R> {
        Bucket { starting_at: midnight(day), ending_at: midnight(day + TimeDelta::days(1)), results }
    }
}
