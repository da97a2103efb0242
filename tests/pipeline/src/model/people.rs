//! Whom events are of: what one answer says of it is not unlearned with the next.

use std::collections::{BTreeMap, BTreeSet};

use super::known::Known;
use crate::tables::{Bucket, Record};

/// The table whose rows are events.
pub(super) const TABLE: &str = "cursor_usage_events";
const PERSON: &str = "email";
/// What tells events apart.
const IDENTITY: [&str; 8] = [
    "occurred_at",
    "service_account_id",
    "model",
    "kind",
    "max_mode",
    "conversation_id",
    "cloud_agent_id",
    "automation_id",
];

/// The events of the accepted answer, each with the person that the latest of all answers names for it.
pub(super) fn known(bucket: &Bucket, answers: &[&Known<'_>], accepted: usize) -> Vec<Record> {
    // From the newest to the oldest.
    let told: Vec<Vec<&Record>> = answers.iter().rev().map(|known| events(known, bucket)).collect();
    let mut events: Vec<Record> = events(answers[accepted], bucket).into_iter().map(nameless).collect();
    let alike: BTreeSet<Record> = events.iter().cloned().collect();
    for content in &alike {
        let mut people = people_of(&told, |event| nameless(event) == *content).into_iter();
        for event in events.iter_mut().filter(|event| *event == content) {
            event.extend(people.next().map(|person| (PERSON.to_owned(), person)));
        }
    }
    for event in &alike {
        let is_gone = |other: &Record| same_event(other, event) && !alike.contains(&nameless(other));
        let mut people = people_of(&told, is_gone).into_iter();
        for nobodys in events.iter_mut().filter(|other| same_event(other, event) && !other.contains_key(PERSON)) {
            nobodys.extend(people.next().map(|person| (PERSON.to_owned(), person)));
        }
    }
    events
}

fn events<'a>(known: &Known<'a>, bucket: &Bucket) -> Vec<&'a Record> {
    let rows = known.answer.days[&bucket.day].iter().filter(|(table, _)| *table == TABLE);
    rows.map(|(_, record)| record).collect()
}

/// How many events the answer names somebody for.
pub(super) fn named(known: &Known<'_>, bucket: &Bucket) -> usize {
    events(known, bucket).into_iter().filter(|event| event.contains_key(PERSON)).count()
}

/// The people of such events: those of the newest answer, then whom older ones name beside them. Of events that are alike
/// in all, the person too, an answer names as many as it has.
fn people_of(told: &[Vec<&Record>], is_such: impl Fn(&Record) -> bool) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    let mut counted: BTreeMap<Record, usize> = BTreeMap::new();
    for answer in told {
        let mut of_answer: BTreeMap<&Record, usize> = BTreeMap::new();
        for event in answer.iter().filter(|event| event.contains_key(PERSON) && is_such(event)) {
            *of_answer.entry(event).or_default() += 1;
        }
        let mut more = Vec::new();
        for (event, count) in of_answer {
            let before = counted.entry(event.clone()).or_default();
            more.extend((*before..count).map(|_| event[PERSON].clone()));
            *before = count.max(*before);
        }
        more.sort();
        people.extend(more);
    }
    people
}

fn nameless(event: &Record) -> Record {
    event
        .iter()
        .filter(|(column, _)| *column != PERSON)
        .map(|(column, value)| (column.clone(), value.clone()))
        .collect()
}

fn same_event(one: &Record, other: &Record) -> bool {
    IDENTITY.iter().all(|column| one.get(*column) == other.get(*column))
}
