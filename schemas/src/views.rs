//! The views that people read, beyond the tables themselves.
//!
//! Each is one `SELECT` in `views/*.sql`, written once for every warehouse in the template language of the domain's
//! `sql`, below a head of comments that says what it is and what each of its columns is.

mod parse;
mod view;

use std::sync::LazyLock;

pub use view::{View, ViewColumn, ViewKind};

macro_rules! views {
    ($($name:literal),* $(,)?) => {
        static VIEWS: LazyLock<Vec<View>> =
            LazyLock::new(|| vec![$(parse::view($name, include_str!(concat!("../views/", $name, ".sql")))),*]);
    };
}

// A view stands after those that it is made of: they have to be there when it is created.
views!(
    "claude_cost_shares",
    "claude_expenses",
    "api_key_owner_periods",
    "api_usage_expenses",
    "claude_total_expenses",
    "claude_daily_cost",
    "claude_daily_tokens",
    "claude_daily_summary",
    "cursor_daily_user_usage",
    "cursor_expenses",
    "ai_spend_daily",
    "people_periods",
    "people_alias_periods",
    "ai_spend_owners",
    "ai_spend_by_person",
    "ai_spend_by_team",
    "ai_spend_by_cost_center",
);

/// All views, each after those that it is made of.
pub fn all() -> &'static [View] {
    &VIEWS
}

/// The view of this name.
pub fn find(name: &str) -> Option<&'static View> {
    all().iter().find(|view| view.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;

    #[test]
    fn no_view_has_the_name_of_a_table_or_of_another_view() {
        for (index, view) in all().iter().enumerate() {
            assert!(tables::find(view.name).is_none(), "{}", view.name);
            assert!(all()[..index].iter().all(|earlier| earlier.name != view.name), "{}", view.name);
        }
    }

    #[test]
    fn every_view_is_made_of_tables_and_of_views_before_it() {
        for (index, view) in all().iter().enumerate() {
            for used in view.template.split("[[table:").skip(1) {
                let name = used.split("]]").next().unwrap_or_default();
                let earlier = all()[..index].iter().any(|earlier| earlier.name == name);
                assert!(earlier || tables::find(name).is_some(), "{} uses {name}", view.name);
            }
            assert!(!view.template.contains("[[view:"), "{} is made of rounded amounts", view.name);
        }
    }

    #[test]
    fn money_and_only_money_says_so_by_its_name() {
        for view in all() {
            for column in &view.columns {
                assert_eq!(column.is_money(), column.name.ends_with("_usd"), "{}.{}", view.name, column.name);
            }
        }
    }

    #[test]
    fn every_kind_of_token_has_its_column_in_the_summary() {
        let summary = find("claude_daily_summary").expect("a view");
        for token_type in crate::TokenType::ALL {
            let column = format!("{}_usd", token_type.kind());
            assert!(summary.columns.iter().any(|shown| shown.name == column), "{column}");
            let sum = format!("kind = '{}'", token_type.kind());
            assert!(summary.template.contains(&sum), "{sum}");
        }
    }

    #[test]
    fn every_column_of_the_usage_table_but_its_row_id_is_in_the_view_of_people_and_means_the_same() {
        let table = tables::find("cursor_usage_stats").expect("a table");
        let view = find("cursor_daily_user_usage").expect("a view");
        for column in &table.columns {
            let shown = view.columns.iter().find(|shown| shown.name == column.name);
            let Some(shown) = shown else {
                assert_eq!(column.name, "row_id");
                continue;
            };
            assert_eq!(
                (shown.kind, shown.nullable),
                (ViewKind::Stored(column.kind), column.nullable),
                "{}",
                column.name
            );
            // What the day cost is as charged there, and an estimate and a list price here.
            let is_cost = ["estimated_cost_usd", "seat_usd"].contains(&column.name.as_str());
            assert_eq!(shown.doc != column.doc, is_cost, "{}", column.name);
        }
    }
}
