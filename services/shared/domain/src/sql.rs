//! SQL for every warehouse, generated from the table schemas and the views: DDL, merges, and a small template language
//! for views and queries.
//!
//! Text only: nothing here runs a statement. In every warehouse money is exact; it becomes a binary float only in the
//! SQLite views for people, to sort and compare by. Views are made of exact views, never of those.
//!
//! What a warehouse writes in its own way stands in its module, behind [`Dialect`] where the rest needs it.

pub mod bigquery;
mod columns;
pub mod derived;
mod dialect;
mod forgetting;
pub mod sqlite;
mod sticky;
mod stored;
mod template;
mod view;

pub use bigquery::BigQuery;
pub use columns::key_order;
pub use dialect::{CreateView, Dialect};
pub use forgetting::{count_account, forget_account, tables_of_vendor};
pub use sqlite::Sqlite;
pub use stored::{failed_values, known, merged_values, verdict_values};
pub use template::{TemplateError, query, tables_of, text};
pub use view::view;

#[cfg(test)]
mod tests;
