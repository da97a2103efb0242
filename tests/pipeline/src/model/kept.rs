//! Rows that stay when they are no longer told: row by row, the latest answer that has a row decides it.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::heard::Announced;
use super::report::Absence;
use crate::tables::Record;

/// Which row it is: the source, and what tells its rows apart.
type Identity<'a> = (&'static str, Vec<&'a str>);

/// The rows that the announced answers leave, with their tables.
pub(super) fn rows<'a>(
    answers: impl Iterator<Item = (&'a Announced, &'a Answer)>,
) -> impl Iterator<Item = (&'static str, &'a Record)> {
    let mut latest: BTreeMap<Identity<'a>, (&Announced, &'static str, &Record)> = BTreeMap::new();
    for (announced, answer) in answers {
        let wanted = answer.days.iter().filter(|(day, _)| announced.is_about(**day));
        for (table, record) in wanted.flat_map(|(_, rows)| rows) {
            let Some(identity) = identity(announced, answer, record) else { continue };
            let best = latest.entry(identity).or_insert((announced, table, record));
            if best.0.version() < announced.version() {
                *best = (announced, table, record);
            }
        }
    }
    latest.into_values().map(|(_, table, record)| (table, record))
}

/// None for a row that a later answer can take away.
fn identity<'a>(announced: &'a Announced, answer: &Answer, record: &'a Record) -> Option<Identity<'a>> {
    let report = answer.question.report;
    let values = match report.absence {
        Absence::Deleted => return None,
        Absence::Kept(columns) => columns.iter().map(|column| record.get(*column).map_or("", String::as_str)).collect(),
        Absence::KeptOfEveryReading => {
            [announced.object.as_str()].into_iter().chain(record.values().map(String::as_str)).collect()
        }
    };
    Some((report.source, values))
}
