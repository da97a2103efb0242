//! The list of tables: the module `shipped` of `src/tables.rs`.

use crate::column::{Column, Kind};
use crate::rust;
use crate::schema::Table;

pub fn list(tables: &[Table]) -> String {
    let calls: String = tables.iter().map(|table| format!("        {}(),\n", table.name)).collect();
    let functions: String = tables.iter().map(table).collect();
    format!(
        "/// All tables, in their order.\npub(super) fn tables() -> Vec<Table> {{\n    vec![\n{calls}    ]\n}}\n{functions}"
    )
}

fn table(table: &Table) -> String {
    let list = |names: &[String]| format!("names(&[{}])", rust::texts(names));
    let partition = table.partition.as_ref().map_or("None".to_owned(), |name| format!("Some({name:?}.to_owned())"));
    format!(
        "\nfn {name}() -> Table {{\n    Table {{\n        \
         name: {name:?},\n        \
         doc: {doc:?}.to_owned(),\n        \
         columns: vec![\n{columns}        ],\n        \
         key: {key},\n        \
         bucket: {bucket},\n        \
         partition: {partition},\n        \
         cluster: {cluster},\n        \
         absence: Absence::{absence},\n        \
         sources: {sources},\n        \
         memory: {memory},\n        \
         beside: {beside},\n        \
         schema: avro(\n            {avro},\n        ),\n    }}\n}}\n",
        name = table.name,
        doc = table.doc,
        columns = table.columns.iter().map(column).collect::<String>(),
        key = list(&table.key),
        bucket = list(&table.bucket),
        cluster = list(&table.cluster),
        absence = if table.keeps { "Keep" } else { "Delete" },
        sources = list(&table.sources),
        memory = table.memory.as_ref().map_or("None".to_owned(), |name| format!("Some({name:?})")),
        beside = table.beside,
        avro = rust::raw(&table.avro),
    )
}

fn column(column: &Column) -> String {
    format!(
        "            Column {{\n                \
         name: {:?}.to_owned(),\n                \
         kind: Kind::{},\n                \
         nullable: {},\n                \
         doc: {:?}.to_owned(),\n                \
         provenance: {},\n                \
         control: {},\n                \
         sticky: {},\n                \
         group: {},\n            }},\n",
        column.name,
        kind(column.kind),
        column.nullable,
        column.doc,
        column.provenance,
        column.control,
        column.sticky,
        match column.group.as_deref() {
            Some("loaded") => "Some(Group::Loaded)",
            Some("judged") => "Some(Group::Judged)",
            Some(_) => "Some(Group::Failure)",
            None => "None",
        },
    )
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "Text",
        Kind::Int | Kind::Long => "Integer",
        Kind::Boolean => "Boolean",
        Kind::Date => "Date",
        Kind::Timestamp => "Timestamp",
        Kind::Money => "Money",
    }
}
