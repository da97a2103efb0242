//! Every view, on the same rows as in SQLite.

use everycent_runtime::warehouse::conformance::world::{Answer, RowStore};
use everycent_runtime::warehouse::{SqliteWarehouse, Warehouse};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::views;

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

/// In an order that is the same everywhere.
async fn rows_of(warehouse: &dyn Warehouse, view: &str) -> Vec<String> {
    let rows = warehouse.query(&format!("SELECT * FROM [[table:{view}]]")).await.unwrap().rows;
    let mut rows: Vec<String> =
        rows.iter().map(|row| format!("{:?}", row.iter().map(plain).collect::<Vec<_>>())).collect();
    rows.sort_unstable();
    rows
}

/// SQLite keeps booleans as integers.
fn plain(cell: &Cell) -> Cell {
    match cell {
        Cell::Boolean(value) => Cell::Integer((*value).into()),
        other => other.clone(),
    }
}
