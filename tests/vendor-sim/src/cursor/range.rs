//! The days that a Cursor report is asked for.
//!
//! Owns the reading of `startDate` and `endDate` and the 30 day rule. It must never know of pages.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::world::World;

const DAY_MS: i64 = 86_400_000;
const MAX_DAYS: i64 = 30;

/// The range as asked and the existing days that it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub start_ms: i64,
    pub end_ms: i64,
    pub first_day: NaiveDate,
    /// Inclusive; before `first_day` if no day of the range exists.
    pub last_day: NaiveDate,
}

impl Range {
    pub(super) fn read(body: &Map<String, Value>, world: &World) -> Result<Range, Refusal> {
        let (start_ms, end_ms) = (epoch_ms(body, "startDate")?, epoch_ms(body, "endDate")?);
        let end_of_days = if world.options.cursor_end_is_inclusive { end_ms } else { end_ms - 1 };
        Range::check(start_ms, end_ms, end_of_days, world)
    }

    /// Both bounds are inclusive and may be left out: the newest thirty days.
    pub(super) fn read_or_newest(body: &Map<String, Value>, world: &World) -> Result<Range, Refusal> {
        let given = |name| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => epoch_ms(body, name).map(Some),
        };
        let end_ms = given("endDate")?.unwrap_or(day_ms(world.newest_day()) + DAY_MS - 1);
        let start_ms = given("startDate")?.unwrap_or(end_ms + 1 - MAX_DAYS * DAY_MS);
        Range::check(start_ms, end_ms, end_ms, world)
    }

    /// The part of it from this day on, which may be nothing.
    pub(super) fn remembered(self, from: Option<NaiveDate>) -> Range {
        let Some(from) = from.filter(|from| *from > self.first_day) else { return self };
        Range { start_ms: day_ms(from), first_day: from, ..self }
    }

    /// The part of it from this instant on, which may be nothing.
    pub(super) fn since(self, from: Option<DateTime<Utc>>) -> Range {
        let Some(from) = from.filter(|from| from.timestamp_millis() > self.start_ms) else { return self };
        Range { start_ms: from.timestamp_millis(), first_day: from.date_naive(), ..self }
    }

    pub(super) fn holds(&self, ms: i64) -> bool {
        (self.start_ms..=self.end_ms).contains(&ms)
    }

    pub(super) fn holds_whole(&self, day: NaiveDate) -> bool {
        self.holds(day_ms(day)) && self.holds(day_ms(day) + DAY_MS - 1)
    }

    fn check(start_ms: i64, end_ms: i64, end_of_days: i64, world: &World) -> Result<Range, Refusal> {
        if end_ms < start_ms {
            return Err(Refusal::invalid("endDate must be after startDate"));
        }
        if end_ms - start_ms > MAX_DAYS * DAY_MS {
            return Err(Refusal::invalid(format!("Date range cannot exceed {MAX_DAYS} days")));
        }
        Ok(Range {
            start_ms,
            end_ms,
            first_day: day_of(start_ms)?,
            last_day: day_of(end_of_days)?.min(world.newest_day()),
        })
    }
}

/// 00:00 UTC of a day in milliseconds since the epoch.
pub(super) fn day_ms(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}

fn epoch_ms(body: &Map<String, Value>, name: &str) -> Result<i64, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Err(Refusal::invalid(format!("{name} is required"))),
        Some(value) => {
            value.as_i64().ok_or_else(|| Refusal::invalid(format!("{name} must be a number of milliseconds")))
        }
    }
}

fn day_of(ms: i64) -> Result<NaiveDate, Refusal> {
    DateTime::from_timestamp_millis(ms)
        .map(|instant| instant.date_naive())
        .ok_or_else(|| Refusal::invalid("date out of range"))
}
