//! Tables and views, with what each column is.

use everycent_schemas::tables::{Column, Table};
use everycent_schemas::views::{View, ViewColumn};

use super::names::{text_literal, type_name};
use crate::sql::columns::lines;

pub(super) fn create_table(table: &Table, name: &str) -> String {
    let column = |column: &Column| {
        let null = if column.nullable { "" } else { " NOT NULL" };
        let description = text_literal(&column.doc);
        format!("`{}` {}{null} OPTIONS (description = {description})", column.name, type_name(column.kind))
    };
    let partition = table.partition.as_ref().map(|name| format!("PARTITION BY `{name}`\n")).unwrap_or_default();
    let cluster: Vec<String> = table.cluster.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (\n{}\n)\n{partition}CLUSTER BY {}\nOPTIONS (description = {})",
        lines(table.columns.iter().map(column)),
        cluster.join(", "),
        text_literal(&table.doc),
    )
}

pub(super) fn create_view(view: &View, name: &str, select: &str) -> String {
    let described =
        |column: &ViewColumn| format!("`{}` OPTIONS (description = {})", column.name, text_literal(&column.doc));
    format!(
        "CREATE OR REPLACE VIEW {name} (\n{}\n)\nOPTIONS (description = {})\nAS\n{select}",
        lines(view.columns.iter().map(described)),
        text_literal(&view.doc),
    )
}
