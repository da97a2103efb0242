//! The reference model: what the tables must hold, told as simply as possible.
//!
//! It hears what was stored, announced and failed, asks the simulated world what the vendor said at that moment, and
//! lets the latest announced answer of each day win. It shares no code with the pipeline, and never reads a page.

mod answer;
mod plan;
mod platform;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, NaiveTime};
use rust_decimal::Decimal;

pub use answer::{Answer, Question, Report};
pub use platform::RULE_SETS;

use crate::tables::{Bucket, Coverage, Record, Tables};

/// A snapshot was announced, now or again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Where its manifest lies.
    pub object: String,
    pub fetched_at: i64,
    pub snapshot_id: String,
    pub published_at: i64,
}

/// A window could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub source: String,
    pub account: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub at: i64,
}

/// A window was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    pub source: String,
    /// None is every account.
    pub account: Option<String>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub at: i64,
}

#[derive(Debug, Default)]
pub struct Model {
    /// By the name of the manifest.
    answers: BTreeMap<String, Answer>,
    announced: Vec<Announced>,
    failed: Vec<Failed>,
    requested: Vec<Requested>,
}

impl Model {
    pub fn told(&mut self, object: &str, answer: Answer) {
        self.answers.insert(object.to_owned(), answer);
    }

    pub fn announced(&mut self, announced: Announced) {
        self.announced.push(announced);
    }

    pub fn failed(&mut self, failed: Failed) {
        self.failed.push(failed);
    }

    pub fn requested(&mut self, requested: Requested) {
        self.requested.push(requested);
    }

    /// What the tables must hold once nothing is under way, the rows attributed by this set of rules.
    pub fn tables(&self, rule_set: usize) -> Tables {
        let mut tables = Tables::default();
        for (bucket, winner) in self.winners() {
            let answer = &self.answers[&winner.object];
            let records = answer.days[&bucket.day].iter().map(|record| platform::attributed(record, rule_set));
            tables.rows_of(answer.question.report.table()).extend(records);
            let rejects = answer.rejects_on(bucket.day);
            if rejects > 0 {
                tables.rejects.insert(bucket.clone(), rejects);
            }
            tables.coverage.insert(bucket.clone(), loaded(answer, bucket.day, winner));
        }
        for failed in &self.failed {
            for day in days(failed.from, failed.to) {
                let bucket = Bucket { source: failed.source.clone(), account: failed.account.clone(), day };
                let known = tables.coverage.entry(bucket).or_default();
                known.failed_at = known.failed_at.max(Some(failed.at));
            }
        }
        for coverage in tables.coverage.values_mut().filter(|known| known.failed_at > known.fetched_at) {
            coverage.state = "failed".to_owned();
        }
        tables.sort();
        tables
    }

    /// The latest announced answer of each day that any answer covers.
    fn winners(&self) -> BTreeMap<Bucket, &Announced> {
        let version =
            |announced: &Announced| (announced.fetched_at, announced.snapshot_id.clone(), announced.published_at);
        let mut winners: BTreeMap<Bucket, &Announced> = BTreeMap::new();
        for announced in &self.announced {
            let answer = &self.answers[&announced.object];
            for day in answer.days.keys() {
                let best = winners.entry(answer.bucket(*day)).or_insert(announced);
                if version(best) < version(announced) {
                    *best = announced;
                }
            }
        }
        winners
    }

    /// Days that were asked for, were over by then, and have neither an answer nor a failure from later on.
    pub fn forgotten(&self, accounts: &[(String, String)], tables: &Tables) -> BTreeSet<Bucket> {
        let mut forgotten = BTreeSet::new();
        for requested in &self.requested {
            let over = |day: &NaiveDate| midnight_after(*day) <= requested.at;
            for day in days(requested.from, requested.to).filter(over) {
                let meant = |(source, account): &&(String, String)| {
                    *source == requested.source && requested.account.as_ref().is_none_or(|named| named == account)
                };
                for (source, account) in accounts.iter().filter(meant) {
                    let bucket = Bucket { source: source.clone(), account: account.clone(), day };
                    let known = tables.coverage.get(&bucket);
                    let latest = known.and_then(|known| known.fetched_at.max(known.failed_at));
                    if latest < Some(requested.at) {
                        forgotten.insert(bucket);
                    }
                }
            }
        }
        forgotten
    }
}

fn loaded(answer: &Answer, day: NaiveDate, winner: &Announced) -> Coverage {
    let records = &answer.days[&day];
    let settled = winner.fetched_at >= midnight_after(day + Days::new(answer.question.report.settling_days()));
    Coverage {
        state: if settled { "settled" } else { "open" }.to_owned(),
        settled: Some(settled),
        fetched_at: Some(winner.fetched_at),
        snapshot_id: Some(winner.snapshot_id.clone()),
        normalized_at: Some(winner.published_at),
        rows: Some(records.len() as u64),
        rejects: Some(answer.rejects_on(day)),
        amount_usd: records.iter().map(|record| answer.question.report.amount(record)).sum::<Decimal>().normalize(),
        quantity: Some(records.iter().map(|record| answer.question.report.quantity(record)).sum()),
        failed_at: None,
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day <= to)
}

/// In microseconds since 1970.
fn midnight_after(day: NaiveDate) -> i64 {
    (day + Days::new(1)).and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}

/// A record with the columns that have a value.
fn record<const N: usize>(columns: [(&str, Option<String>); N]) -> Record {
    columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
