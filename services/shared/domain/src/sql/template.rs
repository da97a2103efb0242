//! The template language of views and queries: SQL with macros in double brackets, for what the warehouses write
//! differently.
//!
//! | macro | becomes |
//! |---|---|
//! | `[[table:NAME]]` | the table or view with the exact rows |
//! | `[[view:NAME]]` | the table or view as people query it |
//! | `[[exact:EXPR]]` | an expression over `_usd` columns, or the name of one, exact |
//! | `[[usd:EXPR]]` | the same, for a column whose name is outside: `[[usd:SUM(amount_usd)]] AS cost_usd` |
//! | `[[nanos:COLUMN]]` | a `_usd` column as a whole number of nano-dollars, an integer of 64 bits |
//! | `[[dollars:EXPR]]` | whole nano-dollars as an exact amount again, to be named `[[exact:NAME_usd]]` |
//! | `[[share:AMOUNT, UNITS, UPTO, WHOLE]]` | what UNITS, the last of the first UPTO, have of an amount that is for WHOLE units: whole numbers, see `share` |
//! | `[[part_of:AMOUNT, UNITS, WHOLE]]` | what UNITS have of an amount that is for WHOLE units, likewise |
//! | `[[of_claude_ai:COLUMN]]` | whether a product is used in claude.ai: the bill of the API can't hold it |
//! | `[[month:DATE]]` | the month of a date as text, `2025-10` |
//! | `[[first_of_month:DATE]]` | the first day of its month, a date |
//! | `[[date:2025-10-03]]` | a literal of a date |
//! | `[[id:A, B]]` | a text that no other values of these texts make, be they null or not |
//! | `[[type:KIND]]` | the type of `text`, `integer`, `date` or `money` in a cast |
//! | `[[tokens:TEXT]]` | TEXT once for each type of token, a line each: `{type}` is its name in the cost report, `{column}` its column in the usage table, `{kind}` what it is summed up as |
//! | `[[tokens:TEXT\|BETWEEN]]` | the same in one line, with BETWEEN between them |
//! | `[[text:HEX]]` | a text literal; [`text`] writes it |
//!
//! A macro stands in no other macro.

use everycent_schemas::tables::Kind;
use everycent_schemas::{TokenType, tables, views};

use super::Dialect;
use crate::attribution::OF_CLAUDE_AI;

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

/// The SQL of a template. In SQLite all amounts are whole nano-dollars.
pub fn query(template: &str, dialect: &dyn Dialect) -> Result<String, TemplateError> {
    let mut sql = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("[[") {
        let (call, after) = after.split_once("]]").ok_or_else(|| TemplateError::Unclosed(first_line(after)))?;
        sql.push_str(before);
        match call.strip_prefix("tokens:") {
            Some(text) => sql.push_str(&tokens(text, indent(&sql))),
            None => sql.push_str(&expand(call, dialect)?),
        }
        rest = after;
    }
    Ok(sql + rest)
}

/// A literal of any text whatever, to be put into a template.
pub fn text(value: &str) -> String {
    format!("[[text:{}]]", hex::encode(value))
}

/// Puts into a template what its caller alone knows: `value` gives it for a macro by its name and argument, and nothing
/// for the macros of the language.
pub(super) fn bind(template: &str, value: impl Fn(&str, &str) -> Option<String>) -> String {
    let mut bound = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("[[") {
        let Some((call, after)) = after.split_once("]]") else { break };
        let (name, argument) = call.split_once(':').unwrap_or((call, ""));
        bound.push_str(before);
        bound.push_str(&value(name, argument).unwrap_or_else(|| format!("[[{call}]]")));
        rest = after;
    }
    bound + rest
}

/// The tables and views that a template reads, each once.
pub fn tables_of(template: &str) -> Vec<&str> {
    let mut named = Vec::new();
    for call in template.split("[[").skip(1).filter_map(|rest| rest.split("]]").next()) {
        let Some(name) = call.strip_prefix("table:").or_else(|| call.strip_prefix("view:")) else { continue };
        if !named.contains(&name) {
            named.push(name);
        }
    }
    named
}

/// What the last line begins with.
fn indent(sql: &str) -> String {
    let line = sql.rsplit('\n').next().unwrap_or_default();
    line.chars().take_while(|c| *c == ' ').collect()
}

fn tokens(text: &str, indent: String) -> String {
    let (text, between) = match text.split_once('|') {
        Some((text, between)) => (text, between.to_owned()),
        None => (text, format!("\n{indent}")),
    };
    let of = |token_type: &TokenType| {
        let text = text.replace("{type}", token_type.name()).replace("{column}", token_type.column());
        text.replace("{kind}", token_type.kind())
    };
    TokenType::ALL.iter().map(of).collect::<Vec<_>>().join(&between)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn expand(call: &str, dialect: &dyn Dialect) -> Result<String, TemplateError> {
    let unknown = || TemplateError::UnknownMacro(call.to_owned());
    let (name, argument) = call.split_once(':').ok_or_else(unknown)?;
    match (name, arguments(argument).as_slice()) {
        ("table", _) => exact_name(argument, dialect),
        ("view", _) => view(argument, dialect),
        ("exact" | "usd", _) => Ok(dialect.exact(argument)),
        ("nanos", [column]) => Ok(dialect.nanos(column)),
        ("dollars", _) => Ok(dialect.dollars(argument)),
        ("share", [amount, units, upto, whole]) => Ok(share(amount, units, upto, whole, dialect)),
        ("part_of", [amount, units, whole]) => Ok(dialect.part_of(amount, units, whole)),
        ("of_claude_ai", [column]) => Ok(of_claude_ai(column, dialect)),
        ("month", _) => Ok(dialect.month(argument)),
        ("first_of_month", _) => Ok(dialect.first_of_month(argument)),
        ("date", _) => argument.parse().map(|day| dialect.date(day)).map_err(|_| unknown()),
        ("id", parts) => Ok(id(parts, dialect)),
        ("type", _) => type_name(argument, dialect).map(str::to_owned).ok_or_else(unknown),
        ("text", _) => decode(argument).map(|value| dialect.text(&value)).ok_or_else(unknown),
        _ => Err(unknown()),
    }
}

/// What stands between commas, other than those in parentheses.
fn arguments(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

fn exact_name(name: &str, dialect: &dyn Dialect) -> Result<String, TemplateError> {
    let table = tables::find(name).map(|table| dialect.table(table));
    let view = || views::find(name).map(|view| dialect.exact_view(view));
    table.or_else(view).ok_or_else(|| TemplateError::UnknownTable(name.to_owned()))
}

fn view(name: &str, dialect: &dyn Dialect) -> Result<String, TemplateError> {
    if tables::find(name).is_none() && views::find(name).is_none() {
        return Err(TemplateError::UnknownView(name.to_owned()));
    }
    Ok(dialect.shown(name))
}

/// What the first `upto` of `whole` units have of `amount`, less what those before the last `units` of them have. The
/// first `whole` have all of it, so the shares of neighbours add up to the amount, whatever its sign.
fn share(amount: &str, units: &str, upto: &str, whole: &str, dialect: &dyn Dialect) -> String {
    let before = dialect.part_of(amount, &format!("{upto} - ({units})"), whole);
    format!("({} - {before})", dialect.part_of(amount, upto, whole))
}

fn of_claude_ai(column: &str, dialect: &dyn Dialect) -> String {
    let products: Vec<String> = OF_CLAUDE_AI.iter().map(|product| dialect.text(product)).collect();
    format!("COALESCE({column} IN ({}), FALSE)", products.join(", "))
}

fn type_name(kind: &str, dialect: &dyn Dialect) -> Option<&'static str> {
    let kind = match kind {
        "text" => Kind::Text,
        "integer" => Kind::Integer,
        "date" => Kind::Date,
        "money" => Kind::Money,
        _ => return None,
    };
    Some(dialect.type_name(kind))
}

/// Each text with its length before it, so that no text can pass for two, and a mark for none.
fn id(parts: &[&str], dialect: &dyn Dialect) -> String {
    let text = dialect.type_name(Kind::Text);
    let part = |part: &&str| format!("COALESCE(CAST(LENGTH({part}) AS {text}) || ':' || {part}, '-')");
    parts.iter().map(part).collect::<Vec<_>>().join(" || ")
}

fn decode(digits: &str) -> Option<String> {
    String::from_utf8(hex::decode(digits).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sql::{BigQuery, Sqlite};

    const BIGQUERY: BigQuery<'_> = BigQuery { dataset: "p.d" };

    #[track_caller]
    fn check(template: &str, in_sqlite: &str, in_bigquery: &str) {
        assert_eq!(query(template, &Sqlite).unwrap(), in_sqlite);
        assert_eq!(query(template, &BIGQUERY).unwrap(), in_bigquery);
    }

    #[test]
    fn each_macro_becomes_what_the_dialect_writes() {
        check("x [[table:claude_costs]] y", "x claude_costs_nano y", "x `p.d.claude_costs` y");
        check("[[table:rejected_records]]", "rejected_records", "`p.d.rejected_records`");
        check("[[table:claude_expenses]]", "claude_expenses_nano", "`p.d.claude_expenses`");
        check("[[table:claude_daily_tokens]]", "claude_daily_tokens", "`p.d.claude_daily_tokens`");
        check("[[view:claude_costs]]", "claude_costs", "`p.d.claude_costs`");
        check("[[view:claude_expenses]]", "claude_expenses", "`p.d.claude_expenses`");
        check("[[month:d]] [[type:text]]", "substr(d, 1, 7) TEXT", "FORMAT_DATE('%Y-%m', d) STRING");
        check("[[type:integer]] [[type:date]]", "INTEGER TEXT", "INT64 DATE");
        check("[[type:money]]", "INTEGER", "NUMERIC");
        check("[[date:2025-10-03]]", "'2025-10-03'", "DATE '2025-10-03'");
        check("[[first_of_month:d]]", "substr(d, 1, 7) || '-01'", "DATE_TRUNC(d, MONTH)");
        check(
            "[[id:a, b]]",
            "COALESCE(CAST(LENGTH(a) AS TEXT) || ':' || a, '-') || COALESCE(CAST(LENGTH(b) AS TEXT) || ':' || b, '-')",
            "COALESCE(CAST(LENGTH(a) AS STRING) || ':' || a, '-') || COALESCE(CAST(LENGTH(b) AS STRING) || ':' || b, '-')",
        );
        check("[[exact:SUM(a_usd) AS b_usd]]", "SUM(a_nano_usd) AS b_nano_usd", "SUM(a_usd) AS b_usd");
        check("[[usd:MAX(a_usd, b)]] AS c_usd", "MAX(a_nano_usd, b) AS c_usd", "MAX(a_usd, b) AS c_usd");
        check("[[nanos:t.a_usd]]", "t.a_nano_usd", "CAST(t.a_usd * 1000000000 AS INT64)");
        check("[[dollars:SUM(a, b)]]", "SUM(a, b)", "CAST(SUM(a, b) AS NUMERIC) / 1000000000");
        check("no macro, a [1] and a ]]", "no macro, a [1] and a ]]", "no macro, a [1] and a ]]");
    }

    #[test]
    fn a_share_is_the_same_arithmetic_in_both_dialects() {
        let of = |dialect: &dyn Dialect| query("[[share:f(a, b), u, n, w]]", dialect).unwrap();
        assert_eq!(of(&Sqlite), "(part_of(f(a, b), n, w) - part_of(f(a, b), n - (u), w))");
        let part = |upto: &str| {
            format!("CAST(DIV(CAST(f(a, b) AS NUMERIC) * CAST({upto} AS INT64), CAST(w AS INT64)) AS INT64)")
        };
        assert_eq!(of(&BIGQUERY), format!("({} - {})", part("n"), part("n - (u)")));
    }

    #[test]
    fn use_of_claude_ai_is_told_by_every_product_of_it() {
        for dialect in [&Sqlite as &dyn Dialect, &BIGQUERY] {
            let sql = query("NOT [[of_claude_ai:a.product]]", dialect).unwrap();
            assert!(sql.starts_with("NOT COALESCE(a.product IN ("), "{sql}");
            assert_eq!(sql.matches('\'').count() / 2, OF_CLAUDE_AI.len(), "{sql}");
            assert!(OF_CLAUDE_AI.iter().all(|product| sql.contains(&format!("'{product}'"))), "{sql}");
        }
    }

    #[test]
    fn what_is_said_of_tokens_is_said_of_each_type() {
        let (first, last) = (TokenType::ALL[0], TokenType::ALL[TokenType::ALL.len() - 1]);
        let lines = query("CASE t\n  [[tokens:WHEN '{type}' THEN u.{column} -- {kind}]]\nEND", &Sqlite).unwrap();
        let line = |of: TokenType| format!("  WHEN '{}' THEN u.{} -- {}\n", of.name(), of.column(), of.kind());
        assert!(lines.starts_with(&format!("CASE t\n{}", line(first))), "{lines}");
        assert!(lines.ends_with(&format!("{}END", line(last))), "{lines}");
        assert_eq!(lines.lines().count(), TokenType::ALL.len() + 2);
        let sum = query("SUM([[tokens:{column}| + ]])", &Sqlite).unwrap();
        let columns: Vec<&str> = TokenType::ALL.iter().map(|of| of.column()).collect();
        assert_eq!(sum, format!("SUM({})", columns.join(" + ")));
    }

    #[test]
    fn any_text_can_stand_in_a_template() {
        for value in ["it's", "]] [[table:x]]", "ü\\", ""] {
            let template = format!("SELECT {}", text(value));
            assert_eq!(query(&template, &Sqlite).unwrap(), format!("SELECT {}", Sqlite.text(value)));
            assert_eq!(query(&template, &BIGQUERY).unwrap(), format!("SELECT {}", BIGQUERY.text(value)));
        }
    }

    #[test]
    fn what_the_caller_knows_is_put_in_and_the_macros_of_the_language_stay() {
        let value = |name: &str, argument: &str| (name == "scope").then(|| format!("{argument} = [[text:61]]"));
        let bound = bind("SELECT [[usd:x]] FROM t WHERE [[scope:t.a]] AND [[scope:b]]", value);
        assert_eq!(bound, "SELECT [[usd:x]] FROM t WHERE t.a = [[text:61]] AND b = [[text:61]]");
        assert_eq!(bind("[[scope:x", value), "[[scope:x");
    }

    #[test]
    fn a_mistake_in_a_template_is_named() {
        let cases = [
            ("[[table:claude_cost]]", "no table is named `claude_cost`"),
            ("[[share:a, b, c]]", "unknown macro `[[share:a, b, c]]`"),
            ("[[view:nothing]]", "no view or table is named `nothing`"),
            ("[[money:x]]", "unknown macro `[[money:x]]`"),
            ("[[type:timestamp]]", "unknown macro `[[type:timestamp]]`"),
            ("[[date:2025-13-01]]", "unknown macro `[[date:2025-13-01]]`"),
            ("[[text:zz]]", "unknown macro `[[text:zz]]`"),
            ("[[usd]]", "unknown macro `[[usd]]`"),
            ("SELECT [[usd:x\nFROM y", "`[[usd:x` has no end"),
        ];
        for (template, message) in cases {
            for dialect in [&Sqlite as &dyn Dialect, &BIGQUERY] {
                assert_eq!(query(template, dialect).unwrap_err().to_string(), message);
            }
        }
    }
}
