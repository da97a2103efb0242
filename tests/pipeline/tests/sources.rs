//! The reference model has to know whatever the pipeline knows: a report that it forgets is one that nobody checks.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use everycent_pipeline_tests::model::{Absence, Report, Time};
use everycent_pipeline_tests::pipeline::source_names;
use everycent_schemas::tables::{self, Table};

/// Tables that the model works out for every source alike.
const OF_EVERY_SOURCE: [&str; 2] = ["rejected_records", "remarks"];

fn model_of(table: &Table) -> Option<&'static Report> {
    Report::ALL.into_iter().find(|report| report.tables.contains(&table.name))
}

/// The tables that sources feed, apart from those of every source, and from what is remembered of a sticky column, which
/// shows in the rows of that.
fn fed_tables() -> impl Iterator<Item = &'static Table> {
    let is_of_one = |table: &&Table| !table.sources.is_empty() && !OF_EVERY_SOURCE.contains(&table.name);
    tables::all().iter().filter(is_of_one).filter(|table| !table.is_beside())
}

#[test]
fn the_model_knows_every_source_of_the_pipeline() {
    let known: BTreeSet<&str> = Report::ALL.iter().map(|report| report.source).collect();
    let sources: BTreeSet<&str> = source_names().into_iter().collect();
    let forgotten: Vec<&&str> = sources.difference(&known).collect();
    assert!(
        forgotten.is_empty(),
        "no property test checks {forgotten:?}: say in a file under tests/pipeline/src/model/reports what its tables \
         hold, and name it in Report::ALL"
    );
    let gone: Vec<&&str> = known.difference(&sources).collect();
    assert!(gone.is_empty(), "the pipeline knows no {gone:?} any more");
}

#[test]
fn the_model_knows_every_table_that_a_source_feeds_and_by_which_source() {
    for table in fed_tables() {
        let report = model_of(table).unwrap_or_else(|| panic!("no report of the model has the table {}", table.name));
        assert_eq!(table.sources, [report.source], "{}", table.name);
    }
    let tables: usize = Report::ALL.iter().map(|report| report.tables.len()).sum();
    assert_eq!(tables, fed_tables().count(), "a report of the model names a table that no source feeds");
}

#[test]
fn the_model_keeps_the_rows_that_the_tables_keep() {
    for table in fed_tables() {
        let kept = model_of(table).is_some_and(|report| report.absence != Absence::Deleted);
        assert_eq!(kept, table.absence == tables::Absence::Keep, "{}", table.name);
    }
}

#[test]
fn a_sheet_is_never_asked_for() {
    for report in Report::ALL {
        let is_sheet = report.source.starts_with("upload/");
        assert_eq!(report.time == Time::Uploaded, is_sheet, "{report:?}");
        assert_eq!(report.is_asked(), !is_sheet, "{report:?}");
    }
}
