//! The structs of rows, with fields in the order of the schema: what `src/rows.rs` includes.

use crate::column::{Column, Kind};
use crate::rust;
use crate::schema::Table;

pub fn structs(tables: &[Table]) -> String {
    tables.iter().filter(|table| table.is_fed()).map(row).collect::<Vec<_>>().join("\n")
}

fn row(table: &Table) -> String {
    let borrows = table.columns.iter().any(|column| column.kind == Kind::Text);
    let (declared, elided) = if borrows { ("<'a>", "<'_>") } else { ("", "") };
    format!(
        "{doc}#[derive(Debug, Clone, PartialEq, Eq, Serialize)]\npub struct {name}{declared} {{\n{fields}}}\n\n\
         impl Generated for {name}{elided} {{}}\n\n\
         impl Row for {name}{elided} {{\n    const TABLE: &'static str = {table:?};\n\n    \
         fn amount(&self) -> Option<Usd> {{\n        {amount}\n    }}\n\n    \
         fn quantity(&self) -> i64 {{\n        {quantity}\n    }}\n\n    \
         fn money(&self, {money}\n    }}\n\n    \
         fn integer(&self, {integer}\n    }}\n\n    \
         fn content(&self, into: &mut Vec<u8>) {{\n{content}    }}\n\n    \
         fn filled(&self) -> i64 {{\n        {filled}\n    }}\n\n    \
         fn magnitude(&self) -> Magnitude {{\n        \
         Magnitude {{ nanos: {nanos}, count: {count} }}\n    }}\n}}\n",
        name = table.row,
        doc = rust::doc(&format!("A row of `{}`. {}", table.name, table.doc), ""),
        fields = table.columns.iter().map(field).collect::<String>(),
        table = table.name,
        amount = sum("total", "None", table, &[Kind::Money]),
        quantity = sum("count", "0", table, &[Kind::Int, Kind::Long]),
        money = by_name("Usd", table, &[Kind::Money]),
        integer = by_name("i64", table, &[Kind::Int, Kind::Long]),
        content = content(table),
        filled = filled(table),
        nanos = sum("nanos_of", "0", table, &[Kind::Money]),
        count = sum("count_of", "0", table, &[Kind::Int, Kind::Long]),
    )
}

fn field(column: &Column) -> String {
    let plain = match column.kind {
        Kind::Text => "&'a str",
        Kind::Int => "i32",
        Kind::Long => "i64",
        Kind::Boolean => "bool",
        Kind::Date => "Day",
        Kind::Timestamp => "Timestamp",
        Kind::Money => "Usd",
    };
    let kind = if column.nullable { format!("Option<{plain}>") } else { plain.to_owned() };
    format!("{}    pub {}: {kind},\n", rust::doc(&column.doc, "    "), column.name)
}

/// The rest of a function that gives the values of the columns of these kinds, each by its name.
fn by_name(kind: &str, table: &Table, kinds: &[Kind]) -> String {
    let columns = table.columns.iter().filter(|column| kinds.contains(&column.kind));
    let arms: String = columns.map(|column| format!("            {:?} => {},\n", column.name, term(column))).collect();
    if arms.is_empty() {
        return format!("_: &str) -> Option<{kind}> {{\n        None");
    }
    format!("column: &str) -> Option<{kind}> {{\n        match column {{\n{arms}            _ => None,\n        }}")
}

/// Appends the columns that say what the vendor reported.
fn content(table: &Table) -> String {
    let reported = table.columns.iter().filter(|column| !column.provenance && !column.derived);
    reported.map(|column| format!("        self.{}.append(into);\n", column.name)).collect()
}

/// How many of the columns that are not unlearned have a value.
fn filled(table: &Table) -> String {
    let sticky = table.columns.iter().filter(|column| column.sticky);
    let terms: Vec<String> = sticky.map(|column| format!("i64::from(self.{}.is_some())", column.name)).collect();
    if terms.is_empty() { "0".to_owned() } else { terms.join(" + ") }
}

/// A call that adds up the columns of these kinds that count, or what there is without any.
fn sum(function: &str, nothing: &str, table: &Table, kinds: &[Kind]) -> String {
    let counted = table.columns.iter().filter(|column| column.control && kinds.contains(&column.kind));
    let terms: Vec<String> = counted.map(term).collect();
    let listed: String = terms.iter().map(|term| format!("            {term},\n")).collect();
    match terms.as_slice() {
        [] => nothing.to_owned(),
        [one] => format!("{function}([{one}])"),
        _ => format!("{function}([\n{listed}        ])"),
    }
}

fn term(column: &Column) -> String {
    let value = format!("self.{}", column.name);
    match (column.kind, column.nullable) {
        (Kind::Int, true) => format!("{value}.map(i64::from)"),
        (Kind::Int, false) => format!("Some(i64::from({value}))"),
        (_, true) => value,
        (_, false) => format!("Some({value})"),
    }
}
