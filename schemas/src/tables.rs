//! The tables of the warehouse: columns, keys, buckets, partition, clustering and what absence means.
//!
//! Made from `tables/*.avsc` when the crate is built: a table is there as soon as its file is. DDL and merges are generated
//! from this, for every warehouse.

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
    /// The table that remembers what answers reported in the sticky column of this one, if it has one.
    pub memory: Option<&'static str>,
    beside: bool,
    /// What row files carry.
    pub schema: Schema,
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
    /// Has the value of the latest answer that reports one for the row, whichever answer the rows are of.
    pub sticky: bool,
    /// Who writes it, where several do; `None` is all of them.
    pub group: Option<Group>,
}

/// Who writes a column of coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// A merge of rows.
    Loaded,
    /// The judgement of an answer, be its rows merged or not.
    Judged,
    /// What failed of the bucket: its fetch, or its pricing.
    Failure,
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

    /// The columns that a writer of these groups writes: theirs, and those of all.
    pub fn written_by(&self, groups: &[Group]) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.group.is_none_or(|of| groups.contains(&of)))
    }

    /// Columns whose difference makes a row another row: neither key nor provenance, nor what other answers have a say in.
    pub fn content(&self) -> impl Iterator<Item = &Column> {
        let of_key = |column: &Column| self.key.contains(&column.name);
        self.columns.iter().filter(move |column| !column.provenance && !column.sticky && !of_key(column))
    }

    /// The column that is not unlearned, and the table that remembers it.
    pub fn sticky(&self) -> Option<(&Column, &'static Table)> {
        let memory = find(self.memory?).expect("invariant: the build takes no memory that is not there");
        Some((self.columns.iter().find(|column| column.sticky)?, memory))
    }

    /// Whether it remembers what the sticky column of another table has.
    pub fn is_memory(&self) -> bool {
        all().iter().any(|table| table.memory == Some(self.name))
    }

    /// Whether its rows stand beside those of other tables, in no sum of a bucket and in no count that people are shown.
    pub fn is_beside(&self) -> bool {
        self.beside || self.is_memory()
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

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(shipped::tables);

mod shipped {
    use apache_avro::Schema;

    use super::{Absence, Column, Group, Kind, Table};

    include!(concat!(env!("OUT_DIR"), "/tables.rs"));

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn avro(json: &str) -> Schema {
        Schema::parse_str(json).expect("invariant: the build takes no other table schemas than Avro")
    }
}

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
    fn row_files_carry_nothing_that_is_only_for_the_build() {
        for table in all() {
            let carried = serde_json::to_value(&table.schema).unwrap();
            let keys: Vec<&String> = carried["everycent"].as_object().unwrap().keys().collect();
            assert_eq!(
                keys,
                ["absence", "bucket", "cluster", "key", "partition", "sources", "table"],
                "{}",
                table.name
            );
        }
    }

    #[test]
    fn a_source_feeds_its_table_the_rejects_and_the_remarks() {
        let fed: Vec<&str> = fed_by("anthropic/cost_totals").map(|table| table.name).collect();
        assert_eq!(fed, ["claude_cost_totals", "rejected_records", "remarks"]);
    }
}
