//! BigQuery's way of writing: amounts are `NUMERIC`, and every name has its dataset.

use everycent_schemas::Day;
use everycent_schemas::tables::{Kind, Table};
use everycent_schemas::views::View;

use super::{ddl, literal, names};
use crate::sql::{CreateView, Dialect};

/// Nano-dollars in a dollar.
const NANOS: &str = "1000000000";

/// Writes for one dataset of BigQuery.
#[derive(Debug, Clone, Copy)]
pub struct BigQuery<'d> {
    /// `project.dataset`.
    pub dataset: &'d str,
}

impl Dialect for BigQuery<'_> {
    fn table(&self, table: &Table) -> String {
        names::quoted(self.dataset, table.name)
    }

    fn exact_view(&self, view: &View) -> String {
        names::quoted(self.dataset, view.name)
    }

    fn shown(&self, name: &str) -> String {
        names::quoted(self.dataset, name)
    }

    fn create_table(&self, table: &Table) -> Vec<String> {
        vec![ddl::create_table(table, &self.table(table))]
    }

    fn create_view(&self, view: &View, select: &str) -> Vec<CreateView> {
        let sql = ddl::create_view(view, &self.exact_view(view), select);
        vec![CreateView { name: view.name.to_owned(), sql }]
    }

    fn type_name(&self, kind: Kind) -> &'static str {
        names::shown_type(kind)
    }

    fn text(&self, value: &str) -> String {
        names::text_literal(value)
    }

    fn exact(&self, expression: &str) -> String {
        expression.to_owned()
    }

    fn nanos(&self, column: &str) -> String {
        format!("CAST({column} * {NANOS} AS INT64)")
    }

    fn dollars(&self, nanos: &str) -> String {
        format!("CAST({nanos} AS NUMERIC) / {NANOS}")
    }

    /// In parentheses, for an emulator takes them for operators and what is around them for operands.
    fn part_of(&self, amount: &str, units: &str, whole: &str) -> String {
        // The inner casts change nothing here. Sums of the emulator are wider, and make a binary float of the product.
        format!("CAST(DIV(CAST({amount} AS NUMERIC) * CAST({units} AS INT64), CAST({whole} AS INT64)) AS INT64)")
    }

    fn month(&self, date: &str) -> String {
        format!("FORMAT_DATE('%Y-%m', {date})")
    }

    fn first_of_month(&self, date: &str) -> String {
        format!("DATE_TRUNC({date}, MONTH)")
    }

    fn date(&self, day: Day) -> String {
        literal::date(day)
    }
}
