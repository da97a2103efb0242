//! The days that a bucketed report is asked for, and how many of them a page holds.
//!
//! Owns snapping, the range rule and the bucket limit. It must never read a page token.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};

use super::query::Query;
use super::refusal::Refusal;
use crate::world::World;

const DEFAULT_LIMIT: u32 = 7;
const MAX_LIMIT: u32 = 31;

/// Days from `start` up to but without `end`; both may lie where the world has no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub start: NaiveDate,
    pub end: NaiveDate,
}

impl Range {
    pub(super) fn read(query: &Query<'_>, world: &World) -> Result<Range, Refusal> {
        let start =
            instant(query, "starting_at")?.ok_or_else(|| Refusal::invalid("starting_at: Field required"))?.date_naive();
        let asked_end = instant(query, "ending_at")?.map(|end| end.date_naive());
        let newest_day = world.newest_day();
        let last_day = world.options.buckets_end_on.map_or(newest_day, |day| day.min(newest_day));
        let known_end = last_day + TimeDelta::days(1);
        let end = match asked_end {
            Some(asked_end) if !world.options.buckets_refuse_what_is_not_there => asked_end,
            asked_end => asked_end.unwrap_or(known_end).min(known_end),
        };
        if end <= start {
            return Err(Refusal::invalid("Invalid date range: ending date must be after starting date"));
        }
        let end = asked_end.unwrap_or(known_end).min(known_end);
        Ok(Range { start, end })
    }

    pub(super) fn holds(&self, day: NaiveDate) -> bool {
        self.start <= day && day < self.end
    }
}

/// The number of buckets on a page.
pub(super) fn limit(query: &Query<'_>) -> Result<u32, Refusal> {
    let Some(text) = query.single("limit") else {
        return Ok(DEFAULT_LIMIT);
    };
    match text.parse::<u32>() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Ok(_) => Err(Refusal::invalid(format!("limit: Input should be between 1 and {MAX_LIMIT}"))),
        Err(_) => Err(Refusal::invalid("limit: Input should be a valid integer")),
    }
}

/// Midnight UTC of a day in the vendor's spelling.
pub(super) fn midnight(day: NaiveDate) -> String {
    day.and_time(NaiveTime::MIN).and_utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn instant(query: &Query<'_>, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = query.single(name) else {
        return Ok(None);
    };
    DateTime::parse_from_rfc3339(text)
        .map(|instant| Some(instant.to_utc()))
        .map_err(|_| Refusal::invalid(format!("{name}: Input should be a valid RFC 3339 datetime")))
}
