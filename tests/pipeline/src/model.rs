//! The reference model: what the tables must hold, told as simply as possible.
//!
//! It hears what was stored, announced, decided and failed, asks the simulated world what the vendor said at that moment,
//! and judges all announced answers of each day from the first to the last; of rows that stay when they are no longer
//! told, the latest answer that has the row counts. It shares no code with the pipeline, and never reads a page.

mod answer;
mod calendar;
mod columns;
mod heard;
mod judge;
mod kept;
mod known;
mod lines;
mod people;
mod plan;
mod platform;
mod report;
mod reports;
mod sheet;
mod weight;

use std::collections::{BTreeMap, BTreeSet};

use calendar::days;
use chrono::NaiveDate;

pub use answer::Answer;
pub use heard::{Announced, Decided, Failed, Requested};
pub use judge::Word;
pub use platform::RULE_SETS;
pub use report::{Absence, Question, Report, Spoil, Time};
pub use sheet::Sheet;

use crate::tables::{Bucket, Coverage, Tables};
use judge::{Judgement, Said, judge};
use known::Known;

#[derive(Debug, Default)]
pub struct Model {
    /// By the name of the manifest.
    answers: BTreeMap<String, Answer>,
    announced: Vec<Announced>,
    /// How many of them were announced before the tables were emptied.
    before_emptied: usize,
    decided: Vec<Decided>,
    failed: Vec<Failed>,
    requested: Vec<Requested>,
}

/// By place: when it was fetched, and the snapshot.
type OfBucket<'a> = BTreeMap<(i64, &'a str), Known<'a>>;

impl Model {
    pub fn told(&mut self, object: &str, answer: Answer) {
        self.answers.insert(object.to_owned(), answer);
    }

    pub fn announced(&mut self, announced: Announced) {
        self.announced.push(announced);
    }

    pub fn decided(&mut self, decided: Decided) {
        self.decided.push(decided);
    }

    pub fn failed(&mut self, failed: Failed) {
        self.failed.push(failed);
    }

    pub fn requested(&mut self, requested: Requested) {
        self.requested.push(requested);
    }

    /// The tables are gone, and are made again from what is stored. What failed is in no store.
    pub fn emptied(&mut self) {
        self.before_emptied = self.announced.len();
        self.failed.clear();
        self.requested.clear();
    }

    /// The answers that a person may look at, with the day: those that may be held.
    pub fn answers_to_decide(&self) -> Vec<(Bucket, i64, String)> {
        let buckets = self.by_bucket();
        let of_bucket = |(bucket, known): (&Bucket, &OfBucket<'_>)| -> Vec<(Bucket, i64, String)> {
            known.keys().map(|(at, id)| (bucket.clone(), *at, (*id).to_owned())).collect()
        };
        let judged = buckets.iter().filter(|(bucket, _)| {
            Report::named(&bucket.source).is_some_and(|report| report.absence == Absence::Deleted)
        });
        judged.flat_map(of_bucket).collect()
    }

    /// What the tables must hold once nothing is under way, the rows attributed by this set of rules. `late` are answers that
    /// came when their day was judged for good, as far as they may have.
    pub fn tables(&self, rule_set: usize, late: &BTreeSet<(Bucket, String)>, now: i64) -> Tables {
        let mut tables = Tables::default();
        for (bucket, known) in self.by_bucket() {
            let is_old = Report::named(&bucket.source).is_some_and(|report| report.is_old_from(bucket.day) <= now);
            // The newest answer is never late, nor is one of a day that is not old.
            let newest = known.keys().next_back().map(|(_, snapshot)| *snapshot);
            let is_late = |snapshot: &str| {
                is_old && newest != Some(snapshot) && late.contains(&(bucket.clone(), snapshot.to_owned()))
            };
            let judgement = self.judged(&bucket, &known, is_late);
            let answers: Vec<&Known<'_>> = known.values().collect();
            for line in lines::of(&bucket, &answers, &judgement, |place| self.decision(&bucket, answers[place])) {
                tables.add(lines::TABLE, line);
            }
            let Some(winner) = judgement.accepted.map(|place| answers[place]) else { continue };
            let answer = winner.answer;
            if answer.question.report.absence == Absence::Deleted {
                let place = judgement.accepted.expect("invariant: there is a winner");
                let rows = answer.days[&bucket.day].iter().filter(|(table, _)| *table != people::TABLE);
                let events = people::known(&bucket, &answers, place);
                let events = events.iter().map(|record| (people::TABLE, record));
                for (table, record) in rows.map(|(table, record)| (*table, record)).chain(events) {
                    tables.add(table, platform::attributed(table, record, rule_set));
                }
            }
            let rejects = answer.rejects_on(bucket.day);
            if rejects > 0 {
                tables.rejects.insert(bucket.clone(), rejects);
            }
            let newest = known.keys().next_back().map(|(at, id)| (*at, (*id).to_owned()));
            let coverage = Coverage { newest, ..loaded(winner, bucket.day, &judgement) };
            tables.coverage.insert(bucket, coverage);
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
        for coverage in tables.coverage.values_mut() {
            if coverage.failed_at > coverage.newest.as_ref().map(|(at, _)| *at) {
                coverage.state = "failed".to_owned();
            }
        }
        tables.sort();
        tables
    }

    fn announced_answers(&self) -> impl Iterator<Item = (&Announced, &Answer)> {
        self.announced.iter().map(|announced| (announced, &self.answers[&announced.object]))
    }

    fn by_bucket(&self) -> BTreeMap<Bucket, OfBucket<'_>> {
        let mut buckets: BTreeMap<Bucket, OfBucket<'_>> = BTreeMap::new();
        for (place, (announced, answer)) in self.announced_answers().enumerate() {
            for day in answer.days.keys().filter(|day| announced.is_about(**day)) {
                let of_bucket = buckets.entry(answer.bucket(*day)).or_default();
                let id = (announced.fetched_at, announced.snapshot_id.as_str());
                let known = of_bucket.entry(id).or_insert(Known { announced, answer, published_at: None });
                if place >= self.before_emptied {
                    known.published_at = known.published_at.max(Some(announced.published_at));
                }
            }
        }
        buckets
    }

    fn judged(&self, bucket: &Bucket, known: &OfBucket<'_>, is_late: impl Fn(&str) -> bool) -> Judgement {
        let report = Report::named(&bucket.source).expect("invariant: the model knows every source");
        let said = |known: &Known<'_>| Said {
            fetched_at: known.announced.fetched_at,
            weight: known.answer.weight_on(bucket.day),
            word: self.decision(bucket, known).map(|decided| decided.word),
            remembers_only_later: known.answer.remembers_only_later_than(bucket.day),
            begins_at: known.answer.first_at(bucket.day).filter(|_| known.answer.begins_on(bucket.day)),
            first_at: known.answer.first_at(bucket.day),
            is_late: is_late(&known.announced.snapshot_id),
        };
        let answers: Vec<Said> = known.values().map(said).collect();
        judge(&answers, report.is_always_believed(), (report.closed_at(bucket.day), report.settled_at(bucket.day)))
    }

    /// The last word of a person on the answer.
    fn decision(&self, bucket: &Bucket, known: &Known<'_>) -> Option<&Decided> {
        let about = self.decided.iter().filter(|decided| decided.is_about(bucket, &known.announced.snapshot_id));
        about.max_by_key(|decided| (decided.at, decided.word))
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
                    let latest = known.and_then(|known| known.newest.as_ref().map(|(at, _)| *at).max(known.failed_at));
                    if latest < Some(requested.at) {
                        forgotten.insert(bucket);
                    }
                }
            }
        }
        forgotten
    }
}

fn loaded(winner: &Known<'_>, day: NaiveDate, judgement: &Judgement) -> Coverage {
    let (announced, answer) = (winner.announced, winner.answer);
    let settled = answer.question.report.is_settled(day, announced.fetched_at);
    let state = match (judgement.held_since, settled) {
        (Some(_), _) => "held",
        (None, true) => "settled",
        (None, false) => "open",
    };
    Coverage {
        state: state.to_owned(),
        settled: Some(settled),
        fetched_at: Some(announced.fetched_at),
        snapshot_id: Some(announced.snapshot_id.clone()),
        normalized_at: winner.published_at,
        rows: Some(answer.days[&day].len() as u64),
        rejects: Some(answer.rejects_on(day)),
        amount_usd: answer.amount_on(day).normalize(),
        quantity: Some(answer.quantity_on(day)),
        newest: None,
        held_since: judgement.held_since,
        failed_at: None,
    }
}
