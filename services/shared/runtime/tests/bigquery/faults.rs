//! Replies that were lost, loaders that meet, and permissions that are missing.

use axum::http::Method;
use everycent_domain::merge_plan::MergeInput;
use everycent_runtime::store::Store;
use everycent_runtime::warehouse::conformance::world::{Answer, RowStore, acme, at, changes, coverage, day, held};
use everycent_runtime::warehouse::{Merged, Warehouse, WarehouseError};
use everycent_schemas::events::BatchNormalized;
use tokio::runtime::Handle;

use super::uploading::Uploading;
use super::world::{warehouse_at, world};
use crate::proxy::{Fault, Proxy, Which};

/// The job of a merge, and that of a load.
const MERGE: Which = (Method::POST, "BEGIN TRANSACTION");
const LOAD: Which = (Method::POST, "sourceUris");

const BUSY: Fault = Fault::Status(503, r#"{"error":{"code":503,"message":"busy","errors":[],"status":"UNAVAILABLE"}}"#);
/// As BigQuery says it.
const DENIED: Fault = Fault::Status(
    403,
    r#"{"error":{"code":403,"message":"Access Denied: Table p:d.t: Permission bigquery.tables.updateData denied on table p:d.t (or it may not exist).","errors":[{"message":"m","domain":"global","reason":"accessDenied"}],"status":"PERMISSION_DENIED"}}"#,
);

/// A warehouse that is reached by a proxy.
async fn behind_a_proxy() -> (Proxy, Uploading) {
    let world = world();
    let proxy = Proxy::before(world.bigquery_url()).await;
    let warehouse = world.warehouse_at(&proxy.url).await;
    (proxy, warehouse)
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_merge_whose_reply_was_lost_is_asked_for_and_not_made_twice() {
    let (proxy, warehouse) = behind_a_proxy().await;
    let store = RowStore::default();
    proxy.plan(MERGE, &[Fault::LostReply]);
    let report = store.merge(&warehouse, &[Answer::new("lost-merge", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    assert_eq!((changes(&report), report.batches[0].won.len()), ((1, 0), 1));
    let jobs = proxy.requests(&MERGE);
    assert!(proxy.is_done() && jobs.len() == 2 && jobs[0] == jobs[1], "the same job is offered again: {jobs:?}");
    assert_eq!(acme(&warehouse).await, held(&[(0, "a", 1)]));
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_load_whose_reply_was_lost_fills_its_table_once() {
    let (proxy, warehouse) = behind_a_proxy().await;
    let store = RowStore::default();
    proxy.plan(LOAD, &[Fault::LostReply]);
    let rows = [(0, "a", 1), (0, "b", 2)];
    let report = store.merge(&warehouse, &[Answer::new("lost-load", 10, (0, 0), &rows)]).await.unwrap();
    assert!(proxy.is_done());
    assert_eq!(changes(&report), (2, 0));
    assert_eq!(acme(&warehouse).await, held(&rows));
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_merge_that_nobody_heard_the_end_of_is_right_to_do_again() {
    let (proxy, warehouse) = behind_a_proxy().await;
    let (store, answer) = (RowStore::default(), Answer::new("unheard", 10, (0, 0), &[(0, "a", 1)]));
    proxy.plan(MERGE, &[Fault::LostReply, BUSY, BUSY, BUSY, BUSY]);
    let error = store.merge(&warehouse, std::slice::from_ref(&answer)).await.unwrap_err();
    assert!(matches!(error, WarehouseError::Unavailable { action: "merge", .. }), "{error:?}");
    assert_eq!(acme(&warehouse).await, held(&[(0, "a", 1)]));
    let again = store.merge(&warehouse, &[answer]).await.unwrap();
    assert_eq!(
        (again.batches, proxy.is_done()),
        (vec![Merged { won: vec![day(0)], lost: vec![], held: vec![] }], true)
    );
    assert_eq!(acme(&warehouse).await, held(&[(0, "a", 1)]));
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_busy_service_is_asked_again() {
    let (proxy, warehouse) = behind_a_proxy().await;
    let store = RowStore::default();
    proxy.plan(LOAD, &[BUSY]);
    proxy.plan(MERGE, &[BUSY, BUSY]);
    let answer = Answer::new("busy", 10, (0, 0), &[(0, "a", 1)]);
    assert_eq!(changes(&store.merge(&warehouse, &[answer]).await.unwrap()), (1, 0));
    assert!(proxy.is_done());
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn loaders_at_the_same_time_end_as_one_after_the_other() {
    let world = world();
    let (first, store) = (world.warehouse().await, RowStore::default());
    let batch = |id, fetched, rows: &[(u32, &'static str, i128)]| store.batch(&Answer::new(id, fetched, (0, 1), rows));
    let older = batch("met-1", 10, &[(0, "a", 1), (1, "b", 1), (1, "x", 1)]);
    let newer = batch("met-2", 20, &[(0, "a", 2), (1, "b", 2)]);
    let there = first.mirrored(&store, &[older.clone(), newer.clone()]).await;
    let merge = async |batch: &BatchNormalized| {
        let own = warehouse_at(&world.bigquery_url(), &first.dataset.name);
        own.merge(&there, MergeInput::of(std::slice::from_ref(batch)), at(1)).await
    };
    let (one, two, three) = tokio::join!(merge(&older), merge(&newer), merge(&newer));
    let reports = [one.unwrap(), two.unwrap(), three.unwrap()];
    assert!(reports[1..].iter().any(|report| report.batches[0].won.len() == 2), "{reports:?}");
    assert_eq!(acme(&first).await, held(&[(0, "a", 2), (1, "b", 2)]));
    let versions: Vec<_> = coverage(&first).await.into_iter().map(|row| row.snapshot_id.unwrap()).collect();
    assert_eq!(versions, ["met-2", "met-2"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_batch_that_another_loader_has_merged_and_forgotten_is_not_one_with_bad_rows() {
    let world = world();
    let (warehouse, store) = (world.warehouse().await, RowStore::default());
    let batch = store.batch(&Answer::new("raced", 10, (0, 0), &[(0, "a", 1)]));
    let batches = std::slice::from_ref(&batch);
    let other = async || {
        warehouse.merge(&store, MergeInput::of(batches), at(1)).await.unwrap();
        for file in &batch.files {
            store.delete(&file.object.parse().unwrap()).await.unwrap();
        }
        warehouse.mirrored(&store, batches).await;
    };
    let there = warehouse.mirrored(&store, batches).await;
    let raced = there.after(|| Handle::current().block_on(other()));
    let late = warehouse_at(&world.bigquery_url(), &warehouse.dataset.name);
    let report = late.merge(&raced, MergeInput::of(batches), at(2)).await.unwrap();
    assert_eq!(report.batches, [Merged { won: vec![day(0)], lost: vec![], held: vec![] }]);
    assert_eq!(acme(&warehouse).await, held(&[(0, "a", 1)]));
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_missing_permission_is_refused_at_once_and_names_itself_and_its_resource() {
    let (proxy, warehouse) = behind_a_proxy().await;
    let (store, answer) = (RowStore::default(), Answer::new("denied", 10, (0, 0), &[(0, "a", 1)]));
    let asked = (Method::POST, "/queries");
    for which in [LOAD, MERGE, asked.clone()] {
        proxy.plan(which.clone(), &[DENIED]);
        let seen = proxy.seen(&which);
        let error = store.merge(&warehouse, std::slice::from_ref(&answer)).await.unwrap_err();
        assert!(matches!(error, WarehouseError::Refused { .. }), "{error:?}");
        for words in ["bigquery.tables.updateData", "table p:d.t", "grant it to the account that this runs as"] {
            assert!(error.to_string().contains(words), "{words} in {error}");
        }
        assert_eq!(proxy.seen(&which), seen + 1, "it is not tried again");
    }
    assert_eq!(changes(&store.merge(&warehouse, &[answer]).await.unwrap()), (1, 0));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable() {
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let warehouse = warehouse_at(&format!("http://{nowhere}"), "nothing");
    let error = warehouse.coverage(day(0), day(1)).await.unwrap_err();
    assert!(matches!(error, WarehouseError::Unavailable { action: "read coverage", .. }), "{error:?}");
}
