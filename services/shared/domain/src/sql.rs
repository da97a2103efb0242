//! SQL for every warehouse, generated from the table schemas and the views: DDL, merges, and a small template language
//! for views and queries.
//!
//! Text only: nothing here runs a statement. In every warehouse money is exact; it becomes a binary float only in the
//! SQLite views for people, to sort and compare by. Views are made of exact views, never of those.

pub mod bigquery;
mod ddl;
mod names;
pub mod sqlite;
mod stored;
mod template;
mod view;

pub use ddl::{base_view, ddl, key_order};
pub use names::{physical_name, sqlite_type, stored_name};
pub use stored::{failed_values, loaded_values, verdict_values};
pub use template::{TemplateError, query, text};
pub use view::{CreateView, view};

/// Whose SQL to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    BigQuery {
        /// `project.dataset`.
        dataset: String,
    },
}

#[cfg(test)]
mod tests;
