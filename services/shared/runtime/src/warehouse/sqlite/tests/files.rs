//! Whose file it is, what migrations do to it, and what readers may do.

use std::path::Path;

use bytes::Bytes;
use everycent_domain::merge_plan::MergeInput;
use everycent_domain::objects::ObjectName;
use everycent_domain::sql::sqlite::table_merge;
use everycent_schemas::{tables, views};
use rusqlite::Connection;
use tokio::sync::Notify;

use super::*;
use crate::store::{Created, Store, StoreError};
use crate::warehouse::WarehouseError;
use crate::warehouse::conformance::world::{Answer, RowStore, acme, at, costs, coverage, day, held};

fn refusal<T: std::fmt::Debug>(outcome: Result<T, WarehouseError>) -> String {
    match outcome {
        Err(error @ WarehouseError::Refused { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_names(message: &str, path: &Path, what: &str) {
    assert!(message.contains(&path.display().to_string()) && message.contains(what), "{message}");
}

#[test]
fn a_file_of_something_else_is_left_alone_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.sqlite");
    let text = "no database, but long enough to look at: ".repeat(50);
    std::fs::write(&garbage, &text).unwrap();
    assert_names(&refusal(SqliteWarehouse::open(&garbage)), &garbage, "it is no SQLite file");
    assert_eq!(std::fs::read_to_string(&garbage).unwrap(), text);

    let foreign = folder.path().join("foreign.sqlite");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert_names(&refusal(SqliteWarehouse::open(&foreign)), &foreign, "another program");

    let later = folder.path().join("later.sqlite");
    drop(SqliteWarehouse::open(&later).unwrap());
    Connection::open(&later).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
    assert_names(&refusal(SqliteWarehouse::open(&later)), &later, "upgrade this program");

    let missing = folder.path().join("missing").join("x.sqlite");
    assert_names(&refusal(SqliteWarehouse::open(&missing)), &missing, "can't be opened");
    assert_names(&refusal(SqliteWarehouse::open_read_only(&missing)), &missing, "can't be opened");
}

#[tokio::test]
async fn a_damaged_file_is_named_when_it_is_met() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    SqliteWarehouse::open(&path).unwrap().migrate().await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[100..8192].fill(0xff);
    std::fs::write(&path, &bytes).unwrap();
    assert_names(&refusal(SqliteWarehouse::open(&path)), &path, "damaged");

    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let outcome = match SqliteWarehouse::open(&path) {
        Ok(warehouse) => warehouse.coverage(day(0), day(1)).await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert_names(&refusal(outcome), &path, "damaged");
}

#[tokio::test]
async fn a_closed_file_is_whole_without_a_log_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let (warehouse, store) = (SqliteWarehouse::open(&path).unwrap(), RowStore::default());
    warehouse.migrate().await.unwrap();
    store.merge(&warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    drop(warehouse);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["x.sqlite"]);
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_an_old_view_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let warehouse = SqliteWarehouse::open(&path).unwrap();
    warehouse.migrate().await.unwrap();
    let other = Connection::open(&path).unwrap();
    let schema_version = || other.query_row("PRAGMA schema_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let before = schema_version();
    warehouse.migrate().await.unwrap();
    assert_eq!(schema_version(), before);

    other.execute_batch("DROP VIEW claude_expenses; CREATE VIEW claude_expenses AS SELECT 1 AS old").unwrap();
    other.execute_batch("CREATE VIEW theirs AS SELECT 1 AS one").unwrap();
    warehouse.migrate().await.unwrap();
    other.prepare("SELECT cost_usd FROM claude_expenses").unwrap();
    other.prepare("SELECT one FROM theirs").unwrap();
}

#[tokio::test]
async fn a_missing_nullable_column_is_added_and_its_view_follows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let warehouse = SqliteWarehouse::open(&path).unwrap();
    warehouse.migrate().await.unwrap();
    let other = Connection::open(&path).unwrap();
    for view in views::all() {
        let older = format!("DROP VIEW {0}; DROP VIEW IF EXISTS {0}_nano;", view.name);
        other.execute_batch(&older).unwrap();
    }
    let older = "DROP VIEW claude_costs; CREATE VIEW claude_costs AS SELECT row_id FROM claude_costs_nano;
                 ALTER TABLE claude_costs_nano DROP COLUMN service_tier;";
    other.execute_batch(older).unwrap();
    warehouse.migrate().await.unwrap();
    other.prepare("SELECT service_tier, amount_usd FROM claude_costs").unwrap();

    let store = RowStore::default();
    store.merge(&warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    assert_eq!(acme(&warehouse).await, held(&[(0, "a", 1)]));
}

#[tokio::test]
async fn a_column_that_need_no_longer_be_filled_may_be_empty_and_the_rows_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let warehouse = SqliteWarehouse::open(&path).unwrap();
    warehouse.migrate().await.unwrap();
    let other = Connection::open(&path).unwrap();
    let (create, columns): (String, i64) = other
        .query_row(
            "SELECT sql, (SELECT COUNT(*) FROM pragma_table_info('dim_users')) FROM sqlite_schema WHERE name = 'dim_users'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let older = create.replace("  email TEXT,", "  email TEXT NOT NULL,");
    assert_ne!(older, create);
    other.execute_batch(&format!("DROP TABLE dim_users; {older};")).unwrap();
    // A newer version was here in between.
    other.execute_batch("ALTER TABLE dim_users ADD COLUMN newer TEXT").unwrap();
    let insert = "INSERT INTO dim_users (organization_id, user_id, email, last_seen_at, snapshot_id, fetched_at, \
                  ingestion_timestamp, newer) VALUES ('acme', ?1, ?2, '', '', '', '', 'n')";
    other.execute(insert, ["user_1", "a@example.com"]).unwrap();
    assert!(other.execute(insert, rusqlite::params!["user_2", rusqlite::types::Null]).is_err());

    for _ in 0..2 {
        warehouse.migrate().await.unwrap();
    }
    other.execute(insert, rusqlite::params!["user_2", rusqlite::types::Null]).unwrap();
    let kept = other.query_row("SELECT email || newer FROM dim_users WHERE user_id = 'user_1'", [], |row| row.get(0));
    assert_eq!(kept, Ok("a@example.comn".to_owned()));
    let now: i64 =
        other.query_row("SELECT COUNT(*) FROM pragma_table_info('dim_users')", [], |row| row.get(0)).unwrap();
    assert_eq!(now, columns + 1);
    other.prepare("SELECT * FROM cursor_expenses").unwrap();
}

#[tokio::test]
async fn a_column_that_a_newer_version_added_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let (warehouse, store) = (SqliteWarehouse::open(&path).unwrap(), RowStore::default());
    warehouse.migrate().await.unwrap();
    let other = Connection::open(&path).unwrap();
    for table in ["claude_costs_nano", "claude_cost_totals_nano", "coverage_nano"] {
        other.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN newer TEXT")).unwrap();
    }
    warehouse.migrate().await.unwrap();
    store.merge(&warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    assert_eq!(acme(&warehouse).await, held(&[(0, "a", 1)]));
}

#[tokio::test]
async fn a_table_that_differs_from_its_schema_is_refused_with_the_difference() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let warehouse = SqliteWarehouse::open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE reconciliation (check_id TEXT NOT NULL PRIMARY KEY, mine TEXT NOT NULL)")
        .unwrap();
    let message = refusal(warehouse.migrate().await);
    assert_names(&message, &path, "table reconciliation differs from its schema");
    assert!(message.contains("lacks `verdict TEXT NOT NULL`"), "{message}");
    assert!(message.contains("has `mine TEXT NOT NULL`, which is not known here"), "{message}");
    let tables: i64 = other.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 2, "the table and its index, and nothing of ours");
}

#[tokio::test]
async fn a_file_opened_to_be_read_answers_and_refuses_every_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let (warehouse, store) = (SqliteWarehouse::open(&path).unwrap(), RowStore::default());
    warehouse.migrate().await.unwrap();
    store.merge(&warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();

    let reader = SqliteWarehouse::open_read_only(&path).unwrap();
    assert_eq!(acme(&reader).await, held(&[(0, "a", 1)]));
    assert_eq!(coverage(&reader).await.len(), 1);
    assert_names(&refusal(reader.migrate().await), &path, "read only");
    assert_names(&refusal(reader.merge(&store, MergeInput::of(&[]), at(1)).await), &path, "read only");
}

#[tokio::test]
async fn a_file_of_an_earlier_release_can_be_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let (warehouse, store) = (SqliteWarehouse::open(&path).unwrap(), RowStore::default());
    warehouse.migrate().await.unwrap();
    store.merge(&warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    drop(warehouse);
    let older = "DROP VIEW coverage; ALTER TABLE coverage_nano DROP COLUMN newest_fetched_at; DROP TABLE answers_nano;
                 DROP VIEW answers;";
    Connection::open(&path).unwrap().execute_batch(older).unwrap();

    let reader = SqliteWarehouse::open_read_only(&path).unwrap();
    assert_eq!(coverage(&reader).await.len(), 1);
    assert_eq!(acme(&reader).await, held(&[(0, "a", 1)]));
    assert_names(&refusal(reader.migrate().await), &path, "read only");
}

#[tokio::test]
async fn a_query_can_only_read_and_only_exact_amounts() {
    let warehouse = Folder::new().warehouse().await;
    for template in ["DELETE FROM [[table:claude_costs]]", "DROP VIEW claude_expenses", "CREATE TABLE x (y)"] {
        refusal(warehouse.query(template).await);
    }
    refusal(warehouse.query("SELECT 1; SELECT 2").await);
    refusal(warehouse.query("SELECT * FROM [[table:nothing]]").await);
    let message = refusal(warehouse.query("SELECT 1.5 AS cost_usd").await);
    assert!(message.contains("cost_usd is a rounded amount"), "{message}");
}

/// Never answers, and tells when it was asked.
#[derive(Debug, Default)]
struct Hanging(Notify);

#[async_trait]
impl Store for Hanging {
    async fn create(&self, _: &ObjectName, _: Bytes) -> Result<Created, StoreError> {
        Ok(Created::New)
    }

    async fn read(&self, _: &ObjectName) -> Result<Bytes, StoreError> {
        self.0.notify_one();
        std::future::pending().await
    }

    async fn delete(&self, _: &ObjectName) -> Result<(), StoreError> {
        Ok(())
    }

    async fn list(&self, _: &str, _: Option<&ObjectName>, _: usize) -> Result<Vec<ObjectName>, StoreError> {
        Ok(vec![])
    }

    fn address(&self) -> String {
        "hanging".into()
    }
}

#[tokio::test]
async fn a_merge_that_its_caller_gave_up_leaves_nothing_and_blocks_nobody() {
    let (warehouse, rows, hanging) = (Folder::new().warehouse().await, RowStore::default(), Hanging::default());
    let batch = rows.batch(&Answer::new("s1", 10, (0, 0), &[(0, "a", 1)]));
    tokio::select! {
        outcome = warehouse.merge(&hanging, MergeInput::of(std::slice::from_ref(&batch)), at(1)) => panic!("{outcome:?}"),
        () = hanging.0.notified() => {}
    }
    assert!(costs(&*warehouse).await.is_empty());
    warehouse.merge(&rows, MergeInput::of(&[batch]), at(1)).await.unwrap();
    assert_eq!(acme(&*warehouse).await, held(&[(0, "a", 1)]));
}

#[tokio::test]
async fn what_a_merge_asks_of_a_bucket_reads_no_other_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    SqliteWarehouse::open(&path).unwrap().migrate().await.unwrap();
    let connection = Connection::open(&path).unwrap();
    for table in tables::fed_by("anthropic/cost_report") {
        let statements = table_merge(table);
        connection.execute_batch(&statements.create_noted).unwrap();
        for statement in [&statements.is_occupied, &statements.delete] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let bound = vec!["x"; explain.parameter_count()];
            let steps: Vec<String> = explain
                .query_map(rusqlite::params_from_iter(bound), |row| row.get("detail"))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let scans = steps.iter().filter(|step| step.starts_with("SCAN") && !step.contains("CONSTANT ROW"));
            assert_eq!(scans.count(), 0, "{steps:?}");
        }
    }
}
