//! An account taken out of every table: its rows, what coverage says of them, and the verdicts on them.

use everycent_schemas::AccountId;
use everycent_schemas::tables::{self, Table};

use super::dialect::Dialect;
use super::template;
use crate::source::Source;
use crate::vendor::Vendor;

/// The tables that hold something of a vendor's accounts.
pub fn tables_of_vendor(vendor: Vendor) -> impl Iterator<Item = &'static Table> {
    tables::all().iter().filter(move |table| {
        let is_vendors = |source: &Source| table.is_fed_by(source.name());
        names_sources(table) || sources(vendor).any(|source| is_vendors(&source))
    })
}

/// The statements that take the account out of all of them, one for each.
pub fn forget_account(vendor: Vendor, account_id: &AccountId, dialect: &dyn Dialect) -> Vec<String> {
    let statement = |table: &Table| {
        let rows = rows_of(table, vendor, account_id, |text| dialect.text(text));
        format!("DELETE FROM {} WHERE {rows}", dialect.table(table))
    };
    tables_of_vendor(vendor).map(statement).collect()
}

/// A query, as a template, of how many rows of a table are of the account, and of which days: `rows`, `first_day`,
/// `last_day`.
pub fn count_account(table: &Table, vendor: Vendor, account_id: &AccountId) -> String {
    let day = table.partition.as_deref().map_or("CAST(NULL AS [[type:text]])".to_owned(), str::to_owned);
    let rows = rows_of(table, vendor, account_id, template::text);
    format!(
        "SELECT COUNT(*) AS n, MIN({day}) AS first_day, MAX({day}) AS last_day FROM [[table:{}]] WHERE {rows}",
        table.name
    )
}

fn rows_of(table: &Table, vendor: Vendor, account_id: &AccountId, text: impl Fn(&str) -> String) -> String {
    let account = format!("{} = {}", table.account_column(), text(account_id.as_str()));
    if table.column("vendor").is_some() {
        return format!("{account} AND vendor = {}", text(vendor.name()));
    }
    if !names_sources(table) {
        return account;
    }
    let named: Vec<String> = sources(vendor).map(|source| text(source.name())).collect();
    format!("{account} AND source IN ({})", named.join(", "))
}

/// Whether it holds rows of every vendor, each with its source or its vendor.
fn names_sources(table: &Table) -> bool {
    table.sources.is_empty() || table.sources == ["*"]
}

/// What people import for its accounts, too.
fn sources(vendor: Vendor) -> impl Iterator<Item = Source> {
    Source::ALL.iter().copied().filter(move |source| source.vendor() == vendor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{BigQuery, Sqlite};

    #[test]
    fn every_table_is_of_some_vendor_and_says_whose_its_rows_are() {
        for table in tables::all() {
            assert!(
                Vendor::ALL.iter().any(|vendor| tables_of_vendor(*vendor).any(|of| of.name == table.name)),
                "{}",
                table.name
            );
            assert!(table.column(table.account_column()).is_some(), "{}", table.name);
            let says_whose = table.column("source").is_some() || table.column("vendor").is_some();
            assert!(!names_sources(table) || says_whose, "{}", table.name);
        }
    }

    #[test]
    fn an_account_of_one_vendor_is_taken_out_and_not_its_namesake_of_the_other() {
        let account = AccountId::from("it's");
        insta::assert_snapshot!(forget_account(Vendor::Cursor, &account, &Sqlite).join(";\n"));
        insta::assert_snapshot!(forget_account(Vendor::Cursor, &account, &BigQuery { dataset: "p.d" }).join(";\n"));
    }
}
