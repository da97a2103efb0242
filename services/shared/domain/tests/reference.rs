//! The committed pages that list the reports say what the catalog says.
#![allow(clippy::unwrap_used)]

use std::fs;

use everycent_domain::reference;

const WRITE: &str = "EVERYCENT_DOCS";
const BEGIN: &str = "<!-- sources: written by `make docs` -->\n";
const END: &str = "<!-- /sources -->\n";

/// Cargo runs tests in the folder of their package.
fn check(path: &str, wanted: impl Fn(&str) -> String) {
    let path = format!("../../../{path}");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(&committed);
    if std::env::var(WRITE).is_ok_and(|value| value == "write") {
        fs::write(&path, &wanted).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == wanted, "{path} is not what the catalog says: run `make docs`");
}

#[test]
fn the_table_of_sources_is_that_of_the_catalog() {
    check("docs/configuration.md", |page| {
        let (before, rest) = page.split_once(BEGIN).expect("the page has the mark where the table begins");
        let (_, after) = rest.split_once(END).expect("the page has the mark where the table ends");
        format!("{before}{BEGIN}{}{END}{after}", reference::sources())
    });
}

#[test]
fn terraform_knows_the_reports_of_the_catalog() {
    check("infra/terraform/reports.json", |_| reference::terraform());
}
