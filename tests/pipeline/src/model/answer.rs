//! What the vendor says to a question, taken from the world itself; or what a person says in a sheet.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use vendor_sim::World;

use super::calendar::days;
use super::report::{Harm, Question, Spoil, Told};
use super::sheet::Sheet;
use super::weight::Weight;
use crate::tables::{Bucket, Record};

/// What was answered. Every day that the answer speaks of is there, also one without a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub question: Question,
    /// Rows with their tables, and without their platform.
    pub(super) days: BTreeMap<NaiveDate, Vec<(&'static str, Record)>>,
    rejected_on: Option<NaiveDate>,
}

impl Answer {
    /// What the world says now. Of a spoiled answer a part of the first record that has it can't be read.
    pub fn of(world: &World, question: &Question, spoil: Option<Spoil>) -> Self {
        let report = question.report;
        let newest_day = world.newest_day();
        let told = (report.told)(world, question, question.to.min(newest_day));
        let covered = days(question.from, report.covered_to(question, newest_day));
        Self::empty(question, covered).filled(told, spoil)
    }

    /// What a sheet says.
    pub fn of_sheet(question: Question, sheet: &Sheet) -> Self {
        let (from, to) = sheet.days(question.asked_on());
        let question = Question { from, to, ..question };
        let told = sheet.told(&question);
        Self::empty(&question, days(from, to)).filled(told, None)
    }

    fn empty(question: &Question, covered: impl Iterator<Item = NaiveDate>) -> Self {
        let days = covered.map(|day| (day, Vec::new())).collect();
        Self { question: question.clone(), days, rejected_on: None }
    }

    fn filled(mut self, mut told: Vec<Told>, spoil: Option<Spoil>) -> Self {
        if let Some(spoil) = spoil {
            self.spoil(&mut told, spoil);
        }
        for Told { day, rows } in told {
            // A day that is told and not covered is not over: what is told of it is left.
            if let Some(known) = self.days.get_mut(&day) {
                known.extend(rows);
            }
        }
        self
    }

    fn spoil(&mut self, told: &mut Vec<Told>, spoil: Spoil) {
        let mut known = self.question.report.spoiled_by.iter();
        let Some((_, harm)) = known.find(|(known, _)| *known == spoil) else { return };
        let Some(place) = told.iter().position(|told| told.is_hit_by(*harm)) else { return };
        match harm {
            Harm::Lacks(columns) => told[place].lose(columns),
            Harm::Sets(values) => told[place].set(values),
            Harm::Adds(columns, left) => told[place].add_up(*columns, *left),
            Harm::Refused(_) => {
                let first_covered = self.days.keys().next().copied();
                let day = told.remove(place).day;
                self.rejected_on = if spoil == Spoil::Date { first_covered } else { Some(day) };
            }
        }
    }

    pub(super) fn bucket(&self, day: NaiveDate) -> Bucket {
        Bucket { source: self.question.report.source.to_owned(), account: self.question.account.clone(), day }
    }

    pub(super) fn rejects_on(&self, day: NaiveDate) -> u64 {
        u64::from(self.rejected_on == Some(day))
    }

    pub(super) fn weight_on(&self, day: NaiveDate) -> Weight {
        Weight::of(self.question.report.weighs, &self.days[&day])
    }

    /// Whether it has nothing about the day nor about any day before it, and something about a later one.
    pub(super) fn remembers_only_later_than(&self, day: NaiveDate) -> bool {
        let is_empty = |day: NaiveDate| self.days[&day].is_empty() && self.rejects_on(day) == 0;
        let first = self.days.keys().find(|day| !is_empty(**day));
        first.is_some_and(|first| day < *first)
    }

    /// Whether it has something about the day and nothing about any day before it.
    pub(super) fn begins_on(&self, day: NaiveDate) -> bool {
        let before = self.days.keys().take_while(|before| **before < day);
        let is_empty = |day: &NaiveDate| self.days[day].is_empty() && self.rejects_on(*day) == 0;
        !is_empty(&day) && before.copied().all(|before| is_empty(&before))
    }

    /// When the first event of the day happened, in microseconds, where each could be read.
    pub(super) fn first_at(&self, day: NaiveDate) -> Option<i64> {
        let times = self.days[&day].iter().filter_map(|(_, row)| row.get("occurred_at"));
        let first = times.min().filter(|_| self.rejects_on(day) == 0)?;
        Some(first.parse::<DateTime<Utc>>().expect("invariant: the model wrote it").timestamp_micros())
    }

    pub(super) fn amount_on(&self, day: NaiveDate) -> Decimal {
        sum(&self.days[&day], self.question.report.money)
    }

    pub(super) fn quantity_on(&self, day: NaiveDate) -> u64 {
        sum(&self.days[&day], self.question.report.counts)
    }
}

/// The sum of these columns of all rows.
fn sum<N: std::str::FromStr<Err: std::fmt::Debug> + std::iter::Sum>(
    rows: &[(&'static str, Record)],
    columns: &[&str],
) -> N {
    let values = rows.iter().flat_map(|(_, record)| columns.iter().filter_map(|column| record.get(*column)));
    values.map(|value| value.parse::<N>().expect("invariant: the model wrote it")).sum()
}
