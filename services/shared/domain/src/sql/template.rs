//! The template language of views and queries: SQL with macros in double brackets, for what the warehouses write
//! differently.
//!
//! | macro | becomes |
//! |---|---|
//! | `[[table:NAME]]` | the table with the exact rows |
//! | `[[view:NAME]]` | the view or table as people query it |
//! | `[[exact:EXPR]]` | an expression over `_usd` columns, exact, for use further inside |
//! | `[[usd:EXPR]]` | the same as a last column: dollars for people in a view, exact in a query |
//! | `[[month:DATE]]` | the month of a date as text, `2025-10` |
//! | `[[type:text]]` | the type of text in a cast |
//! | `[[text:HEX]]` | a text literal; [`text`] writes it |

use everycent_schemas::{tables, views};

use super::Dialect;
use super::names::{bigquery_text, nano_name, physical_name, quoted, sqlite_text};

/// A template is wrong. Templates are shipped or written by a program, so this names a mistake, not bad data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("`[[{0}` has no end")]
    Unclosed(String),
    #[error("unknown macro `[[{0}]]`")]
    UnknownMacro(String),
    #[error("no table is named `{0}`")]
    UnknownTable(String),
    #[error("no view or table is named `{0}`")]
    UnknownView(String),
}

/// What a template is rendered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    View,
    Query,
}

/// The SQL of a query. In SQLite its `_usd` columns are whole nano-dollars.
pub fn query(template: &str, dialect: &Dialect) -> Result<String, TemplateError> {
    render(template, dialect, Use::Query)
}

/// A literal of any text whatever, to be put into a template.
pub fn text(value: &str) -> String {
    format!("[[text:{}]]", hex::encode(value))
}

pub(super) fn render(template: &str, dialect: &Dialect, used: Use) -> Result<String, TemplateError> {
    let mut sql = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("[[") {
        let (call, after) = after.split_once("]]").ok_or_else(|| TemplateError::Unclosed(first_line(after)))?;
        sql.push_str(before);
        sql.push_str(&expand(call, dialect, used)?);
        rest = after;
    }
    Ok(sql + rest)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn expand(call: &str, dialect: &Dialect, used: Use) -> Result<String, TemplateError> {
    let unknown = || TemplateError::UnknownMacro(call.to_owned());
    match call.split_once(':').ok_or_else(unknown)? {
        ("table", name) => table(name, dialect),
        ("view", name) => view(name, dialect),
        ("exact", expression) => Ok(exact(expression, dialect)),
        ("usd", expression) => Ok(usd(expression, dialect, used)),
        ("month", date) => Ok(month(date, dialect)),
        ("type", "text") => Ok(text_type(dialect).to_owned()),
        ("text", digits) => decode(digits).map(|value| literal(&value, dialect)).ok_or_else(unknown),
        _ => Err(unknown()),
    }
}

fn table(name: &str, dialect: &Dialect) -> Result<String, TemplateError> {
    let table = tables::find(name).ok_or_else(|| TemplateError::UnknownTable(name.to_owned()))?;
    Ok(physical_name(table, dialect))
}

fn view(name: &str, dialect: &Dialect) -> Result<String, TemplateError> {
    if tables::find(name).is_none() && views::find(name).is_none() {
        return Err(TemplateError::UnknownView(name.to_owned()));
    }
    Ok(match dialect {
        Dialect::Sqlite => name.to_owned(),
        Dialect::BigQuery { dataset } => quoted(dataset, name),
    })
}

fn usd(expression: &str, dialect: &Dialect, used: Use) -> String {
    let exact = exact(expression, dialect);
    match (dialect, used) {
        (Dialect::Sqlite, Use::View) => format!("({exact}) / 1000000000.0"),
        _ => exact,
    }
}

/// Money columns by the names that they are stored under.
fn exact(expression: &str, dialect: &Dialect) -> String {
    match dialect {
        Dialect::Sqlite => rename_money(expression),
        Dialect::BigQuery { .. } => expression.to_owned(),
    }
}

/// Replaces the words that end in `_usd`, outside text literals.
fn rename_money(expression: &str) -> String {
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

fn month(date: &str, dialect: &Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!("substr({date}, 1, 7)"),
        Dialect::BigQuery { .. } => format!("FORMAT_DATE('%Y-%m', {date})"),
    }
}

fn text_type(dialect: &Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "TEXT",
        Dialect::BigQuery { .. } => "STRING",
    }
}

fn decode(digits: &str) -> Option<String> {
    String::from_utf8(hex::decode(digits).ok()?).ok()
}

fn literal(value: &str, dialect: &Dialect) -> String {
    match dialect {
        Dialect::Sqlite => sqlite_text(value),
        Dialect::BigQuery { .. } => bigquery_text(value),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bigquery() -> Dialect {
        Dialect::BigQuery { dataset: "p.d".into() }
    }

    #[track_caller]
    fn check(template: &str, in_view: &str, in_query: &str, in_bigquery: &str) {
        assert_eq!(render(template, &Dialect::Sqlite, Use::View).unwrap(), in_view);
        assert_eq!(query(template, &Dialect::Sqlite).unwrap(), in_query);
        assert_eq!(query(template, &bigquery()).unwrap(), in_bigquery);
    }

    #[test]
    fn each_macro_becomes_what_the_dialect_writes() {
        let same = |template, sqlite, in_bigquery| check(template, sqlite, sqlite, in_bigquery);
        same("x [[table:claude_costs]] y", "x claude_costs_nano y", "x `p.d.claude_costs` y");
        same("[[table:rejected_records]]", "rejected_records", "`p.d.rejected_records`");
        same("[[view:claude_costs]]", "claude_costs", "`p.d.claude_costs`");
        same("[[view:claude_expenses]]", "claude_expenses", "`p.d.claude_expenses`");
        same("[[month:d]] [[type:text]]", "substr(d, 1, 7) TEXT", "FORMAT_DATE('%Y-%m', d) STRING");
        same("[[exact:SUM(a_usd) AS b_usd]]", "SUM(a_nano_usd) AS b_nano_usd", "SUM(a_usd) AS b_usd");
        check(
            "[[usd:SUM(a_usd)]] AS cost_usd",
            "(SUM(a_nano_usd)) / 1000000000.0 AS cost_usd",
            "SUM(a_nano_usd) AS cost_usd",
            "SUM(a_usd) AS cost_usd",
        );
        same("no macro, a [1] and a ]]", "no macro, a [1] and a ]]", "no macro, a [1] and a ]]");
    }

    #[test]
    fn only_names_of_money_are_renamed_not_words_in_text() {
        let renamed = rename_money("CASE WHEN unit = 'in_usd' THEN t.amount_usd ELSE usd_total END");
        assert_eq!(renamed, "CASE WHEN unit = 'in_usd' THEN t.amount_nano_usd ELSE usd_total END");
    }

    #[test]
    fn any_text_can_stand_in_a_template() {
        for value in ["it's", "]] [[table:x]]", "ü\\", ""] {
            let template = format!("SELECT {}", text(value));
            assert_eq!(query(&template, &Dialect::Sqlite).unwrap(), format!("SELECT {}", sqlite_text(value)));
            assert_eq!(query(&template, &bigquery()).unwrap(), format!("SELECT {}", bigquery_text(value)));
        }
    }

    #[test]
    fn a_mistake_in_a_template_is_named() {
        let cases = [
            ("[[table:claude_cost]]", "no table is named `claude_cost`"),
            ("[[table:claude_expenses]]", "no table is named `claude_expenses`"),
            ("[[view:nothing]]", "no view or table is named `nothing`"),
            ("[[money:x]]", "unknown macro `[[money:x]]`"),
            ("[[type:money]]", "unknown macro `[[type:money]]`"),
            ("[[text:zz]]", "unknown macro `[[text:zz]]`"),
            ("[[usd]]", "unknown macro `[[usd]]`"),
            ("SELECT [[usd:x\nFROM y", "`[[usd:x` has no end"),
        ];
        for (template, message) in cases {
            for dialect in [Dialect::Sqlite, bigquery()] {
                assert_eq!(query(template, &dialect).unwrap_err().to_string(), message);
            }
        }
    }
}
