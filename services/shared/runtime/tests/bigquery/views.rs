//! Every view, on the same rows as in SQLite.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::conformance::money::merge_a_world;
use everycent_runtime::warehouse::conformance::world::{Answer, RowStore};
use everycent_runtime::warehouse::{SqliteWarehouse, Warehouse, differing_charges, stale_charges};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::{Day, views};

use super::world::world;

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn every_view_gives_the_rows_that_it_gives_in_sqlite() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let (ours, store) = (SqliteWarehouse::open(&folder.path().join("x.sqlite")).unwrap(), RowStore::default());
    ours.migrate().await.unwrap();
    let theirs = world.warehouse().await;
    let costs = [(0, "a", 1), (0, "b", 37_338_000), (1, "a", 1_234_567_890_123_456_789), (31, "a", -5)];
    let answers = [
        Answer { rejects: vec![(1, "r")], ..Answer::new("s1", 10, (0, 31), &costs) },
        Answer { account: "other", ..Answer::new("s2", 20, (0, 1), &costs[..3]) },
    ];
    for warehouse in [&ours as &dyn Warehouse, &theirs] {
        store.merge(warehouse, &answers).await.unwrap();
    }
    let mut rows = 0;
    for view in views::all() {
        let found = rows_of(&theirs, view.name).await;
        assert_eq!(found, rows_of(&ours, view.name).await, "{}", view.name);
        rows += found.len();
    }
    assert!(rows > 0);
}

/// A world with restatements in the middle of billing cycles, on plans of both kinds.
#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn charges_and_their_sums_are_those_of_sqlite_to_the_nano_dollar() {
    const DERIVED: [&str; 4] = ["charges", "spend_daily", "spend_monthly", "derived"];
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let ours = SqliteWarehouse::open(&folder.path().join("x.sqlite")).unwrap();
    ours.migrate().await.unwrap();
    let theirs = world.warehouse().await;
    merge_a_world(&ours, 0).await;
    merge_a_world(&theirs, 0).await;
    for name in DERIVED.into_iter().chain(views::all().iter().map(|view| view.name)) {
        let (ours, theirs) = (rows_of(&ours, name).await, rows_of(&theirs, name).await);
        assert!(!ours.is_empty(), "{name}");
        let strange: Vec<&String> = theirs.iter().filter(|row| !ours.contains(row)).take(3).collect();
        let missing: Vec<&String> = ours.iter().filter(|row| !theirs.contains(row)).take(3).collect();
        assert!(ours == theirs, "{name}: {strange:#?} for {missing:#?}");
    }
    assert_eq!(stale_charges(&theirs).await.unwrap(), BTreeSet::new());
    let days = Window::new(Day::new(2025, 9, 1).unwrap(), Day::new(2025, 12, 31).unwrap()).unwrap();
    for (vendor, account) in [(Vendor::Cursor, "world-0-0"), (Vendor::Anthropic, "world-0-3")] {
        assert_eq!(differing_charges(&theirs, vendor, &account.into(), days).await.unwrap(), BTreeMap::new());
    }
}

/// In an order that is the same everywhere.
async fn rows_of(warehouse: &dyn Warehouse, view: &str) -> Vec<String> {
    let rows = warehouse.query(&format!("SELECT * FROM [[table:{view}]]")).await.unwrap().rows;
    let mut rows: Vec<String> =
        rows.iter().map(|row| format!("{:?}", row.iter().map(plain).collect::<Vec<_>>())).collect();
    rows.sort_unstable();
    rows
}

/// SQLite keeps booleans as integers, and a ratio may be written with a zero after the point or without.
fn plain(cell: &Cell) -> Cell {
    match cell {
        Cell::Boolean(value) => Cell::Integer((*value).into()),
        Cell::Text(text) => Cell::Text(text.strip_suffix(".0").unwrap_or(text).to_owned()),
        other => other.clone(),
    }
}
