//! A line of the sheet: a person, where the person is, and from when to when.

use std::borrow::Cow;

use everycent_schemas::Day;

use super::columns::{
    ALIASES, CLAUDE_SEAT, COLUMNS, COST_CENTER, CURSOR_SEAT, EMAIL, MANAGER, NAME, TEAM, VALID_FROM, VALID_TO,
};
use super::overlap;
use super::period::PersonPeriod;
use super::roster::Roster;
use crate::report::Fault;
use crate::vendors::upload::sheet::{self, Column, Header, Line};
use crate::vendors::upload::{email, written_day};

/// A file as it was read: what is right of it, and what is wrong, line by line.
#[derive(Debug)]
pub(super) struct ReadSheet {
    pub header: Header,
    pub roster: Roster,
    /// Of one line each.
    pub faults: Vec<Vec<Fault>>,
}

/// Reads every line. A line that contradicts an earlier one is a fault. The error is what is wrong with the header.
pub(super) fn read(text: &str) -> Result<ReadSheet, Vec<Fault>> {
    let (mut periods, mut faults) = (Vec::new(), Vec::new());
    let header = sheet::read_loosely(text, &COLUMNS, |line| {
        let period = line.map_err(|fault| vec![fault]).and_then(|line| period(&line));
        match period {
            Ok(period) => periods.push(period),
            Err(of_line) => faults.push(of_line),
        }
    })?;
    if !COLUMNS[1..].iter().any(|column| header.has(column)) {
        return Err(vec![says_nothing(&header)]);
    }
    if !header.has(&VALID_TO) {
        overlap::end_where_the_next_begins(&mut periods);
    }
    let (periods, contradictions) = overlap::without_contradictions(periods, &header);
    faults.extend(contradictions);
    Ok(ReadSheet { header, roster: Roster::of(periods), faults })
}

/// Addresses alone are most likely another sheet.
fn says_nothing(header: &Header) -> Fault {
    let names: Vec<&str> = COLUMNS[1..].iter().map(|column| column.name).collect();
    let expected = format!("this column or another one that says something of people: {}", names.join(", "));
    Fault { line: 1, column: Some(header.fault_column(&TEAM)), found: None, expected }
}

fn period(line: &Line<'_>) -> Result<PersonPeriod, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut kept = |fault: Fault| faults.push(fault);
    let email = line.read(&EMAIL, email::EXPECTED, email::read).map_err(&mut kept);
    let aliases = line.read(&ALIASES, "addresses such as ada@example.com, and nothing else", addresses);
    let aliases = aliases.map_err(&mut kept);
    let valid_from = day(line, &VALID_FROM).map_err(&mut kept);
    let valid_to = day(line, &VALID_TO).map_err(&mut kept);
    if let (Ok(Some(from)), Ok(Some(to))) = (&valid_from, &valid_to)
        && to < from
    {
        kept(line.fault(&VALID_TO, format!("a day that is not before {from}, where the period begins")));
    }
    let (Ok(email), Ok(mut aliases), Ok(valid_from), Ok(valid_to), true) =
        (email, aliases, valid_from, valid_to, faults.is_empty())
    else {
        return Err(faults);
    };
    aliases.retain(|alias| *alias != email);
    let text = |column| text(line.cell(column));
    Ok(PersonPeriod {
        email: email.into_owned(),
        aliases,
        name: text(&NAME),
        team: text(&TEAM),
        cost_center: text(&COST_CENTER),
        manager: text(&MANAGER).map(|manager| email::read(&manager).map_or(manager.clone(), Cow::into_owned)),
        claude_seat: text(&CLAUDE_SEAT),
        cursor_seat: text(&CURSOR_SEAT),
        valid_from,
        valid_to,
        line: line.number,
    })
}

/// In one line, with one space between its words.
fn text(cell: &str) -> Option<String> {
    let text = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text).filter(|text| !text.is_empty())
}

/// The addresses of a cell, each once; `None` if something else stands there.
fn addresses(cell: &str) -> Option<Vec<String>> {
    let parts = cell.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|part| !part.is_empty());
    let mut addresses = parts.map(|part| Some(email::read(part)?.into_owned())).collect::<Option<Vec<String>>>()?;
    addresses.sort();
    addresses.dedup();
    Some(addresses)
}

fn day(line: &Line<'_>, column: &Column) -> Result<Option<Day>, Fault> {
    match line.cell(column) {
        "" => Ok(None),
        cell => match cell.parse::<Day>() {
            Ok(day) if day < first_day() => Err(line.fault(column, "a day of 1900 or later, or nothing")),
            Ok(day) => Ok(Some(day)),
            Err(_) => Err(line.fault(column, written_day::expected(cell))),
        },
    }
}

/// Earlier ones are what programs write for no day, and not every warehouse has them.
fn first_day() -> Day {
    Day::new(1900, 1, 1).expect("invariant: a day of the calendar")
}
