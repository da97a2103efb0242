//! Views: `CREATE VIEW` from the templates that the schemas ship.

use everycent_schemas::views;

use super::template::query;
use super::{CreateView, Dialect, TemplateError};

/// The statements that create a shipped view, in order.
pub fn view(name: &str, dialect: &dyn Dialect) -> Result<Vec<CreateView>, TemplateError> {
    let view = views::find(name).ok_or_else(|| TemplateError::UnknownView(name.to_owned()))?;
    Ok(dialect.create_view(view, &query(view.template, dialect)?))
}
