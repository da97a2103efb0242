//! A table schema, from JSON to [`Table`].

use apache_avro::Schema;
use serde::Deserialize;
use serde_json::Value;

use super::{Absence, Column, Kind, Table};

#[derive(Deserialize)]
struct Record {
    doc: String,
    everycent: Layout,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout {
    table: String,
    bucket: Vec<String>,
    key: Vec<String>,
    partition: Option<String>,
    cluster: Vec<String>,
    absence: String,
    sources: Vec<String>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: Value,
    doc: String,
    #[serde(default)]
    provenance: bool,
    #[serde(default = "yes")]
    control: bool,
}

fn yes() -> bool {
    true
}

/// Parses a shipped schema. A mistake in one is a mistake of this crate, caught by its tests.
pub(super) fn table(name: &'static str, json: &'static str) -> Table {
    let record: Record = serde_json::from_str(json).expect("invariant: shipped table schemas are well-formed");
    let schema = Schema::parse_str(json).expect("invariant: shipped table schemas are Avro");
    assert_eq!(record.everycent.table, name, "invariant: a table schema is named as its file");
    Table {
        name,
        doc: record.doc,
        columns: record.fields.into_iter().map(column).collect(),
        key: record.everycent.key,
        bucket: record.everycent.bucket,
        partition: record.everycent.partition,
        cluster: record.everycent.cluster,
        absence: absence(&record.everycent.absence),
        sources: record.everycent.sources,
        schema,
        json,
    }
}

fn absence(text: &str) -> Absence {
    match text {
        "delete" => Absence::Delete,
        "keep" => Absence::Keep,
        other => panic!("invariant: absence is delete or keep, not {other}"),
    }
}

fn column(field: Field) -> Column {
    let (nullable, kind) = match &field.kind {
        Value::Array(branches) if branches.len() == 2 && branches[0] == "null" => (true, &branches[1]),
        plain => (false, plain),
    };
    Column {
        kind: column_kind(kind),
        nullable,
        name: field.name,
        doc: field.doc,
        provenance: field.provenance,
        control: field.control,
    }
}

fn column_kind(avro: &Value) -> Kind {
    let logical = avro.get("logicalType").and_then(Value::as_str);
    match (avro.as_str(), logical) {
        (Some("string"), _) => Kind::Text,
        (Some("int" | "long"), _) => Kind::Integer,
        (Some("boolean"), _) => Kind::Boolean,
        (_, Some("date")) => Kind::Date,
        (_, Some("timestamp-micros")) => Kind::Timestamp,
        (_, Some("decimal")) => Kind::Money,
        _ => panic!("invariant: no column has the Avro type {avro}"),
    }
}
