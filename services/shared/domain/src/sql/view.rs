//! Views: `CREATE VIEW` from the templates that the schemas ship.

use everycent_schemas::views;

use super::names::{bigquery_text, quoted};
use super::template::{Use, render};
use super::{Dialect, TemplateError};

/// The statement that creates a shipped view. In SQLite an older one has to be dropped before.
pub fn view(name: &str, dialect: &Dialect) -> Result<String, TemplateError> {
    let view = views::find(name).ok_or_else(|| TemplateError::UnknownView(name.to_owned()))?;
    let select = render(view.template, dialect, Use::View)?;
    let select = select.trim_end();
    Ok(match dialect {
        Dialect::Sqlite => format!("CREATE VIEW {name} AS\n-- {}\n{select}", view.doc),
        Dialect::BigQuery { dataset } => format!(
            "CREATE OR REPLACE VIEW {}\nOPTIONS (description = {})\nAS\n{select}",
            quoted(dataset, name),
            bigquery_text(view.doc),
        ),
    })
}
