//! The tables of the warehouse: columns, keys, buckets, partition, clustering and what absence means.
//!
//! Parsed from `tables/*.avsc`. DDL and merges are generated from this, for every warehouse.

mod parse;

use std::sync::LazyLock;

use apache_avro::Schema;

/// One table.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub doc: String,
    pub columns: Vec<Column>,
    /// Columns that identify a row.
    pub key: Vec<String>,
    /// Columns that make the unit of replacement; empty for tables whose rows are never replaced by the bucket.
    pub bucket: Vec<String>,
    /// The `DATE` column by which the table is partitioned; none for a directory.
    pub partition: Option<String>,
    pub cluster: Vec<String>,
    pub absence: Absence,
    /// Sources whose batches feed the table; `*` is all of them.
    pub sources: Vec<String>,
    pub schema: Schema,
    pub json: &'static str,
}

/// What becomes of a row whose key is no longer in the vendor's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// It is deleted.
    Delete,
    /// It stays, with the time at which it was last told. The latest answer that tells a row decides it, row by row.
    Keep,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub nullable: bool,
    pub doc: String,
    /// Tells where a row came from, not what it says: a difference here alone is no change.
    pub provenance: bool,
    /// Counts for the control sums of its bucket, if it is money or an integer: a place or a price does not.
    pub control: bool,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Boolean,
    Date,
    Timestamp,
    /// Dollars, NUMERIC(38, 9).
    Money,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Columns whose difference makes a row another row: neither key nor provenance.
    pub fn content(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.provenance && !self.key.contains(&column.name))
    }

    pub fn money(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.kind == Kind::Money)
    }

    pub fn is_fed_by(&self, source: &str) -> bool {
        self.sources.iter().any(|feeding| feeding == source || feeding == "*")
    }

    /// The column that holds the day of a row's bucket.
    pub fn day_column(&self) -> &str {
        self.partition.as_deref().unwrap_or("activity_date")
    }

    /// The column that holds the account: `organization_id` in the Claude tables, `account_id` elsewhere.
    pub fn account_column(&self) -> &str {
        if self.column("organization_id").is_some() { "organization_id" } else { "account_id" }
    }
}

macro_rules! tables {
    ($($file:literal),* $(,)?) => {
        static TABLES: LazyLock<Vec<Table>> =
            LazyLock::new(|| vec![$(parse::table($file, include_str!(concat!("../tables/", $file, ".avsc")))),*]);

        /// Every released version of the tables' schemas, by table.
        #[cfg(test)]
        const RELEASED: &[(&str, &str)] = &[$(($file, include_str!(concat!("../released/v1/tables/", $file, ".avsc")))),*];
    };
}

tables!(
    "claude_costs",
    "claude_cost_totals",
    "claude_usage_tokens",
    "claude_code_usage_stats",
    "claude_code_model_usage",
    "claude_analytics_costs",
    "claude_usage_stats",
    "cursor_usage_stats",
    "cursor_usage_events",
    "cursor_spend",
    "dim_workspaces",
    "dim_api_keys",
    "dim_users",
    "dim_cursor_members",
    "dim_api_key_owners",
    "rejected_records",
    "coverage",
    "reconciliation",
);

/// All tables.
pub fn all() -> &'static [Table] {
    &TABLES
}

/// The table of this name.
pub fn find(name: &str) -> Option<&'static Table> {
    all().iter().find(|table| table.name == name)
}

/// The tables that a batch of this source replaces buckets of.
pub fn fed_by(source: &str) -> impl Iterator<Item = &'static Table> {
    all().iter().filter(move |table| table.is_fed_by(source))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use apache_avro::schema_compatibility::SchemaCompatibility;

    #[test]
    fn every_table_is_consistent_in_itself() {
        for table in all() {
            let known = |name: &String| table.column(name).is_some();
            assert!(table.key.iter().all(known), "key of {}", table.name);
            assert!(table.cluster.iter().all(known), "cluster of {}", table.name);
            assert!(table.bucket.iter().all(|name| table.key.contains(name)), "bucket of {}", table.name);
            if let Some(partition) = &table.partition {
                assert_eq!(table.column(partition).unwrap().kind, Kind::Date, "partition of {}", table.name);
            }
            let kept = table.absence == Absence::Keep;
            assert_eq!(kept, table.bucket.is_empty() && !table.sources.is_empty(), "absence in {}", table.name);
            assert!(table.columns.iter().all(|column| !column.doc.is_empty()), "docs of {}", table.name);
            for money in table.money() {
                assert!(money.name.ends_with("_usd"), "{}.{}", table.name, money.name);
            }
        }
    }

    #[test]
    fn rows_of_every_release_can_be_read_by_this_one_and_the_other_way_round() {
        for (name, released) in RELEASED {
            let released = Schema::parse_str(released).unwrap();
            let current = &find(name).unwrap().schema;
            SchemaCompatibility::mutual_read(&released, current).unwrap();
        }
    }

    #[test]
    fn a_source_feeds_its_table_and_the_rejects() {
        let fed: Vec<&str> = fed_by("anthropic/cost_totals").map(|table| table.name).collect();
        assert_eq!(fed, ["claude_cost_totals", "rejected_records"]);
    }
}
