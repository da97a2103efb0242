//! What a derived table is made of: parts, each a `SELECT` of the columns that it has. Its others are null.

use everycent_schemas::tables::{Column, Kind, Table};

/// The rows of all parts, with the columns of the table in their order.
pub(super) fn united(table: &Table, parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| completed(table, part)).collect();
    parts.join("\nUNION ALL\n")
}

fn completed(table: &Table, part: &str) -> String {
    let named: Vec<&str> = columns_of(part).collect();
    let column = |column: &Column| {
        let name = exact_column(&column.name);
        match named.contains(&column.name.as_str()) {
            true => format!("  {name}"),
            false => format!("  CAST(NULL AS [[type:{}]]) AS {name}", type_of(column.kind)),
        }
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    format!("SELECT\n{}\nFROM (\n{part}\n) AS part", columns.join(",\n"))
}

/// A column by its name, exact if it is an amount.
pub(super) fn exact_column(name: &str) -> String {
    if name.ends_with("_usd") { format!("[[exact:{name}]]") } else { name.to_owned() }
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Date => "date",
        Kind::Integer => "integer",
        Kind::Money => "money",
        Kind::Text | Kind::Boolean | Kind::Timestamp => "text",
    }
}

/// The columns of the last `SELECT` that begins at the start of a line. Each of them ends a line that is indented once.
fn columns_of(part: &str) -> impl Iterator<Item = &str> {
    let columns = part.rsplit("\nSELECT\n").next().unwrap_or_default();
    let columns = columns.split("\nFROM ").next().unwrap_or_default();
    columns.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).filter_map(name_at_end)
}

/// `cost_usd` of `  [[exact:SUM(a.cost_usd) AS cost_usd]],`.
fn name_at_end(line: &str) -> Option<&str> {
    let line = line.trim_end_matches(',').trim_end_matches("]]");
    let name = line.rsplit([' ', '.', ':']).next()?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use everycent_schemas::{derived, tables};

    use super::*;

    #[test]
    fn a_column_is_named_by_itself_by_its_table_or_by_what_it_is_called() {
        let part = "WITH a AS (\n  SELECT\n    model\n  FROM b\n)\nSELECT\n  -- of the day\n  day,\n  'x' AS vendor,\n  a.person,\n  \
            [[exact:SUM(cost_usd) AS billed_usd]],\n  [[exact:seat_usd]],\n  CASE\n    WHEN TRUE THEN basis\n  END AS kind\nFROM a";
        let columns: Vec<&str> = columns_of(part).collect();
        assert_eq!(columns, ["day", "day", "vendor", "person", "billed_usd", "seat_usd", "kind"]);
    }

    #[test]
    fn each_part_names_columns_of_its_table_and_those_that_are_never_null() {
        let of_charges = [derived::CHARGES_OF_CLAUDE, derived::CHARGES_OF_CURSOR].concat();
        let of_days = vec![derived::SPEND_OF_CLAUDE, derived::SPEND_OF_CURSOR];
        for (name, parts) in [("charges", of_charges), ("spend_daily", of_days)] {
            let table = tables::find(name).unwrap_or_else(|| panic!("{name}"));
            for part in parts {
                let columns: Vec<&str> = columns_of(part).collect();
                for column in &columns {
                    assert!(table.column(column).is_some(), "{name} has no column {column}:\n{part}");
                }
                for column in table.columns.iter().filter(|column| !column.nullable) {
                    assert!(columns.contains(&column.name.as_str()), "{name}: {} is null in\n{part}", column.name);
                }
            }
        }
    }
}
