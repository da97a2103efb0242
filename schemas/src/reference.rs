//! The page of all tables and views, column by column, for people: `docs/tables.md`. It says what the schemas say, and
//! which of their names count which money.

use crate::tables::{self, Absence, Kind, Table};
use crate::views::{self, View, ViewKind};

const HEAD: &str = "\
# Tables and views

Generated from `schemas/` by `make docs`. Each name answers with the same columns in every warehouse. Days are UTC.

| type | in BigQuery | in SQLite |
|---|---|---|
| text | `STRING` | `TEXT` |
| integer | `INT64` | `INTEGER` |
| boolean | `BOOL` | `INTEGER`: 0 or 1 |
| date | `DATE` | `TEXT`: `2025-10-03` |
| timestamp | `TIMESTAMP` | `TEXT`: `2025-10-03T14:05:06.000000Z` |
| money | `NUMERIC(38, 9)`: dollars, exact | `REAL`: dollars. Exact in `<name>_nano`, where `amount_usd` is `amount_nano_usd`, an `INTEGER` of nano-dollars |
| ratio | `FLOAT64` | `REAL` |
";

/// Which names count which money: no schema says it of all.
const WHAT_NAMES_COUNT: &str = include_str!("what_names_count.md");

/// The page, in Markdown.
pub fn page() -> String {
    let names = tables::all().iter().map(|table| (table.name, table.doc.as_str()));
    let mut page = format!("{HEAD}{WHAT_NAMES_COUNT}\n## Tables\n\n{}", contents(names));
    let names = views::all().iter().map(|view| (view.name, view.doc.as_str()));
    page += &format!("\n## Views\n\n{}", contents(names));
    page.extend(tables::all().iter().map(table));
    page.extend(views::all().iter().map(view));
    page
}

fn contents<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let line = |(name, doc): (&str, &str)| format!("- [{name}](#{name}): {}\n", first_sentence(doc));
    entries.map(line).collect()
}

fn first_sentence(doc: &str) -> &str {
    doc.find(". ").map_or(doc, |end| &doc[..=end])
}

fn table(table: &Table) -> String {
    let mut section = format!("\n### {}\n\n{}\n\n", table.name, table.doc);
    section += &format!("- Key: {}\n", list(&table.key));
    if let Some(partition) = &table.partition {
        section += &format!("- In BigQuery partitioned by `{partition}`, clustered by {}\n", list(&table.cluster));
    } else {
        section += &format!("- In BigQuery clustered by {}\n", list(&table.cluster));
    }
    if !table.sources.is_empty() {
        section += &format!("- From: {}\n- {}\n", sources(table), absence(table));
    }
    let rows = table.columns.iter().map(|column| row(&column.name, kind(column.kind), column.nullable, &column.doc));
    section + &columns(rows)
}

fn view(view: &View) -> String {
    let rows = view.columns.iter().map(|column| {
        let kind = match column.kind {
            ViewKind::Stored(stored) => kind(stored),
            ViewKind::Ratio => "ratio",
        };
        row(&column.name, kind, column.nullable, &column.doc)
    });
    format!("\n### {}\n\n{}\n{}", view.name, view.doc, columns(rows))
}

fn sources(table: &Table) -> String {
    match table.sources.as_slice() {
        [all] if all == "*" => "every source".to_owned(),
        sources => list(sources),
    }
}

fn absence(table: &Table) -> String {
    match table.absence {
        Absence::Delete => {
            let bucket = list(&table.bucket);
            format!("A newer answer replaces all rows of the same {bucket}: what it no longer tells is deleted")
        }
        Absence::Keep => "A newer answer replaces row by row: what it no longer tells stays".to_owned(),
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn columns(rows: impl Iterator<Item = String>) -> String {
    format!("\n| column | type | null | meaning |\n|---|---|---|---|\n{}", rows.collect::<String>())
}

fn row(name: &str, kind: &str, nullable: bool, doc: &str) -> String {
    let null = if nullable { "yes" } else { "" };
    format!("| `{name}` | {kind} | {null} | {} |\n", doc.replace('|', "\\|"))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
        Kind::Timestamp => "timestamp",
        Kind::Money => "money",
    }
}
