//! How names, types and literals are written.

use everycent_schemas::tables::Kind;

pub(super) fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "STRING",
        Kind::Integer => "INT64",
        Kind::Boolean => "BOOL",
        Kind::Date => "DATE",
        Kind::Timestamp => "TIMESTAMP",
        Kind::Money => "NUMERIC(38, 9)",
    }
}

/// `NUMERIC(38, 9)` is what `NUMERIC` is anyway, and is shown without its parameters here.
pub(super) fn shown_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => "NUMERIC",
        other => type_name(other),
    }
}

/// A name in a dataset, in backticks.
pub(super) fn quoted(dataset: &str, name: &str) -> String {
    format!("`{dataset}.{name}`")
}

/// A text literal.
pub(super) fn text_literal(value: &str) -> String {
    let mut literal = String::from("'");
    for c in value.chars() {
        match c {
            '\'' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            c if c.is_control() => literal.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_cannot_be_left_by_what_it_quotes() {
        assert_eq!(text_literal("it's\\ \n\u{7}"), r"'it\'s\\ \n\U00000007'");
    }
}
