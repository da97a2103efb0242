//! Columns as `INFORMATION_SCHEMA` tells them.

use everycent_schemas::tables::{Column, Table};

use super::BigQuery;
use super::names::{quoted, shown_type, text_literal, type_name};
use crate::sql::Dialect;

/// A column that is there, or that should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    /// The type, as `INFORMATION_SCHEMA` writes it.
    pub kind: String,
    pub nullable: bool,
    pub partitions: bool,
    /// Its place among the columns that the table is clustered by, from 1.
    pub cluster: Option<i64>,
}

/// All columns of the dataset: `table_name`, `table_type`, then those of [`Found`] in their order.
pub fn existing_columns(dataset: &str) -> String {
    format!(
        "SELECT C.table_name, T.table_type, C.column_name, C.data_type, C.is_nullable = 'YES' AS nullable,\n  \
         C.is_partitioning_column = 'YES' AS partitions, C.clustering_ordinal_position AS cluster\n\
         FROM {} AS C\nJOIN {} AS T USING (table_name)\nORDER BY C.table_name, C.ordinal_position",
        quoted(dataset, "INFORMATION_SCHEMA.COLUMNS"),
        quoted(dataset, "INFORMATION_SCHEMA.TABLES"),
    )
}

/// The columns that the schema asks for.
pub fn wanted_columns(table: &Table) -> Vec<Found> {
    let position = |name: &str| table.cluster.iter().position(|clustered| clustered == name);
    let wanted = |column: &Column| Found {
        name: column.name.clone(),
        kind: shown_type(column.kind).to_owned(),
        nullable: column.nullable,
        partitions: table.partition.as_deref() == Some(&column.name),
        cluster: position(&column.name).and_then(|place| i64::try_from(place + 1).ok()),
    };
    table.columns.iter().map(wanted).collect()
}

/// Adds a nullable column that the table lacks.
pub fn add_column(table: &Table, column: &Column, dataset: &str) -> String {
    format!(
        "ALTER TABLE {} ADD COLUMN IF NOT EXISTS `{}` {} OPTIONS (description = {})",
        BigQuery { dataset }.table(table),
        column.name,
        type_name(column.kind),
        text_literal(&column.doc),
    )
}

/// Says of a column that it need no longer be filled.
pub fn relax_column(table: &Table, column: &str, dataset: &str) -> String {
    format!("ALTER TABLE {} ALTER COLUMN `{column}` DROP NOT NULL", BigQuery { dataset }.table(table))
}
