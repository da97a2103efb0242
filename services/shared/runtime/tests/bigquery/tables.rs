//! What migrations do to tables and views, and files of other versions of them.

use apache_avro::types::Value;
use apache_avro::{Codec, Reader, Schema, Writer};
use everycent_domain::merge_plan::MergeInput;
use everycent_emulators::PROJECT;
use everycent_runtime::warehouse::conformance::world::{Answer, RowStore, acme, at, changes, day, held};
use everycent_runtime::warehouse::{Warehouse, WarehouseError};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::views;

use super::world::{World, existing_at, warehouse_at, world};

fn refusal<T: std::fmt::Debug>(outcome: Result<T, WarehouseError>) -> String {
    match outcome {
        Err(error @ WarehouseError::Refused { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A dataset of one's own, and the statements by which somebody changes it by hand.
struct ByHand {
    world: &'static World,
    dataset: String,
}

impl ByHand {
    async fn new(world: &'static World) -> Self {
        let dataset = World::new_name();
        warehouse_at(&world.bigquery_url(), &dataset).migrate().await.unwrap();
        Self { world, dataset }
    }

    async fn run(&self, statement: &str) {
        self.world.run(&statement.replace("OURS.", &format!("{PROJECT}.{}.", self.dataset))).await;
    }

    /// The views go first: the emulator tells the columns of no table while a view is there that asks for one too many.
    async fn drop_service_tier(&self) {
        for view in views::all() {
            self.run(&format!("DROP VIEW IF EXISTS `OURS.{}`", view.name)).await;
        }
        self.run("ALTER TABLE `OURS.claude_costs` DROP COLUMN `service_tier`").await;
    }

    async fn migrate(&self) -> Result<(), WarehouseError> {
        warehouse_at(&self.world.bigquery_url(), &self.dataset).migrate().await
    }
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_missing_dataset_is_named_and_not_made_unasked() {
    let world = world();
    let warehouse = existing_at(&world.bigquery_url(), "never_made");
    let message = refusal(warehouse.migrate().await);
    assert!(message.contains(&format!("dataset {PROJECT}.never_made is missing; create it")), "{message}");
    let message = refusal(warehouse.coverage(day(0), day(0)).await);
    assert!(message.contains("never_made"), "{message}");
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_table_changed_by_hand_is_refused_with_the_difference_until_it_is_put_right() {
    let world = world();
    let theirs = ByHand::new(world).await;
    theirs.run("CREATE TABLE `OURS.theirs` (x INT64)").await;
    theirs.drop_service_tier().await;
    theirs.migrate().await.unwrap();

    theirs.drop_service_tier().await;
    theirs.run("ALTER TABLE `OURS.reconciliation` DROP COLUMN `verdict`").await;
    let message = refusal(theirs.migrate().await);
    let table = format!("table {PROJECT}.{}.reconciliation differs from its schema", theirs.dataset);
    for words in [&table, "lacks `verdict STRING NOT NULL, number 2 of clustering`"] {
        assert!(message.contains(words), "{words} in {message}");
    }
    let still = theirs.world.run(&format!("SELECT * FROM `{PROJECT}.{}.claude_costs`", theirs.dataset)).await;
    assert!(!still["schema"].to_string().contains("service_tier"), "a refusal changes nothing");

    theirs.run("DROP TABLE `OURS.reconciliation`").await;
    theirs.run("CREATE VIEW `OURS.reconciliation` AS SELECT 1 AS one").await;
    let message = refusal(theirs.migrate().await);
    assert!(message.contains("reconciliation is a VIEW, where a table belongs"), "{message}");

    theirs.run("DROP VIEW `OURS.reconciliation`").await;
    theirs.run("CREATE TABLE `OURS.parts` AS SELECT * FROM `OURS.coverage`").await;
    theirs.run("DROP TABLE `OURS.coverage`").await;
    theirs.run("CREATE TABLE `OURS.coverage` AS SELECT * FROM `OURS.parts`").await;
    let message = refusal(theirs.migrate().await);
    let day = "wants `activity_date DATE NOT NULL, by which it is partitioned`";
    assert!(message.contains("has `activity_date DATE") && message.contains(day), "{message}");

    theirs.run("DROP TABLE `OURS.coverage`").await;
    theirs.migrate().await.unwrap();
    theirs.run("SELECT service_tier FROM `OURS.claude_costs`").await;
    theirs.run("SELECT x FROM `OURS.theirs`").await;
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_column_that_a_newer_version_added_is_left_alone() {
    let world = world();
    let (warehouse, store) = (world.warehouse().await, RowStore::default());
    let alter = async |what: &str| {
        for table in ["claude_costs", "claude_cost_totals", "coverage"] {
            world.run(&format!("ALTER TABLE `{PROJECT}.{}.{table}` {what}", warehouse.dataset.name)).await;
        }
    };
    alter("ADD COLUMN `newer` STRING").await;
    warehouse.migrate().await.unwrap();
    store.merge(&warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    assert_eq!(acme(&warehouse).await, held(&[(0, "a", 1)]));
    alter("DROP COLUMN `newer`").await;
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_warehouse_opened_to_be_read_refuses_every_change() {
    let world = world();
    let (warehouse, store) = (world.warehouse().await, RowStore::default());
    store.merge(&warehouse, &[Answer::new("s1", 10, (0, 0), &[(0, "a", 1)])]).await.unwrap();
    let reader = warehouse_at(&world.bigquery_url(), &warehouse.dataset.name).read_only();
    assert_eq!(acme(&reader).await, held(&[(0, "a", 1)]));
    let refusals = [
        reader.migrate().await,
        reader.merge(&store, MergeInput::of(&[]), at(1)).await.map(drop),
        reader.record_failures(&[]).await,
        reader.store_verdicts(&[], at(1)).await,
    ];
    for outcome in refusals {
        assert!(refusal(outcome).contains("was opened to be read only"));
    }
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_query_can_only_read_and_only_exact_amounts() {
    let world = world();
    let warehouse = world.warehouse().await;
    for template in
        ["DELETE FROM [[table:claude_costs]] WHERE TRUE", "DROP VIEW [[table:claude_expenses]]", "SELECT 1; SELECT 2"]
    {
        refusal(warehouse.query(template).await);
    }
    refusal(warehouse.query("SELECT * FROM [[table:nothing]]").await);
    let message = refusal(warehouse.query("SELECT CAST(1.5 AS FLOAT64) AS cost_usd").await);
    assert!(message.contains("cost_usd is an amount that is not exact"), "{message}");
    let exact = warehouse.query("SELECT 1 AS number, CAST(NULL AS NUMERIC) AS cost_usd").await.unwrap();
    assert_eq!(exact.rows, [[Cell::Integer(1), Cell::Null]]);
}

#[tokio::test]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_column_that_a_file_lacks_is_null_and_one_that_is_not_known_is_left_out() {
    let world = world();
    let (warehouse, store) = (world.warehouse().await, RowStore::default());
    let mut older = store.batch(&Answer::new("older", 10, (0, 0), &[(0, "a", 1)]));
    let mut newer = store.batch(&Answer::new("newer", 10, (1, 1), &[(1, "b", 2)]));
    for batch in [&mut older, &mut newer] {
        let object = batch.files[0].object.clone();
        let other = of_another_version(&store.body(&object), batch.snapshot_id == "newer");
        batch.files[0].bytes = i64::try_from(other.len()).unwrap();
        store.put(&object, other);
    }
    for batch in [older, newer] {
        assert_eq!(changes(&warehouse.merge(&store, MergeInput::of(&[batch]), at(1)).await.unwrap()), (1, 0));
    }
    let told = warehouse.query("SELECT row_id, description FROM [[table:claude_costs]] ORDER BY 1").await.unwrap().rows;
    let text = |text: &str| Cell::Text(text.to_owned());
    assert_eq!(told, [[text("a"), Cell::Null], [text("b"), text("it's a line")]]);
}

/// The same rows with a column more, or without `description`.
fn of_another_version(file: &[u8], is_newer: bool) -> Vec<u8> {
    let reader = Reader::new(file).unwrap();
    let mut schema: serde_json::Value = serde_json::to_value(reader.writer_schema()).unwrap();
    let fields = schema["fields"].as_array_mut().unwrap();
    fields.retain(|field| is_newer || field["name"] != "description");
    if is_newer {
        fields.push(serde_json::json!({ "name": "tomorrow", "type": ["null", "string"] }));
    }
    let schema = Schema::parse(&schema).unwrap();
    let mut writer = Writer::with_codec(&schema, Vec::new(), Codec::Snappy).unwrap();
    for row in reader {
        let Value::Record(mut cells) = row.unwrap() else { panic!() };
        cells.retain(|(name, _)| is_newer || name != "description");
        if is_newer {
            let told = Value::Union(1, Box::new(Value::String("x".into())));
            cells.push(("tomorrow".into(), told));
        }
        writer.append_value(Value::Record(cells)).unwrap();
    }
    writer.into_inner().unwrap()
}
