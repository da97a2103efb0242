//! How far back an answer reaches: Cursor's feeds are rolling windows of unpublished length, and say by `period` which days
//! they answered for. One that begins later than was asked for remembers no more.

use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::instant::Millis;

/// What the pages of one answer say of the vendor's memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// Where it begins, as the latest page says it.
    start: Option<Timestamp>,
    /// The oldest record that was answered.
    oldest: Option<Timestamp>,
}

impl Memory {
    /// Takes a page's `period`, of which an odd one says nothing, and the time of its oldest record.
    pub fn take(&mut self, period: Option<&RawValue>, oldest: Option<Timestamp>) {
        let start = period.and_then(|raw| serde_json::from_str::<Period>(raw.get()).ok());
        self.start = self.start.max(start.map(|period| period.start_date.timestamp()));
        self.oldest = self.oldest.into_iter().chain(oldest).min();
    }

    /// Whether the day lies within it. A period that begins after a record of this very answer says nothing of the memory.
    pub fn reaches(&self, day: Day) -> bool {
        let Some(start) = self.start else { return true };
        self.oldest.is_some_and(|oldest| oldest < start) || start <= day.start()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    start_date: Millis,
}
