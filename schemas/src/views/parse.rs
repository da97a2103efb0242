//! A view's file, from text to [`View`].
//!
//! ```text
//! -- What the view is.
//! --
//! -- column kind: what the column is; `kind?` if it may be null
//! --   and how the text goes on
//! -- [[tokens]]
//! SELECT ...
//! ```
//!
//! `[[tokens]]` stands for the columns that count tokens by type, as the usage table has them.

use super::view::{View, ViewColumn, ViewKind};
use crate::TokenType;
use crate::tables::{self, Column, Kind};

/// Parses a shipped view. A mistake in one is a mistake of this crate, caught by its tests.
pub(super) fn view(name: &'static str, text: &'static str) -> View {
    let head: usize = text.split_inclusive('\n').take_while(|line| line.starts_with("--")).map(str::len).sum();
    let mut lines = text[..head].lines().map(|line| line.trim_start_matches("--"));
    let doc: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).map(str::trim).collect();
    assert!(!doc.is_empty(), "invariant: the view {name} says what it is");
    let mut columns: Vec<ViewColumn> = Vec::new();
    for line in lines {
        match (line.strip_prefix("   "), columns.last_mut()) {
            _ if line.trim() == "[[tokens]]" => columns.extend(TokenType::ALL.iter().map(tokens)),
            (Some(more), Some(column)) => column.doc = format!("{} {more}", column.doc),
            _ => columns.push(column(line.trim())),
        }
    }
    View { name, doc: doc.join(" "), columns, template: text[head..].trim_end() }
}

fn tokens(token_type: &TokenType) -> ViewColumn {
    let counted = tables::find(TokenType::TABLE).and_then(|table| table.column(token_type.column()));
    let Column { name, kind, nullable, doc, .. } =
        counted.expect("invariant: a token type is made from a column").clone();
    ViewColumn { name, kind: ViewKind::Stored(kind), nullable, doc }
}

fn column(line: &str) -> ViewColumn {
    let parts = line.split_once(": ").and_then(|(head, doc)| Some((head.split_once(' ')?, doc)));
    let ((name, kind), doc) = parts.unwrap_or_else(|| panic!("invariant: `{line}` is `name kind: text`"));
    let (kind, nullable) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
    ViewColumn { name: name.to_owned(), kind: column_kind(kind), nullable, doc: doc.to_owned() }
}

fn column_kind(name: &str) -> ViewKind {
    match name {
        "text" => ViewKind::Stored(Kind::Text),
        "integer" => ViewKind::Stored(Kind::Integer),
        "boolean" => ViewKind::Stored(Kind::Boolean),
        "date" => ViewKind::Stored(Kind::Date),
        "timestamp" => ViewKind::Stored(Kind::Timestamp),
        "money" => ViewKind::Stored(Kind::Money),
        "ratio" => ViewKind::Ratio,
        other => panic!("invariant: no column of a view is a {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_the_doc_and_the_columns_and_is_no_part_of_the_select() {
        let text = "-- What it\n-- is.\n--\n-- day date: The day: UTC.\n-- cost_usd money?: What it\n--   cost.\nSELECT 1\n-- a comment\nFROM x\n";
        let view = view("x", text);
        let column = |name: &str, kind, nullable, doc: &str| ViewColumn {
            name: name.into(),
            kind: ViewKind::Stored(kind),
            nullable,
            doc: doc.into(),
        };
        let columns = vec![
            column("day", Kind::Date, false, "The day: UTC."),
            column("cost_usd", Kind::Money, true, "What it cost."),
        ];
        let template = "SELECT 1\n-- a comment\nFROM x";
        assert_eq!(view, View { name: "x", doc: "What it is.".into(), columns, template });
    }
}
