//! The table of all answers, and what became of each.

use super::columns::{instant, record};
use super::heard::Decided;
use super::judge::{Judgement, Word};
use super::known::Known;
use super::people;
use super::report::Absence;
use super::weight::Unit;
use crate::tables::{Bucket, LATE, Record};

pub(super) const TABLE: &str = "answers";

/// A line for each answer about a bucket. `decision` is asked for the answer at a place.
pub(super) fn of<'a>(
    bucket: &Bucket,
    answers: &[&Known<'_>],
    judgement: &Judgement,
    decision: impl Fn(usize) -> Option<&'a Decided>,
) -> Vec<Record> {
    let line = |(place, (verdict, is_odd)): (usize, &(&str, bool))| {
        let mut line = of_answer(bucket, answers[place]);
        line.insert("verdict".to_owned(), (*verdict).to_owned());
        line.extend(is_odd.then(|| ("reason".to_owned(), "some".to_owned())));
        line.extend(judgement.late.contains(&place).then(|| (LATE.to_owned(), "1".to_owned())));
        line.extend(decision(place).map(of_decision).into_iter().flatten());
        line.extend(first_alike(bucket, answers, place).map(|first| ("content_hash".to_owned(), first.to_string())));
        line
    };
    judgement.verdicts.iter().enumerate().map(line).collect()
}

fn of_answer(bucket: &Bucket, known: &Known<'_>) -> Record {
    let (announced, answer) = (known.announced, known.answer);
    let (question, weight) = (&answer.question, answer.weight_on(bucket.day));
    let settled = question.report.is_settled(bucket.day, announced.fetched_at);
    let mut line = record([
        ("source", Some(bucket.source.clone())),
        ("account_id", Some(bucket.account.clone())),
        ("activity_date", Some(bucket.day.to_string())),
        ("fetched_at", Some(instant(announced.fetched_at))),
        ("snapshot_id", Some(announced.snapshot_id.clone())),
        ("from_date", Some(question.from.to_string())),
        ("to_date", Some(question.to.to_string())),
        ("settled", Some(u8::from(settled).to_string())),
        ("rows", Some(answer.days[&bucket.day].len().to_string())),
        ("rejects", Some(answer.rejects_on(bucket.day).to_string())),
        ("filled", Some(people::named(known, bucket).to_string())),
    ]);
    let figures = Unit::ALL.into_iter().filter_map(|unit| Some((unit, weight.figure(unit)?)));
    line.extend(figures.map(|(unit, figure)| (unit.column().to_owned(), figure.normalize().to_string())));
    line
}

fn of_decision(decided: &Decided) -> Record {
    let word = match decided.word {
        Word::Accept => "accept",
        Word::Keep => "keep",
    };
    record([("decision", Some(word.to_owned())), ("decided_at", Some(instant(decided.at)))])
}

/// The place of the first answer that says the same of the day. Of rows that stay, each reading says something new.
fn first_alike(bucket: &Bucket, answers: &[&Known<'_>], place: usize) -> Option<usize> {
    let contents = |place: usize| {
        let mut rows = answers[place].answer.days[&bucket.day].clone();
        rows.sort();
        rows
    };
    let is_judged = answers[place].answer.question.report.absence == Absence::Deleted;
    let same = contents(place);
    (0..=place).find(|earlier| contents(*earlier) == same).filter(|_| is_judged)
}
