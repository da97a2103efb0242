//! How names, types and literals are written, and money: as whole nano-dollars, under names that say so.

use everycent_schemas::tables::{Column, Kind, Table};
use everycent_schemas::views::View;

/// The table that holds the rows.
pub(super) fn table_name(table: &Table) -> String {
    exact_name(table.name, table.money().next().is_some())
}

/// The view that gives the exact rows.
pub(super) fn exact_view_name(view: &View) -> String {
    exact_name(view.name, view.has_money())
}

fn exact_name(name: &str, has_money: bool) -> String {
    if has_money { format!("{name}_nano") } else { name.to_owned() }
}

/// The column of the SQLite table that holds this one: money is whole nano-dollars under a name that says so.
pub fn stored_name(column: &Column) -> String {
    match column.kind {
        Kind::Money => nano_name(&column.name),
        _ => column.name.clone(),
    }
}

/// A column of a view for people, from the exact one: dollars are divided once, at the very end.
pub(super) fn shown_usd(name: &str) -> String {
    format!("{} / 1000000000.0 AS {name}", nano_name(name))
}

/// `amount_usd` to `amount_nano_usd`.
fn nano_name(name: &str) -> String {
    let stem = name.strip_suffix("_usd").expect("invariant: money columns end in _usd, as a test of the schemas shows");
    format!("{stem}_nano_usd")
}

/// The type of the column in a STRICT table.
pub fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Date | Kind::Timestamp => "TEXT",
        Kind::Integer | Kind::Boolean | Kind::Money => "INTEGER",
    }
}

/// A text literal.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Replaces the words that end in `_usd`, outside text literals.
pub(super) fn rename_money(expression: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rename = |piece: &str| {
        let mut renamed = String::with_capacity(piece.len() + 8);
        let mut rest = piece;
        while let Some(start) = rest.find(is_word) {
            let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |length| start + length);
            let word = &rest[start..end];
            renamed.push_str(&rest[..start]);
            renamed.push_str(&if word.ends_with("_usd") { nano_name(word) } else { word.to_owned() });
            rest = &rest[end..];
        }
        renamed + rest
    };
    let pieces = expression.split('\'').enumerate();
    let renamed: Vec<String> =
        pieces.map(|(index, piece)| if index % 2 == 0 { rename(piece) } else { piece.to_owned() }).collect();
    renamed.join("'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_cannot_be_left_by_what_it_quotes() {
        assert_eq!(text("it's; DROP"), "'it''s; DROP'");
    }

    #[test]
    fn only_names_of_money_are_renamed_not_words_in_text() {
        let renamed = rename_money("CASE WHEN unit = 'in_usd' THEN t.amount_usd ELSE usd_total END");
        assert_eq!(renamed, "CASE WHEN unit = 'in_usd' THEN t.amount_nano_usd ELSE usd_total END");
    }
}
