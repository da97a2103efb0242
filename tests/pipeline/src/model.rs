//! The reference model: what the tables must hold, told as simply as possible.
//!
//! It hears what was stored, announced and failed, asks the simulated world what the vendor said at that moment, and
//! lets the latest announced answer of each day win; of rows that stay when they are no longer told, the latest answer
//! that has the row. It shares no code with the pipeline, and never reads a page.

mod answer;
mod calendar;
mod columns;
mod heard;
mod kept;
mod plan;
mod platform;
mod report;
mod reports;
mod sheet;

use std::collections::{BTreeMap, BTreeSet};

use calendar::days;
use chrono::NaiveDate;

pub use answer::Answer;
pub use heard::{Announced, Failed, Requested};
pub use platform::RULE_SETS;
pub use report::{Absence, Question, Report, Spoil, Time};
pub use sheet::Sheet;

use crate::tables::{Bucket, Coverage, Tables};

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
            if answer.question.report.absence == Absence::Deleted {
                for (table, record) in &answer.days[&bucket.day] {
                    tables.add(table, platform::attributed(table, record, rule_set));
                }
            }
            let rejects = answer.rejects_on(bucket.day);
            if rejects > 0 {
                tables.rejects.insert(bucket.clone(), rejects);
            }
            tables.coverage.insert(bucket.clone(), loaded(answer, bucket.day, winner));
        }
        for (table, record) in kept::rows(self.announced_answers()) {
            tables.add(table, record.clone());
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

    fn announced_answers(&self) -> impl Iterator<Item = (&Announced, &Answer)> {
        self.announced.iter().map(|announced| (announced, &self.answers[&announced.object]))
    }

    /// The latest announced answer of each day that any answer covers.
    fn winners(&self) -> BTreeMap<Bucket, &Announced> {
        let mut winners: BTreeMap<Bucket, &Announced> = BTreeMap::new();
        for (announced, answer) in self.announced_answers() {
            for day in answer.days.keys() {
                let best = winners.entry(answer.bucket(*day)).or_insert(announced);
                if best.version() < announced.version() {
                    *best = announced;
                }
            }
        }
        winners
    }

    /// Days that were asked for, that could be answered by then, and that have neither an answer nor a failure from
    /// later on.
    pub fn forgotten(&self, accounts: &[(String, String)], tables: &Tables) -> BTreeSet<Bucket> {
        let mut forgotten = BTreeSet::new();
        for requested in &self.requested {
            let meant = |(source, account): &&(String, String)| {
                *source == requested.source && requested.account.as_ref().is_none_or(|named| named == account)
            };
            for (source, account) in accounts.iter().filter(meant) {
                for day in requested.due_days() {
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
    let settled = answer.question.report.is_settled(day, winner.fetched_at);
    Coverage {
        state: if settled { "settled" } else { "open" }.to_owned(),
        settled: Some(settled),
        fetched_at: Some(winner.fetched_at),
        snapshot_id: Some(winner.snapshot_id.clone()),
        normalized_at: Some(winner.published_at),
        rows: Some(answer.days[&day].len() as u64),
        rejects: Some(answer.rejects_on(day)),
        amount_usd: answer.amount_on(day).normalize(),
        quantity: Some(answer.quantity_on(day)),
        failed_at: None,
    }
}
