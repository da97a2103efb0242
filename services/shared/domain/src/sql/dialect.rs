//! What the warehouses write differently, as far as tables, views and queries need it.

use std::fmt::Debug;

use everycent_schemas::Day;
use everycent_schemas::tables::{Kind, Table};
use everycent_schemas::views::View;

/// A statement that creates a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateView {
    pub name: String,
    pub sql: String,
}

/// How one warehouse writes SQL. A merge has no place here: what it takes is each warehouse's own.
pub trait Dialect: Debug {
    /// The table that holds the rows.
    fn table(&self, table: &Table) -> String;

    /// The view that gives the exact rows.
    fn exact_view(&self, view: &View) -> String;

    /// A table or view as people query it.
    fn shown(&self, name: &str) -> String;

    /// The statements that create a table, and what shows it to people if it does not do so itself.
    fn create_table(&self, table: &Table) -> Vec<String>;

    /// The statements that create a view of this query.
    fn create_view(&self, view: &View, select: &str) -> Vec<CreateView>;

    /// The type of a column, in a cast.
    fn type_name(&self, kind: Kind) -> &'static str;

    /// A literal of any text whatever.
    fn text(&self, value: &str) -> String;

    /// An expression over columns of money, by the names that they are stored under.
    fn exact(&self, expression: &str) -> String;

    /// A column of money as a whole number of nano-dollars, of 64 bits.
    fn nanos(&self, column: &str) -> String;

    /// Whole nano-dollars as money is stored.
    fn dollars(&self, nanos: &str) -> String;

    /// What some of `whole` units have of an amount: integers of 64 bits, the product between them of more, rounded towards
    /// zero.
    fn part_of(&self, amount: &str, units: &str, whole: &str) -> String;

    /// The month of a date as text, `2025-10`.
    fn month(&self, date: &str) -> String;

    /// The first day of the month of a date.
    fn first_of_month(&self, date: &str) -> String;

    /// A literal of a date.
    fn date(&self, day: Day) -> String;
}
