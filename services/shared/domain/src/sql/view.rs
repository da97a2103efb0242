//! Views: `CREATE VIEW` from the templates that the schemas ship.

use everycent_schemas::views::{self, View, ViewColumn};

use super::names::{bigquery_text, exact_view_name, lines, shown_usd};
use super::template::query;
use super::{Dialect, TemplateError};

/// A statement that creates a view. In SQLite an older one has to be dropped before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateView {
    pub name: String,
    pub sql: String,
}

/// The statements that create a shipped view. In SQLite one with money is two: the exact one in nano-dollars, for other
/// views and for programs, and over it the one with dollars, for people.
pub fn view(name: &str, dialect: &Dialect) -> Result<Vec<CreateView>, TemplateError> {
    let view = views::find(name).ok_or_else(|| TemplateError::UnknownView(name.to_owned()))?;
    let select = query(view.template, dialect)?;
    let exact = exact_view_name(view, dialect);
    let (name, sql) = (name.to_owned(), |head: String| format!("{head}\n{select}"));
    Ok(match dialect {
        Dialect::BigQuery { .. } => vec![CreateView { name, sql: sql(bigquery_head(view, &exact)) }],
        Dialect::Sqlite if view.has_money() => {
            let head = format!("CREATE VIEW {exact} AS\n-- The exact rows of {name}: amounts are nano-dollars.");
            vec![CreateView { name: exact.clone(), sql: sql(head) }, CreateView { name, sql: for_people(view, &exact) }]
        }
        Dialect::Sqlite => vec![CreateView { name, sql: sql(sqlite_head(view)) }],
    })
}

fn bigquery_head(view: &View, name: &str) -> String {
    let described =
        |column: &ViewColumn| format!("`{}` OPTIONS (description = {})", column.name, bigquery_text(&column.doc));
    format!(
        "CREATE OR REPLACE VIEW {name} (\n{}\n)\nOPTIONS (description = {})\nAS",
        lines(view.columns.iter().map(described)),
        bigquery_text(&view.doc),
    )
}

fn sqlite_head(view: &View) -> String {
    let columns: String = view.columns.iter().map(|column| format!("\n-- {}: {}", column.name, column.doc)).collect();
    format!("CREATE VIEW {} AS\n-- {}\n--{columns}", view.name, view.doc)
}

fn for_people(view: &View, exact: &str) -> String {
    let shown = |column: &ViewColumn| if column.is_money() { shown_usd(&column.name) } else { column.name.clone() };
    format!("{}\nSELECT\n{}\nFROM {exact}", sqlite_head(view), lines(view.columns.iter().map(shown)))
}
