//! Every right that the Terraform of the deployment gives is a row of the table in docs/security.md, and no row is without
//! one: a right that is given in passing fails here.
#![allow(clippy::unwrap_used)]

#[path = "least_privilege/terraform.rs"]
mod terraform;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use terraform::{Right, rights, roles};

fn repository(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../..")).join(path)
}

/// Rows of the table under a heading of docs/security.md, without its head.
fn rows_under(heading: &str) -> BTreeSet<Vec<String>> {
    let text = fs::read_to_string(repository("docs/security.md")).unwrap();
    let section = text.split(&format!("## {heading}\n")).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
    let lines = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    lines.skip(2).map(cells).collect()
}

#[track_caller]
fn assert_same(documented: &BTreeSet<Vec<String>>, given: &BTreeSet<Vec<String>>) {
    let shown =
        |rows: Vec<&Vec<String>>| rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect::<String>();
    let not_documented = shown(given.difference(documented).collect());
    let not_given = shown(documented.difference(given).collect());
    assert!(
        not_documented.is_empty() && not_given.is_empty(),
        "given by infra/terraform and not in docs/security.md:\n{not_documented}\nin docs/security.md and not given:\n{not_given}"
    );
}

fn given() -> Vec<Right> {
    rights(&repository("infra/terraform"))
}

#[test]
fn each_right_that_terraform_gives_is_a_row_of_the_table_and_each_row_is_given() {
    let given = given().into_iter().map(|right| vec![right.who, right.role, right.on, right.name]).collect();
    assert_same(&rows_under("Who may do what on Google Cloud"), &given);
}

#[test]
fn each_role_of_our_own_is_a_row_with_all_its_permissions() {
    let given = roles(&repository("infra/terraform"));
    assert_same(&rows_under("Roles of our own"), &given);
}

#[test]
fn nobody_but_the_fetcher_reads_a_key() {
    let keys: Vec<Right> = given().into_iter().filter(|right| right.on.contains("vendor_key")).collect();
    assert_eq!(keys.iter().map(|right| right.who.as_str()).collect::<Vec<_>>(), ["fetcher"]);
}

#[test]
fn the_operator_can_neither_make_an_answer_nor_announce_rows() {
    let operators: Vec<Right> = given().into_iter().filter(|right| right.who == "operator").collect();
    let creates = operators.iter().filter(|right| right.role == "storage.objectCreator" && !right.name.contains("raw"));
    let places: Vec<&str> = creates.map(|right| right.on.as_str()).collect();
    assert_eq!(places, ["objects, decisions_only", "objects, uploads_only"]);
    let publishes = operators.iter().find(|right| right.role == "pubsub.publisher").unwrap();
    assert!(!publishes.on.contains("batch-normalized") && !publishes.on.contains("batch-merged"), "{publishes:?}");
    let writes = operators.iter().find(|right| right.role == "row_writer").unwrap();
    assert_eq!(writes.name, "operator_writes_verdicts");
    // Whatever can make answers anew is asked for by a variable.
    let terraform = fs::read_to_string(repository("infra/terraform/access_store.tf")).unwrap();
    let mending = terraform.split("mending = {").nth(1).unwrap();
    assert!(mending.split("} :").next().unwrap().contains("operator-creates-raw"));
    assert!(mending.contains("if var.operators_may_prune"));
}

#[test]
fn the_dataset_names_its_readers_and_no_right_is_a_basic_role() {
    let given = given();
    let of_dataset: Vec<&str> =
        given.iter().filter(|right| right.on == "dataset").map(|right| right.who.as_str()).collect();
    assert_eq!(of_dataset, ["loader", "operator", "owners of the project", "readers"]);
    for right in &given {
        let basic =
            ["owner", "editor", "viewer", "storage.admin", "pubsub.editor", "bigquery.admin", "bigquery.dataEditor"];
        assert!(!basic.contains(&right.role.as_str()), "{right:?}");
        assert!(!right.who.contains("allUsers") && !right.who.contains("projectReaders"), "{right:?}");
    }
}
