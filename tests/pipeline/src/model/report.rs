//! What the model knows of a report: of which time it tells, what becomes of its rows, and how they are counted.

use std::fmt;

use chrono::{DateTime, Days, NaiveDate};
use vendor_sim::World;

use super::calendar::midnight_after;
use super::weight::Scale;
use crate::tables::Record;

/// One report of one vendor, or one sheet that people upload.
pub struct Report {
    /// As events and tables name it.
    pub source: &'static str,
    /// The tables that its rows are in.
    pub tables: &'static [&'static str],
    pub time: Time,
    pub absence: Absence,
    /// The columns that the control sum of money adds up, and that of counts.
    pub(super) money: &'static [&'static str],
    pub(super) counts: &'static [&'static str],
    /// What an answer is weighed by when it is judged.
    pub(super) weighs: &'static [Scale],
    /// What of its first record may not read while the others do, and what that does to the record.
    pub(super) spoiled_by: &'static [(Spoil, Harm)],
    /// What the world says to a question, up to this day, in the order in which the vendor says it.
    pub(super) told: fn(&World, &Question, NaiveDate) -> Vec<Told>,
}

/// What was asked, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub report: &'static Report,
    pub account: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// In microseconds since 1970.
    pub asked_at: i64,
}

impl Question {
    pub(super) fn asked_on(&self) -> NaiveDate {
        DateTime::from_timestamp_micros(self.asked_at).expect("invariant: a time of the calendar").date_naive()
    }
}

/// Of which time a report tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Of days, which the vendor restates for so many days after they end.
    Days { settling_days: u64, covers: Covers },
    /// Of the moment of asking.
    Now,
    /// Of what a person says in a sheet. No vendor is asked.
    Uploaded,
}

/// The days of a question that an answer speaks of, also those without a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// Those that the vendor has by then.
    Known,
    /// Those that have begun.
    Begun,
    /// Those that are over. No other is ever asked for.
    Over,
    /// The same, from 2026 on and of the last 365 days.
    OverSince2026,
}

/// What becomes of a row that a later answer does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    Deleted,
    /// It stays. These columns say which row is which.
    Kept(&'static [&'static str]),
    /// It stays, and no other answer has the same row.
    KeptOfEveryReading,
}

/// What of a record does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    Amount,
    /// It is the number twelve where a text belongs, which reads.
    AmountNumber,
    Count,
    Date,
    CacheCreation,
}

/// What becomes of a record of which a part does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    /// It becomes no row. Only a record that has the column can be hit.
    Refused(&'static str),
    /// Its row lacks these columns.
    Lacks(&'static [&'static str]),
    /// Its row has these values in place of what it had.
    Sets(&'static [(&'static str, &'static str)]),
    /// The first column has the sum of both, and the second this or nothing.
    Adds([&'static str; 2], Option<&'static str>),
}

/// One record of an answer, and the rows that come of it.
pub(super) struct Told {
    pub day: NaiveDate,
    /// With their tables, and without their platform.
    pub rows: Vec<(&'static str, Record)>,
}

impl Report {
    pub fn is_asked(&self) -> bool {
        self.time != Time::Uploaded
    }

    /// Whether no earlier day can be asked for.
    pub fn begins_in_2026(&self) -> bool {
        matches!(self.time, Time::Days { covers: Covers::OverSince2026, .. })
    }

    /// Of days from the first to the last, those that it can be asked for today, if any.
    pub fn askable(&self, from: NaiveDate, to: NaiveDate, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let Time::Days { covers, .. } = self.time else { return Some((from, to)).filter(|_| self.is_asked()) };
        let (first, last) = match covers {
            Covers::Known | Covers::Begun => (from, to.min(today)),
            Covers::Over => (from, to.min(today - Days::new(1))),
            Covers::OverSince2026 => {
                let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("invariant: a real day");
                (from.max(first).max(today - Days::new(364)), to.min(today - Days::new(1)))
            }
        };
        (first <= last).then_some((first, last))
    }

    /// Whether an answer fetched at this time, in microseconds since 1970, is the last word on the day.
    pub(super) fn is_settled(&self, day: NaiveDate, fetched_at: i64) -> bool {
        match self.time {
            Time::Days { settling_days, .. } => fetched_at >= midnight_after(day + Days::new(settling_days)),
            Time::Now | Time::Uploaded => true,
        }
    }

    /// From when on, in microseconds since 1970, equal lines of answers about the day may be taken out, and a new answer of
    /// before may be one that is judged no more: seven days after the last word on the day may be said.
    pub fn is_old_from(&self, day: NaiveDate) -> i64 {
        let settling_days = match self.time {
            Time::Days { settling_days, .. } => settling_days,
            Time::Now | Time::Uploaded => 0,
        };
        midnight_after(day + Days::new(settling_days + 7))
    }

    /// Whether every answer is believed: it says how things stand at the moment, or what a person means.
    pub(super) fn is_always_believed(&self) -> bool {
        matches!(self.time, Time::Now | Time::Uploaded)
    }

    /// From when on a day goes on no more, in microseconds since 1970.
    pub(super) fn closed_at(&self, day: NaiveDate) -> i64 {
        midnight_after(day + Days::new(1))
    }

    /// From when on the vendor restates a day no more, in microseconds since 1970.
    pub(super) fn settled_at(&self, day: NaiveDate) -> i64 {
        match self.time {
            Time::Days { settling_days, .. } => midnight_after(day + Days::new(settling_days)),
            Time::Now | Time::Uploaded => midnight_after(day),
        }
    }

    /// The last day that an answer to the question speaks of.
    pub(super) fn covered_to(&self, question: &Question, newest_day: NaiveDate) -> NaiveDate {
        match self.time {
            Time::Days { covers: Covers::Known, .. } => question.to.min(newest_day),
            Time::Days { covers: Covers::Begun, .. } => question.to.min(question.asked_on()),
            Time::Days { .. } => question.to.min(question.asked_on() - Days::new(1)),
            Time::Now | Time::Uploaded => question.to,
        }
    }
}

impl Told {
    /// A record that becomes one row.
    pub(super) fn row(day: NaiveDate, table: &'static str, record: Record) -> Self {
        Self { day, rows: vec![(table, record)] }
    }

    /// Whether it has what is spoiled.
    pub(super) fn is_hit_by(&self, harm: Harm) -> bool {
        match harm {
            Harm::Refused(column) => self.has(column),
            Harm::Lacks(columns) => columns.iter().any(|column| self.has(column)),
            Harm::Sets(values) => values.iter().any(|(column, _)| self.has(column)),
            Harm::Adds(columns, _) => columns.iter().any(|column| self.has(column)),
        }
    }

    pub(super) fn lose(&mut self, columns: &[&str]) {
        for (_, record) in &mut self.rows {
            record.retain(|name, _| !columns.contains(&name.as_str()));
        }
    }

    pub(super) fn set(&mut self, values: &[(&str, &str)]) {
        for (_, record) in &mut self.rows {
            for (column, value) in values {
                if let Some(there) = record.get_mut(*column) {
                    (*value).clone_into(there);
                }
            }
        }
    }

    pub(super) fn add_up(&mut self, [first, second]: [&str; 2], left: Option<&str>) {
        for (_, record) in &mut self.rows {
            let number = |column: &str| record.get(column).map_or(0, |text| text.parse::<u64>().unwrap_or_default());
            let sum = number(first) + number(second);
            record.insert(first.to_owned(), sum.to_string());
            match left {
                Some(left) => drop(record.insert(second.to_owned(), left.to_owned())),
                None => drop(record.remove(second)),
            }
        }
    }

    fn has(&self, column: &str) -> bool {
        self.rows.iter().any(|(_, record)| record.contains_key(column))
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source)
    }
}

impl PartialEq for Report {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Report {}
