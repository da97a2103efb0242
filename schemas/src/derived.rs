//! How derived tables are made of facts, and of each other: one `SELECT` for each, in `derived/*.sql`, in the template
//! language of the domain's `sql`.
//!
//! Beside the macros of that language they name what they are about: `[[scope:COLUMN]]` the days of an account,
//! `[[days:COLUMN]]` those days alone, `[[cycles:COLUMN]]` the billing cycles that they lie in, `[[rest_of_cycles:COLUMN]]`
//! these from the first such day on, `[[around:COLUMN]]` a cycle on both sides of the days, `[[charges]]` some charges,
//! `[[first_bills]]` the first day that each account's bill has answered for.

/// Charges, but for those of request units. Each part is one `SELECT`, which leaves out the columns that it has nothing for.
pub const CHARGES_OF_CLAUDE: &[&str] = &[
    include_str!("../derived/claude_bill_shares.sql"),
    include_str!("../derived/claude_analytics.sql"),
    include_str!("../derived/claude_spend_file.sql"),
    include_str!("../derived/claude_console_file.sql"),
];
pub const CHARGES_OF_CURSOR: &[&str] = &[
    include_str!("../derived/cursor_usage.sql"),
    include_str!("../derived/cursor_seats.sql"),
    include_str!("../derived/cursor_usage_file.sql"),
];
pub const CURSOR_OVER_INCLUDED: &str = include_str!("../derived/cursor_over_included.sql");
pub const CURSOR_REQUEST_UNITS: &str = include_str!("../derived/cursor_request_units.sql");
pub const SPEND_OF_CLAUDE: &str = include_str!("../derived/spend_of_claude.sql");
pub const SPEND_OF_CURSOR: &str = include_str!("../derived/spend_of_cursor.sql");
pub const SPEND_OF_MONTHS: &str = include_str!("../derived/spend_of_months.sql");

/// All of them. Whatever changes one of them changes what is made.
pub fn all() -> impl Iterator<Item = &'static str> {
    let sums = [CURSOR_OVER_INCLUDED, CURSOR_REQUEST_UNITS, SPEND_OF_CLAUDE, SPEND_OF_CURSOR, SPEND_OF_MONTHS];
    CHARGES_OF_CLAUDE.iter().chain(CHARGES_OF_CURSOR).copied().chain(sums)
}
