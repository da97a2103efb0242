//! The structs of rows that no row file carries, with fields in the order of the schema: what `src/stored.rs` includes.

use crate::column::{Column, Kind};
use crate::rust;
use crate::schema::Table;

pub fn structs(tables: &[Table]) -> String {
    tables.iter().filter(|table| !table.is_fed()).map(row).collect::<Vec<_>>().join("\n")
}

fn row(table: &Table) -> String {
    let each = |line: fn(&Column) -> String| table.columns.iter().map(line).collect::<String>();
    format!(
        "{doc}#[derive(Debug, Clone, PartialEq, Eq)]\npub struct {name} {{\n{fields}}}\n\n\
         impl StoredRow for {name} {{\n    const TABLE: &'static str = {table:?};\n\n    \
         fn cells(&self) -> Vec<Cell> {{\n        vec![\n{cells}        ]\n    }}\n\n    \
         fn from_cells(cells: Vec<Cell>) -> Result<Self, UnreadableRow> {{\n        \
         let mut cells = Cells::new(Self::TABLE, cells);\n        \
         Ok(Self {{\n{read}        }})\n    }}\n}}\n",
        name = table.row,
        doc = rust::doc(&format!("A row of `{}`. {}", table.name, table.doc), ""),
        fields = each(field),
        table = table.name,
        cells = each(|column| format!("            self.{}.cell(),\n", column.name)),
        read = each(|column| format!("            {0}: cells.next({0:?})?,\n", column.name)),
    )
}

fn field(column: &Column) -> String {
    let plain = match (column.kind, &column.rust) {
        (_, Some(name)) => name,
        (Kind::Text, None) => "String",
        (Kind::Int | Kind::Long, _) => "i64",
        (Kind::Boolean, _) => "bool",
        (Kind::Date, _) => "Day",
        (Kind::Timestamp, _) => "Timestamp",
        (Kind::Money, _) => "Usd",
    };
    let kind = if column.nullable { format!("Option<{plain}>") } else { plain.to_owned() };
    format!("{}    pub {}: {kind},\n", rust::doc(&column.doc, "    "), column.name)
}
