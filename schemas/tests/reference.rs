//! The page of tables and views that is committed says what the schemas say.

use everycent_schemas::reference;

const WRITE: &str = "EVERYCENT_DOCS";

#[test]
fn the_committed_page_is_that_of_the_schemas() {
    // Cargo runs tests in the folder of their package.
    let path = "../docs/tables.md";
    if std::env::var(WRITE).is_ok_and(|value| value == "write") {
        std::fs::write(path, reference::page()).expect("a folder of documents");
    }
    let committed = std::fs::read_to_string(path).expect("a page");
    assert!(committed == reference::page(), "docs/tables.md is not what the schemas say: run `make docs`");
}
