//! Whatever bytes a page has: every report gives rows, rejects or a fault, never a panic, a stop, or the loss of a
//! neighbour that reads. A page that the paging accepts always gives a batch, so that no window ends as a dead letter.
//!
//! It goes over the list of reports, so a new one is covered by itself. `EVERYCENT_HOSTILE_PAGES` sets the number of pages
//! of each report.
#![allow(clippy::unwrap_used)]

#[path = "hostile_pages/mutation.rs"]
mod mutation;
#[path = "hostile_pages/reading.rs"]
mod reading;
#[path = "hostile_pages/sample.rs"]
mod sample;

use everycent_domain::rows::ROW_BYTES_MAX;
use mutation::{Mutation, any_mutation};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use reading::{Made, Reading, read};
use sample::{Sample, samples};

const PAGES: u32 = 48;

fn pages() -> u32 {
    std::env::var("EVERYCENT_HOSTILE_PAGES").map_or(PAGES, |pages| pages.parse().unwrap())
}

#[test]
fn no_bytes_of_a_page_cost_more_than_the_record_that_they_are_in() {
    for sample in samples() {
        let whole = read(&sample, &sample.page);
        let Reading { covered: Some(_), made: Ok(made) } = &whole else { panic!("{}: {whole:?}", sample.name) };
        assert!(made.rows > 0, "{}: the page as it came gives no rows", sample.name);
        let config = Config { cases: pages(), failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&any_mutation(), |mutation| check(&sample, &mutation));
        outcome.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
    }
}

#[test]
fn a_text_of_megabytes_goes_into_no_table() {
    let mut rejects = 0;
    for sample in samples() {
        for mutated in mutation::with_long_texts(&sample.page, ROW_BYTES_MAX + 1) {
            let made = read(&sample, &mutated.page).made.unwrap();
            assert!(made.longest_text <= ROW_BYTES_MAX, "{}: {} bytes", sample.name, made.longest_text);
            let neighbours = read(&sample, &mutated.without.unwrap()).made.unwrap();
            assert!(made.rows >= neighbours.rows, "{}", sample.name);
            rejects += made.rejects;
        }
    }
    assert!(rejects > 0, "no text was too long");
}

fn check(sample: &Sample, mutation: &Mutation) -> Result<(), TestCaseError> {
    let Some(mutated) = mutation.apply(&sample.page) else { return Ok(()) };
    let reading = read(sample, &mutated.page);
    let fail = |why: &str| {
        let page = String::from_utf8_lossy(&mutated.page).chars().take(4000).collect::<String>();
        TestCaseError::fail(format!("{why}: {reading:?}\n{page}"))
    };
    if reading.covered.is_some() && reading.made.is_err() {
        return Err(fail("what the paging accepts gives no batch"));
    }
    let Some(without) = &mutated.without else { return Ok(()) };
    let (Reading { made: Ok(neighbours), .. }, Ok(made)) = (read(sample, without), &reading.made) else {
        return Err(fail("a value of one record costs the page"));
    };
    if reading.covered.is_none() {
        return Err(fail("a value of one record costs the window"));
    }
    let is_there = |(table, rows): (&String, &i64)| made.by_table.get(table).copied().unwrap_or_default() >= *rows;
    if !neighbours.by_table.iter().filter(|(table, _)| !Made::is_beside(table)).all(is_there) {
        return Err(fail("a neighbour that reads is lost"));
    }
    if made.rejects > neighbours.rejects + 1 {
        return Err(fail("a neighbour that reads is rejected"));
    }
    Ok(())
}
