//! Figures that are too large to be added up. The normalizer rejects them today; tables of an earlier version may hold
//! some, and so may tables that were edited.

use everycent_schemas::{AccountId, Day};

use super::{Check, Figure, Verdict};
use crate::window::Window;

/// Rows of one table, account and day with a figure beyond what a whole day may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfRangeRows {
    pub table: &'static str,
    pub source: String,
    pub account_id: AccountId,
    pub day: Day,
    pub rows: i64,
}

impl OutOfRangeRows {
    /// Where they are, and what takes them out.
    pub fn explanation(&self) -> String {
        let Self { table, source, account_id, day, rows } = self;
        let rows = if *rows == 1 { "a row".to_owned() } else { format!("{rows} rows") };
        format!(
            "{table} holds {rows} of {source}, account `{account_id}`, {day}, with a figure out of range, which spoils every \
             sum that it is part of. `everycent replay --from {day} --to {day} --source {source}` makes a reject of it"
        )
    }
}

/// A failure for each bucket with such rows; where there is none, one word that none is in the window.
pub fn figures_in_range(window: Window, found: &[OutOfRangeRows]) -> Vec<Verdict> {
    if found.is_empty() {
        return vec![of_window(window, 0, "no figure is too large to be added up".to_owned())];
    }
    let failure = |rows: &OutOfRangeRows| Verdict {
        source: rows.source.clone(),
        account_id: rows.account_id.clone(),
        activity_date: rows.day,
        from_date: rows.day,
        ..of_window(window, rows.rows, rows.explanation())
    };
    found.iter().map(failure).collect()
}

/// The word on checks whose sum the warehouse could not make. The reason names its tables.
pub fn sum_out_of_range(window: Window, checks: &str, reason: &str) -> Verdict {
    of_window(window, 1, format!("{checks} could not be checked: {reason}"))
}

fn of_window(window: Window, found: i64, explanation: String) -> Verdict {
    Verdict {
        check: Check::FiguresInRange,
        source: String::new(),
        account_id: "".into(),
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Count(0),
        found: Figure::Count(found),
        passed: found == 0,
        explanation,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_figure_out_of_range_is_named_by_table_source_account_and_day() {
        let day: Day = "2025-10-05".parse().unwrap();
        let source = "anthropic/cost_report".to_owned();
        let rows = OutOfRangeRows { table: "claude_costs", source, account_id: "acme".into(), day, rows: 2 };
        let window = Window::new(day.minus(3), day).unwrap();
        assert!(figures_in_range(window, &[]).iter().all(|verdict| verdict.passed));
        let verdict = figures_in_range(window, &[rows]).remove(0);
        assert!(!verdict.passed && verdict.from_date == day);
        for word in ["claude_costs holds 2 rows", "anthropic/cost_report", "`acme`", "2025-10-05", "everycent replay"] {
            assert!(verdict.explanation.contains(word), "{}", verdict.explanation);
        }
    }
}
