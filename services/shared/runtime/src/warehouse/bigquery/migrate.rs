//! Bringing the dataset's tables and views to what the schemas say. Columns are only ever added.

use std::collections::BTreeMap;

use everycent_domain::sql::bigquery::{self as bigquery_sql, Found};
use everycent_domain::sql::{self, BigQuery, Dialect};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::tables::{self, Table};
use everycent_schemas::views;
use gcp_bigquery_client::model::dataset::Dataset;

use super::connection::{Connection, patiently};
use super::failure::Failure;
use crate::warehouse::WarehouseError;
use crate::warehouse::columns::{Difference, Stored, difference};

const ACTION: &str = "migrate";

/// What is there under a name.
struct Existing {
    /// `BASE TABLE`, `VIEW` and others.
    kind: String,
    columns: Vec<Stored>,
}

type AllExisting = BTreeMap<String, Existing>;

pub(super) async fn migrate(connection: &Connection, create_in: Option<&str>) -> Result<(), WarehouseError> {
    let is_new = find_dataset(connection, create_in).await?;
    let existing = if is_new { AllExisting::new() } else { existing(connection).await? };
    let mut statements = vec![bigquery_sql::create_turn(&connection.name())];
    for table in tables::all() {
        statements.extend(bring_table(connection, table, existing.get(table.name))?);
    }
    let dataset = connection.name();
    let dialect = BigQuery { dataset: &dataset };
    for view in views::all() {
        refuse_unless_view(view.name, existing.get(view.name))?;
        let creates = sql::view(view.name, &dialect).expect("invariant: shipped views render, as a test shows");
        statements.extend(creates.into_iter().map(|create| create.sql));
    }
    connection.change(ACTION, &statements.join(";\n\n")).await
}

/// Whether the dataset had to be created.
async fn find_dataset(connection: &Connection, create_in: Option<&str>) -> Result<bool, WarehouseError> {
    match (connection.location().await, create_in) {
        (Ok(_), _) => Ok(false),
        (Err(Failure::NotFound(_)), Some(location)) => create_dataset(connection, location).await,
        (Err(Failure::NotFound(_)), None) => {
            let reason = format!(
                "dataset {} is missing; create it where the data shall lie (the infrastructure of the deployment does)",
                connection.name()
            );
            Err(WarehouseError::Refused { action: ACTION, reason: reason.into() })
        }
        (Err(failure), _) => Err(failure.during(ACTION)),
    }
}

async fn create_dataset(connection: &Connection, location: &str) -> Result<bool, WarehouseError> {
    let rest = connection.rest().await.map_err(|failure| failure.during(ACTION))?;
    let dataset = Dataset::new(&connection.project, &connection.dataset).location(location);
    let path = ["projects", &connection.project, "datasets"];
    match patiently(|| rest.post::<Dataset>(&path, &dataset)).await {
        Ok(_) => Ok(true),
        Err(Failure::AlreadyExists(_)) => Ok(false),
        Err(failure) => Err(failure.during(ACTION)),
    }
}

async fn existing(connection: &Connection) -> Result<AllExisting, WarehouseError> {
    let rows = connection.select(&bigquery_sql::existing_columns(&connection.name())).await;
    let mut existing = AllExisting::new();
    for row in rows.map_err(|failure| failure.during(ACTION))?.rows {
        let strange =
            || WarehouseError::Refused { action: ACTION, reason: format!("INFORMATION_SCHEMA says {row:?}").into() };
        let [
            Cell::Text(table),
            Cell::Text(kind),
            Cell::Text(name),
            Cell::Text(data_type),
            nullable,
            partitions,
            cluster,
        ] = row.as_slice()
        else {
            return Err(strange());
        };
        let found = Found {
            name: name.clone(),
            kind: data_type.replace("NUMERIC(38, 9)", "NUMERIC"),
            nullable: *nullable == Cell::Boolean(true),
            partitions: *partitions == Cell::Boolean(true),
            cluster: if let Cell::Integer(place) = cluster { Some(*place) } else { None },
        };
        let of_table =
            existing.entry(table.clone()).or_insert_with(|| Existing { kind: kind.clone(), columns: vec![] });
        of_table.columns.push(stored(found));
    }
    Ok(existing)
}

fn stored(Found { name, kind, nullable, partitions, cluster }: Found) -> Stored {
    let null = if nullable { "" } else { " NOT NULL" };
    let partition = if partitions { ", by which it is partitioned" } else { "" };
    let cluster = cluster.map(|place| format!(", number {place} of clustering")).unwrap_or_default();
    Stored { name, definition: format!("{kind}{null}{partition}{cluster}"), nullable }
}

/// The statements that bring the table to its schema.
fn bring_table(
    connection: &Connection,
    table: &Table,
    existing: Option<&Existing>,
) -> Result<Vec<String>, WarehouseError> {
    let dataset = connection.name();
    let refused = |reason: String| WarehouseError::Refused { action: ACTION, reason: reason.into() };
    let Some(existing) = existing else { return Ok(BigQuery { dataset: &dataset }.create_table(table)) };
    if existing.kind != "BASE TABLE" {
        return Err(refused(format!("{dataset}.{} is a {}, where a table belongs", table.name, existing.kind)));
    }
    let wanted: Vec<Stored> = bigquery_sql::wanted_columns(table).into_iter().map(stored).collect();
    let Difference { addable, relaxable, conflicts } = difference(&existing.columns, &wanted);
    if !conflicts.is_empty() {
        let reason = format!("table {dataset}.{} differs from its schema: {}", table.name, conflicts.join("; "));
        return Err(refused(reason));
    }
    let columns = addable.iter().filter_map(|column| table.column(&column.name));
    let added = columns.map(|column| bigquery_sql::add_column(table, column, &dataset));
    let relaxed = relaxable.iter().map(|column| bigquery_sql::relax_column(table, &column.name, &dataset));
    Ok(added.chain(relaxed).collect())
}

fn refuse_unless_view(name: &str, existing: Option<&Existing>) -> Result<(), WarehouseError> {
    match existing {
        Some(Existing { kind, .. }) if kind != "VIEW" => Err(WarehouseError::Refused {
            action: ACTION,
            reason: format!("{name} is a {kind}, where a view belongs").into(),
        }),
        _ => Ok(()),
    }
}
