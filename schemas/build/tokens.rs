//! The token types that a table has a column for each of: what `src/tokens.rs` includes.

use crate::column::Column;
use crate::rust;
use crate::schema::Table;

pub fn types(tables: &[Table]) -> Result<String, String> {
    let counted = |table: &&Table| table.columns.iter().any(|column| column.token_type.is_some());
    let [table] = tables.iter().filter(counted).collect::<Vec<_>>()[..] else {
        return Err("tables: one table has fields with a `token_type`, no more and no less".to_owned());
    };
    let columns: Vec<&Column> = table.columns.iter().filter(|column| column.token_type.is_some()).collect();
    let each = |line: fn(&Column) -> String| columns.iter().map(|column| line(column)).collect::<String>();
    Ok(format!(
        "/// What the cost report tells tokens apart by, and the columns of `{table}` that count them.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub enum TokenType {{\n{variants}}}\n\n\
         impl TokenType {{\n    \
         /// All of them, in the order of the columns.\n    \
         pub const ALL: &'static [Self] = &[\n{all}    ];\n\n    \
         /// The table that counts them.\n    \
         pub const TABLE: &'static str = {table:?};\n\n    \
         /// What the cost report calls it.\n    \
         pub fn name(self) -> &'static str {{\n        match self {{\n{names}        }}\n    }}\n\n    \
         /// The column that counts it.\n    \
         pub fn column(self) -> &'static str {{\n        match self {{\n{counts}        }}\n    }}\n\n    \
         /// What it is summed up as.\n    \
         pub fn kind(self) -> &'static str {{\n        match self {{\n{kinds}        }}\n    }}\n}}\n",
        table = table.name,
        variants = each(|column| format!("{}    {},\n", rust::doc(&column.doc, "    "), variant(column))),
        all = each(|column| format!("        Self::{},\n", variant(column))),
        names = each(|column| arm(column, &token_type(column).0)),
        counts = each(|column| arm(column, &column.name)),
        kinds = each(|column| arm(column, &token_type(column).1)),
    ))
}

fn token_type(column: &Column) -> &(String, String) {
    column.token_type.as_ref().expect("invariant: only columns with a token type are asked")
}

fn arm(column: &Column, text: &str) -> String {
    format!("            Self::{} => {text:?},\n", variant(column))
}

/// `output_tokens` to `OutputTokens`.
fn variant(column: &Column) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    column.name.split('_').filter(|part| !part.is_empty()).map(word).collect()
}
