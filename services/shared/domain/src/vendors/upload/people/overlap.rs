//! Lines that contradict each other: a person twice on a day, and an address of two people on a day.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::Day;

use super::columns::{ALIASES, EMAIL, VALID_FROM, VALID_TO};
use super::period::PersonPeriod;
use crate::report::Fault;
use crate::vendors::upload::sheet::Header;

/// Without a column of last days each line of a person holds until the next one does.
pub(super) fn end_where_the_next_begins(periods: &mut [PersonPeriod]) {
    let mut starts: BTreeMap<String, BTreeSet<Option<Day>>> = BTreeMap::new();
    for period in periods.iter() {
        starts.entry(period.email.clone()).or_default().insert(period.valid_from);
    }
    for period in periods {
        let later = starts[&period.email].range(period.valid_from..).find(|start| **start != period.valid_from);
        period.valid_to = later.copied().flatten().map(|start| start.minus(1));
    }
}

/// The periods that contradict none before them in the file, and a fault for each other one.
pub(super) fn without_contradictions(
    periods: Vec<PersonPeriod>,
    header: &Header,
) -> (Vec<PersonPeriod>, Vec<Vec<Fault>>) {
    let mut faults: BTreeMap<u64, Fault> = BTreeMap::new();
    let mut people: BTreeMap<&str, Calendar<'_>> = BTreeMap::new();
    let mut addresses: BTreeMap<&str, Calendar<'_>> = BTreeMap::new();
    for period in &periods {
        if let Some(first) = people.entry(&period.email).or_default().add(period) {
            faults.entry(period.line).or_insert_with(|| twice(first, period, header));
        }
        for address in [&period.email].into_iter().chain(&period.aliases) {
            let first = addresses.entry(address).or_default().add(period);
            if let Some(first) = first.filter(|first| first.email != period.email) {
                faults.entry(period.line).or_insert_with(|| of_two(first, period, address, header));
            }
        }
    }
    let kept = |period: &&PersonPeriod| !faults.contains_key(&period.line);
    let kept: Vec<PersonPeriod> = periods.iter().filter(kept).cloned().collect();
    (kept, faults.into_values().map(|fault| vec![fault]).collect())
}

/// Periods that have no day in common, by their first days.
#[derive(Default)]
struct Calendar<'p>(BTreeMap<Option<Day>, &'p PersonPeriod>);

impl<'p> Calendar<'p> {
    /// Adds a period, unless it has a day in common with one that is there: that one.
    fn add(&mut self, period: &'p PersonPeriod) -> Option<&'p PersonPeriod> {
        let before = self.0.range(..=period.valid_from).next_back();
        let after = self.0.range(period.valid_from..).next();
        let found = before.into_iter().chain(after).map(|(_, of)| *of).find(|of| have_a_day_in_common(of, period));
        if found.is_none() {
            self.0.insert(period.valid_from, period);
        }
        found
    }
}

fn have_a_day_in_common(one: &PersonPeriod, other: &PersonPeriod) -> bool {
    let reaches = |one: &PersonPeriod, other: &PersonPeriod| {
        one.valid_to.is_none_or(|to| other.valid_from.is_none_or(|from| from <= to))
    };
    reaches(one, other) && reaches(other, one)
}

fn twice(first: &PersonPeriod, second: &PersonPeriod, header: &Header) -> Fault {
    // Without days it is not a period that is wrong: the person stands there twice.
    let column = if second.valid_from.is_some() { VALID_FROM } else { EMAIL };
    let advice = advice(first, second, header);
    let expected = format!("a person once on each day; line {} has this one {}{advice}", first.line, days(first));
    Fault { line: second.line, column: Some(header.fault_column(&column)), found: None, expected }
}

fn of_two(first: &PersonPeriod, second: &PersonPeriod, address: &str, header: &Header) -> Fault {
    let column = if second.email == address { EMAIL } else { ALIASES };
    let (line, days) = (first.line, days(first));
    let expected = format!("an address that one person has on a day; line {line} has this one as well, {days}");
    Fault { line: second.line, column: Some(header.fault_column(&column)), found: None, expected }
}

/// Where one period without an end, or one that ends a day late, is all that is wrong.
fn advice(one: &PersonPeriod, other: &PersonPeriod, header: &Header) -> String {
    let (early, late) = if one.valid_from <= other.valid_from { (one, other) } else { (other, one) };
    let Some(from) = late.valid_from.filter(|_| early.valid_from < late.valid_from) else { return String::new() };
    if early.valid_to.is_some_and(|to| to != from) {
        return String::new();
    }
    let number = header.fault_column(&VALID_TO).number;
    format!("; {} may be meant as the last day of line {} (column {number})", from.minus(1), early.line)
}

fn days(period: &PersonPeriod) -> String {
    match (period.valid_from, period.valid_to) {
        (None, None) => "on all days".to_owned(),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(to)) => format!("up to {to}"),
        (Some(from), Some(to)) => format!("from {from} to {to}"),
    }
}
