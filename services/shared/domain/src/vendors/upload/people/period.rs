//! A person on some days.

use everycent_schemas::Day;

/// A person from one day to another, both of them counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPeriod {
    /// The main address, in lower case.
    pub email: String,
    /// Other addresses, in order.
    pub aliases: Vec<String>,
    pub name: Option<String>,
    pub team: Option<String>,
    pub cost_center: Option<String>,
    pub manager: Option<String>,
    pub claude_seat: Option<String>,
    pub cursor_seat: Option<String>,
    /// `None` from the first day on.
    pub valid_from: Option<Day>,
    /// `None` to the last day.
    pub valid_to: Option<Day>,
    /// The line of the sheet; 0 for what is in the tables.
    pub line: u64,
}

impl PersonPeriod {
    pub fn holds_on(&self, day: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}
