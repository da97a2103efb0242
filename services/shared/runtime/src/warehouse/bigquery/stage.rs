//! Row files into staging tables, by load jobs, and a look at what came of it.
//!
//! A staging table has the files in its name, so that work that is done again finds it, and ends by itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, Utc};
use everycent_domain::identity::IdHasher;
use everycent_domain::merge_plan::{MergePlan, StagedFile, TablePlan};
use everycent_domain::objects::answer_file;
use everycent_domain::sql::bigquery as sql;
use everycent_schemas::SnapshotId;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::stored::{AnswerRow, StoredRow};
use everycent_schemas::tables::{self, Column, Kind, Table};
use futures_util::{StreamExt, TryStreamExt, stream};
use gcp_bigquery_client::model::field_type::FieldType;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_load::JobConfigurationLoad;
use gcp_bigquery_client::model::table::Table as Created;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_reference::TableReference;
use gcp_bigquery_client::model::table_schema::TableSchema;
use serde_json::Value;

use super::connection::{Connection, patiently};
use super::failure::Failure;
use super::inspect;
use crate::backoff;
use crate::store::Store;
use crate::warehouse::{WarehouseError, row_files};

const ACTION: &str = "load rows";
/// Load jobs under way at the same time, and questions to the store.
const AT_ONCE: usize = 8;
/// A staging table that nobody dropped ends then.
const KEPT_HOURS: i64 = 24;

/// Staging tables by the table that their rows are for.
#[derive(Debug, Default)]
pub(super) struct Staged(BTreeMap<&'static str, String>);

impl Staged {
    pub fn name(&self, table: &Table) -> &str {
        self.0.get(table.name).map_or("", String::as_str)
    }

    /// Drops them. They would end by themselves.
    pub async fn drop_all(&self, connection: &Connection) {
        for name in self.0.values() {
            drop_one(connection, name).await;
        }
    }
}

async fn drop_one(connection: &Connection, name: &str) {
    let Ok(rest) = connection.rest().await else { return };
    let dropped =
        rest.delete(&["projects", &connection.project, "datasets", &connection.dataset, "tables", name]).await;
    if let Err(error) = dropped {
        tracing::debug!(?error, table = name, "a staging table was not dropped");
    }
}

/// Takes files that are gone, and may be, out of the plan.
pub(super) async fn forget_the_gone(store: &dyn Store, plan: &mut MergePlan) -> Result<(), WarehouseError> {
    let doubtful = plan.tables.iter().flat_map(|table| &table.files).filter(|staged| staged.may_be_gone);
    let asked: Vec<_> = doubtful.map(|staged| is_there(store, staged)).collect();
    let asked: Vec<(String, bool)> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
    let gone: BTreeSet<String> = asked.into_iter().filter(|(_, there)| !there).map(|(object, _)| object).collect();
    for table in &mut plan.tables {
        table.files.retain(|staged| !gone.contains(&staged.file.object));
    }
    Ok(())
}

async fn is_there(store: &dyn Store, staged: &StagedFile) -> Result<(String, bool), WarehouseError> {
    let name = row_files::name_of(staged)?;
    let listed = store.list(name.as_str(), None, 1).await.map_err(row_files::not_read)?;
    Ok((staged.file.object.clone(), listed.contains(&name)))
}

/// Loads the files of the plan. Rows that are not what the events say are refused.
pub(super) async fn stage(
    connection: &Connection,
    store: &dyn Store,
    plan: &MergePlan,
    batches: &[BatchNormalized],
) -> Result<Staged, WarehouseError> {
    let with_files: Vec<&TablePlan> = plan.tables.iter().filter(|table| !table.files.is_empty()).collect();
    let loads: Vec<_> = with_files.iter().map(|table| load(connection, store, table, batches)).collect();
    let mut staged = Staged(stream::iter(loads).buffer_unordered(AT_ONCE).try_collect().await?);
    if !plan.answers.is_empty() {
        staged.0.extend([answers(connection, store, &plan.answers).await?]);
    }
    match look(connection, plan, batches, &staged).await {
        Ok(bad) if bad.is_empty() => Ok(staged),
        Ok(bad) => {
            staged.drop_all(connection).await;
            let bad: Vec<&TablePlan> = with_files.into_iter().filter(|of| bad.contains(of.table.name)).collect();
            inspect::files(store, &bad, batches).await?;
            let reason = "the rows that were loaded are not those of the files".into();
            Err(WarehouseError::Unavailable { action: ACTION, reason })
        }
        // Whoever merged the same batches has dropped it.
        Err(Failure::NotFound(reason)) => Err(WarehouseError::Unavailable { action: ACTION, reason }),
        Err(failure) => Err(failure.during(ACTION)),
    }
}

async fn load(
    connection: &Connection,
    store: &dyn Store,
    plan: &TablePlan,
    batches: &[BatchNormalized],
) -> Result<(&'static str, String), WarehouseError> {
    let uris = uris(store, plan.files.iter().map(|staged| staged.file.object.as_str()))?;
    let id = uris.iter().fold(IdHasher::new("staging").part(&connection.name()), |id, uri| id.part(uri)).finish();
    let name = format!("staging_{}_{}", plan.table.name, id.hex().as_str());
    let trouble = match load_alone(connection, plan.table, &name, load_job(connection, &name, uris)).await {
        Ok(Some(bytes)) if bytes == said_bytes(plan) => return Ok((plan.table.name, name)),
        Ok(bytes) => {
            tracing::warn!(table = name, ?bytes, said = said_bytes(plan), "other bytes than said; reading the files");
            None
        }
        Err(Failure::Refused(reason) | Failure::NotFound(reason)) => Some(reason),
        Err(failure) => return Err(failure.during(ACTION)),
    };
    let trouble = match (inspect::files(store, &[plan], batches).await, trouble) {
        (Ok(()), None) => return Ok((plan.table.name, name)),
        (Ok(()), Some(reason)) => WarehouseError::Unavailable { action: ACTION, reason },
        (Err(bad), _) => bad,
    };
    drop_one(connection, &name).await;
    Err(trouble)
}

/// Loads what is said of answers. They may be many more than a script has room for, and their file is made of them, so it
/// needs no second look.
async fn answers(
    connection: &Connection,
    store: &dyn Store,
    answers: &[AnswerRow],
) -> Result<(&'static str, String), WarehouseError> {
    let table =
        tables::find(AnswerRow::TABLE).expect("invariant: a row type is made from the schema of a shipped table");
    let lines = lines(table, answers);
    let object = answer_file(IdHasher::new("answers").part(&lines).finish().hex().as_str());
    store.create(&object, lines.into()).await.map_err(row_files::not_read)?;
    let id = IdHasher::new("staging").part(&connection.name()).part(object.as_str()).finish();
    let name = format!("staging_{}_{}", table.name, id.hex().as_str());
    let uris = uris(store, [object.as_str()])?;
    let loaded = load_alone(connection, table, &name, load_json(connection, &name, uris)).await;
    loaded.map_err(|failure| failure.during(ACTION))?;
    // It is loaded. A file that stays costs only its place.
    if let Err(error) = store.delete(&object).await {
        tracing::info!(%object, error = %error, "a file of answers is left");
    }
    Ok((table.name, name))
}

/// An object a line. Money and instants are texts, which BigQuery reads exactly.
fn lines(table: &Table, answers: &[AnswerRow]) -> String {
    let value = |cell: Cell| match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(value) => value.into(),
        Cell::Integer(value) => value.into(),
        Cell::Text(text) => text.into(),
        Cell::Money(amount) => amount.to_string().into(),
    };
    let line = |answer: &AnswerRow| {
        let named = table.columns.iter().map(|column| column.name.clone()).zip(answer.cells().into_iter().map(value));
        format!("{}\n", Value::Object(named.collect()))
    };
    answers.iter().map(line).collect()
}

fn load_json(connection: &Connection, name: &str, uris: Vec<String>) -> JobConfiguration {
    let mut work = load_job(connection, name, uris);
    if let Some(load) = &mut work.load {
        load.source_format = Some("NEWLINE_DELIMITED_JSON".to_owned());
        (load.use_avro_logical_types, load.decimal_target_types) = (None, None);
    }
    work
}

/// How many bytes the events say that the files have together.
fn said_bytes(plan: &TablePlan) -> i64 {
    let files: BTreeMap<&str, i64> =
        plan.files.iter().map(|staged| (staged.file.object.as_str(), staged.file.bytes)).collect();
    files.values().sum()
}

/// Where BigQuery finds the files.
fn uris<'a>(store: &dyn Store, objects: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, WarehouseError> {
    let address = store.address();
    if !address.starts_with("gs://") {
        let reason =
            format!("BigQuery reads row files from Cloud Storage only, and the store is {address}; set it to gs://…");
        return Err(WarehouseError::Refused { action: ACTION, reason: reason.into() });
    }
    let objects: BTreeSet<&str> = objects.into_iter().collect();
    Ok(objects.into_iter().map(|object| format!("{}/{object}", address.trim_end_matches('/'))).collect())
}

/// Does it again where another load was in its way.
async fn load_alone(
    connection: &Connection,
    table: &Table,
    name: &str,
    work: JobConfiguration,
) -> Result<Option<i64>, Failure> {
    let load = || load_once(connection, table, name, &work);
    backoff::LOAD.retry(load, |failure| failure.is_concurrent(ACTION)).await
}

/// Into a table that is empty, or that the same job fills or has filled. Gives the bytes that were read.
async fn load_once(
    connection: &Connection,
    table: &Table,
    name: &str,
    work: &JobConfiguration,
) -> Result<Option<i64>, Failure> {
    let created_at = find_or_create(connection, table, name).await?;
    let done = connection.run(&format!("{name}_{created_at}"), work, 0).await?;
    let load = done.job.statistics.and_then(|statistics| statistics.load);
    Ok(load.and_then(|load| load.input_file_bytes?.parse().ok()))
}

/// Gives when it was created, which tells it from earlier tables of its name and their jobs.
async fn find_or_create(connection: &Connection, table: &Table, name: &str) -> Result<String, Failure> {
    let rest = connection.rest().await?;
    let (project, dataset) = (&connection.project, &connection.dataset);
    let ends_at = Utc::now() + Duration::hours(KEPT_HOURS);
    let schema = TableSchema::new(table.columns.iter().map(field).collect());
    let staging = Created {
        expiration_time: Some(ends_at.timestamp_millis().to_string()),
        ..Created::new(project, dataset, name, schema)
    };
    let tables = ["projects", project, "datasets", dataset, "tables"];
    let created: Created = match patiently(|| rest.post(&tables, &staging)).await {
        Err(Failure::AlreadyExists(_)) => {
            // All of it: fields that are selected would be columns, and one that the table lacks an error.
            let path = ["projects", project, "datasets", dataset, "tables", name];
            patiently(|| rest.get(&path, &())).await?
        }
        end => end?,
    };
    created
        .creation_time
        .ok_or_else(|| Failure::MayPass(format!("BigQuery does not say when it created {name}").into()))
}

fn field(column: &Column) -> TableFieldSchema {
    let kind = match column.kind {
        Kind::Text => FieldType::String,
        Kind::Integer => FieldType::Integer,
        Kind::Boolean => FieldType::Boolean,
        Kind::Date => FieldType::Date,
        Kind::Timestamp => FieldType::Timestamp,
        Kind::Money => FieldType::Numeric,
    };
    let mode = if column.nullable { "NULLABLE" } else { "REQUIRED" };
    TableFieldSchema { mode: Some(mode.to_owned()), ..TableFieldSchema::new(&column.name, kind) }
}

fn load_job(connection: &Connection, name: &str, uris: Vec<String>) -> JobConfiguration {
    let load = JobConfigurationLoad {
        create_disposition: Some("CREATE_NEVER".to_owned()),
        decimal_target_types: Some(vec!["NUMERIC".to_owned()]),
        destination_table: Some(TableReference::new(&connection.project, &connection.dataset, name)),
        // A column that a newer normalizer wrote and this schema does not know.
        ignore_unknown_values: Some(true),
        source_format: Some("AVRO".to_owned()),
        source_uris: Some(uris),
        use_avro_logical_types: Some(true),
        // A table is filled once.
        write_disposition: Some("WRITE_EMPTY".to_owned()),
        ..Default::default()
    };
    JobConfiguration { load: Some(load), ..Default::default() }
}

/// The tables whose staged rows are not what the events say.
async fn look(
    connection: &Connection,
    plan: &MergePlan,
    batches: &[BatchNormalized],
    staged: &Staged,
) -> Result<BTreeSet<String>, Failure> {
    let quoted = |table: &Table| connection.quoted(staged.name(table));
    let Some(look) = sql::look_at_staged(plan, batches, quoted) else { return Ok(BTreeSet::new()) };
    let mut expected = expected(plan, batches);
    let mut bad = BTreeSet::new();
    for row in connection.select(&look).await?.rows {
        let [Cell::Text(table), Cell::Text(snapshot), Cell::Text(at), Cell::Integer(rows), strange, twins] =
            row.as_slice()
        else {
            return Err(Failure::Refused(format!("the look at staged rows gave {row:?}").into()));
        };
        let said = expected.remove(&(table.clone(), snapshot.as_str().into(), at.clone()));
        if said != Some(*rows) || [strange, twins] != [&Cell::Integer(0), &Cell::Integer(0)] {
            bad.insert(table.clone());
        }
    }
    bad.extend(expected.into_iter().filter(|(_, rows)| *rows != 0).map(|((table, ..), _)| table));
    Ok(bad)
}

/// How many rows the events say that there are, by table and answer.
fn expected(plan: &MergePlan, batches: &[BatchNormalized]) -> BTreeMap<(String, SnapshotId, String), i64> {
    let mut counted = BTreeSet::new();
    let mut expected = BTreeMap::new();
    for table in &plan.tables {
        for staged in table.files.iter().filter(|staged| counted.insert(&staged.file.object)) {
            let batch = &batches[staged.batch];
            let answer = (table.table.name.to_owned(), batch.snapshot_id.clone(), batch.normalized_at.to_string());
            *expected.entry(answer).or_default() += staged.file.rows;
        }
    }
    expected
}
