//! SQLite's way of writing: all amounts are whole nano-dollars, divided once in the views for people.

use everycent_schemas::Day;
use everycent_schemas::tables::{Kind, Table};
use everycent_schemas::views::View;

use super::part_of::PART_OF;
use super::{ddl, names};
use crate::sql::{CreateView, Dialect};

/// Writes for SQLite. A table or view with money is there as `<name>_nano`, and `<name>` is a view over it.
#[derive(Debug, Clone, Copy)]
pub struct Sqlite;

impl Dialect for Sqlite {
    fn table(&self, table: &Table) -> String {
        names::table_name(table)
    }

    fn exact_view(&self, view: &View) -> String {
        names::exact_view_name(view)
    }

    fn shown(&self, name: &str) -> String {
        name.to_owned()
    }

    fn create_table(&self, table: &Table) -> Vec<String> {
        std::iter::once(ddl::create_table(table)).chain(ddl::base_view(table)).collect()
    }

    /// An older view has to be dropped before.
    fn create_view(&self, view: &View, select: &str) -> Vec<CreateView> {
        ddl::create_view(view, select)
    }

    fn type_name(&self, kind: Kind) -> &'static str {
        names::type_name(kind)
    }

    fn text(&self, value: &str) -> String {
        names::text(value)
    }

    fn exact(&self, expression: &str) -> String {
        names::rename_money(expression)
    }

    fn nanos(&self, column: &str) -> String {
        names::rename_money(column)
    }

    fn dollars(&self, nanos: &str) -> String {
        nanos.to_owned()
    }

    fn part_of(&self, amount: &str, units: &str, whole: &str) -> String {
        format!("{PART_OF}({amount}, {units}, {whole})")
    }

    fn month(&self, date: &str) -> String {
        format!("substr({date}, 1, 7)")
    }

    fn first_of_month(&self, date: &str) -> String {
        format!("substr({date}, 1, 7) || '-01'")
    }

    fn date(&self, day: Day) -> String {
        format!("'{day}'")
    }
}
