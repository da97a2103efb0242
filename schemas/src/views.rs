//! The views that people read, beyond the tables themselves.
//!
//! Each is one `SELECT` in `views/*.sql`, written once for every warehouse in the template language of the domain's `sql`.

/// One view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub name: &'static str,
    pub doc: &'static str,
    /// Its `SELECT`.
    pub template: &'static str,
}

macro_rules! views {
    ($($name:literal: $doc:literal),* $(,)?) => {
        static VIEWS: &[View] = &[$(View {
            name: $name,
            doc: $doc,
            template: include_str!(concat!("../views/", $name, ".sql")),
        }),*];
    };
}

views! {
    "claude_total_expenses": "What Claude cost an organization on a day, by no segmentation at all: the sum of what was billed.",
    "claude_daily_cost": "What Claude cost on a day and in the month up to that day, over all organizations.",
    "claude_daily_summary": "What Claude cost by day, workspace and model, split by kind of token. A null workspace is the default one; `other_usd` is everything that is no known kind of token.",
    "claude_expenses": "What Claude cost by platform, one row for each billed line. `api_key_id` is null: the cost report does not tell keys apart.",
    "cursor_daily_user_usage": "What one person did in Cursor on one day, with acceptance rates; a rate is null where nothing was offered.",
}

/// All views.
pub fn all() -> &'static [View] {
    VIEWS
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
    fn every_column_of_the_usage_table_but_its_row_id_is_in_the_view_of_people() {
        let table = tables::find("cursor_usage_stats").expect("a table");
        let view = find("cursor_daily_user_usage").expect("a view");
        let words: Vec<&str> = view.template.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        for column in &table.columns {
            assert_eq!(words.contains(&column.name.as_str()), column.name != "row_id", "{}", column.name);
        }
    }
}
