//! The definitions, and the reading of views and definitions in one form.

use everycent_schemas::rowfile::Cell;
use everycent_schemas::views::{self, ViewColumn};

use crate::warehouse::Warehouse;

/// A view as it is defined over all rows.
#[derive(Debug)]
pub(super) struct Definition {
    pub name: &'static str,
    text: &'static str,
}

macro_rules! definitions {
    ($($name:literal),* $(,)?) => {
        &[$(Definition { name: $name, text: include_str!(concat!("oracle/", $name, ".sql")) }),*]
    };
}

pub(super) const VIEWS: &[Definition] = definitions!(
    "claude_cost_shares",
    "claude_expenses",
    "api_usage_expenses",
    "claude_total_expenses",
    "claude_daily_cost",
    "claude_daily_summary",
    "cursor_daily_user_usage",
    "cursor_expenses",
    "ai_spend_daily",
    "ai_spend_by_person",
    "ai_spend_by_team",
    "ai_spend_by_cost_center",
);

/// The rows of the definition, in order, each as text.
pub(super) async fn defined(warehouse: &dyn Warehouse, view: &Definition) -> Vec<String> {
    rows(warehouse, view, &format!("(\n{}\n)", view.select())).await
}

/// The rows of the view of that name, likewise.
pub(super) async fn shown(warehouse: &dyn Warehouse, view: &Definition) -> Vec<String> {
    rows(warehouse, view, &format!("[[table:{}]]", view.name)).await
}

async fn rows(warehouse: &dyn Warehouse, view: &Definition, from: &str) -> Vec<String> {
    let shipped = views::find(view.name).unwrap();
    assert_eq!(shipped.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), view.columns());
    let columns: Vec<String> = shipped.columns.iter().map(selected).collect();
    let template = format!("SELECT {} FROM {from} AS shown", columns.join(", "));
    let found = warehouse.query(&template).await.unwrap_or_else(|error| panic!("{}: {error}", view.name));
    let mut rows: Vec<String> = found.rows.iter().map(|cells| text(&shipped.columns, cells)).collect();
    rows.sort();
    rows
}

fn selected(column: &ViewColumn) -> String {
    if column.is_money() { format!("[[exact:{}]]", column.name) } else { column.name.clone() }
}

fn text(columns: &[ViewColumn], cells: &[Cell]) -> String {
    let named = columns.iter().zip(cells).filter(|(_, cell)| **cell != Cell::Null);
    named.map(|(column, cell)| format!("{}={cell:?}", column.name)).collect::<Vec<_>>().join(" ")
}

impl Definition {
    /// The query, with the definitions of the views that it reads in their places.
    fn select(&self) -> String {
        let lines = self.text.lines().skip_while(|line| line.starts_with("--"));
        let mut select = lines.collect::<Vec<_>>().join("\n");
        for other in VIEWS {
            let call = format!("[[table:{}]]", other.name);
            if select.contains(&call) {
                select = select.replace(&call, &format!("(\n{}\n)", other.select()));
            }
        }
        select
    }

    /// The columns that the head names.
    fn columns(&self) -> Vec<&str> {
        let head = self.text.lines().take_while(|line| line.starts_with("--"));
        let columns = head.skip_while(|line| *line != "--").skip(1).filter(|line| !line.starts_with("--  "));
        columns.map(|line| line.split(' ').nth(1).unwrap()).collect()
    }
}
