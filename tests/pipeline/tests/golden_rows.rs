//! The rows of pages that never change: whoever changes them has to raise the version of the normalizer, or rows that
//! are in the tables would not be made again.
//!
//! The pages lie in `golden_rows/pages`, one for each source: real enough to have twins, unknown values and records
//! that do not read, and none of the simulator's, whose worlds may change. All are of the same three days, in which
//! Cursor's price changes. `golden_rows/rows.csv` has a hash of the rows of each source and table.
#![allow(clippy::unwrap_used)]

#[path = "golden_rows/list.rs"]
mod list;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use everycent_domain::attribution::{DEFAULT_WORKSPACE, Platform, Rule, Rules};
use everycent_domain::identity::sha256_hex;
use everycent_domain::manifest::{FORMAT, Manifest, PageEntry};
use everycent_domain::normalize::Normalizer;
use everycent_domain::objects::{PageForm, SnapshotFolder};
use everycent_domain::prices::{CursorPrice, CursorPrices, CycleDay, Plan};
use everycent_domain::recipe::{NORMALIZER_VERSION, Recipe};
use everycent_domain::window::Window;
use everycent_pipeline_tests::pipeline::source_names;
use everycent_schemas::rowfile::{Cell, RowFileReader};
use everycent_schemas::{Usd, tables};
use list::Line;

const FOLDER: &str = "tests/golden_rows";
const FIRST_DAY: &str = "2025-09-14";
const LAST_DAY: &str = "2025-09-16";
const WRITE: &str = "EVERYCENT_GOLDEN";
/// Columns that tell where a row came from.
const ORIGIN: [&str; 4] = ["snapshot_id", "fetched_at", "ingestion_timestamp", "object"];

fn list_file() -> PathBuf {
    Path::new(FOLDER).join("rows.csv")
}

#[test]
fn the_same_pages_give_the_rows_that_their_version_gave_before() {
    let mut found: Vec<Line> = source_names().into_iter().flat_map(lines_of).collect();
    found.sort();
    let listed = list::read(&std::fs::read_to_string(list_file()).unwrap_or_default());
    if std::env::var(WRITE).is_ok_and(|value| value == "write") {
        let changed = list::changed(&listed, &found);
        assert!(changed.is_empty(), "not written. {}", list::advice(&changed, &[]));
        std::fs::write(list_file(), list::text(&found)).unwrap();
        return;
    }
    let (changed, outdated) = (list::changed(&listed, &found), list::outdated(&listed, &found));
    assert!(changed.is_empty() && outdated.is_empty(), "{}", list::advice(&changed, &outdated));
}

#[test]
fn the_pages_of_a_source_give_rows_of_each_of_its_tables() {
    for source in source_names() {
        let found = lines_of(source);
        for table in tables::fed_by(source).filter(|table| table.sources != ["*"]) {
            let has_rows = found.iter().any(|line| line.table == table.name);
            assert!(has_rows, "{source}: no record of {} becomes a row of {}", page_file(source).display(), table.name);
        }
    }
}

/// What a source's page gives, table by table.
fn lines_of(source: &'static str) -> Vec<Line> {
    let page = std::fs::read(page_file(source)).unwrap_or_else(|error| {
        let path = page_file(source);
        panic!("{source} needs a page of {FIRST_DAY} to {LAST_DAY} in tests/pipeline/{}: {error}", path.display())
    });
    let line = |(table, rows): (String, String)| Line {
        source: source.to_owned(),
        table,
        version: NORMALIZER_VERSION,
        page: sha256_hex(&page)[..16].to_owned(),
        rows: sha256_hex(rows.as_bytes()),
    };
    rows_of(source, &page).into_iter().map(line).collect()
}

fn page_file(source: &str) -> PathBuf {
    let form = if source.starts_with("upload/") { "csv" } else { "json" };
    Path::new(FOLDER).join("pages").join(format!("{source}.{form}"))
}

/// The rows of each table as text, in the order of the files.
fn rows_of(source: &str, page: &[u8]) -> BTreeMap<String, String> {
    let (manifest, recipe) = (manifest(source), recipe());
    let mut normalizer = Normalizer::new(&manifest, &recipe, manifest.fetched_at).unwrap();
    let mut files = normalizer.page(page).unwrap();
    let (last_files, batch) = normalizer.finish().unwrap();
    files.extend(last_files);
    let mut tables: BTreeMap<String, String> = BTreeMap::new();
    for file in &files {
        let table = &batch.files.iter().find(|named| named.object == file.object.as_str()).unwrap().table;
        let rows = tables.entry(table.clone()).or_default();
        let reader = RowFileReader::new(&file.body).unwrap();
        let columns = reader.columns().to_vec();
        for row in reader {
            let cells = columns.iter().zip(row.unwrap()).filter(|(column, _)| !ORIGIN.contains(&column.as_str()));
            rows.extend(cells.map(|(column, cell)| format!("{column}={}\n", text(&cell))));
            rows.push('\n');
        }
    }
    tables
}

/// Spelled out, for nothing else may change it.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Text(text) => format!("\"{text}\""),
        Cell::Money(usd) => usd.to_string(),
    }
}

fn manifest(source: &str) -> Manifest {
    let window = Window::new(FIRST_DAY.parse().unwrap(), LAST_DAY.parse().unwrap()).unwrap();
    let fetched_at = window.to().next().start();
    let folder = SnapshotFolder::new(source, &"acme".into(), window.from(), window.to(), fetched_at, &"snap".into());
    let form = if source.starts_with("upload/") { PageForm::Csv } else { PageForm::Json };
    let page = PageEntry { object: folder.page(1, form), body_bytes: 0, sha256: String::new(), request_id: None };
    Manifest {
        format: FORMAT,
        snapshot_id: "snap".into(),
        source: source.to_owned(),
        account_id: "acme".into(),
        window,
        fetched_at,
        query: serde_json::json!({}),
        covered: window.days().collect(),
        pages: vec![page],
        remarks: vec!["the vendor counts one more".to_owned()],
        awaited: Vec::new(),
        workspaces: None,
        redated_from: None,
    }
}

/// Rules and prices of its own: public prices change, and are no matter of the normalizer.
fn recipe() -> Recipe {
    let some = |text: &str| Some(text.to_owned());
    let price = |from: &str, plan| {
        let seat_usd = Usd::from_nanos(40_000_000_000);
        let (premium_seat_usd, cycle_day) = (Some(Usd::from_nanos(120_000_000_000)), CycleDay::new(15).unwrap());
        (None, CursorPrice { from: from.parse().unwrap(), seat_usd, premium_seat_usd, cycle_day, plan })
    };
    let request_usd = Usd::from_nanos(40_000_000);
    let token_plan = Plan::Token { included_usage_usd: None, token_fee_usd_per_million: None };
    Recipe {
        rules: Rules::new(vec![
            Rule { api_key_id: some("apikey_01A"), ..Rule::new("key", Platform::ClaudeCode) },
            Rule { workspace_id: some(DEFAULT_WORKSPACE), ..Rule::new("default", Platform::ClaudeApi) },
        ]),
        cursor_prices: CursorPrices::overridden([
            price("2022-01-01", Plan::Request { included_requests: 500, request_usd }),
            price("2025-09-16", token_plan),
        ]),
    }
}
