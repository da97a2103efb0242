//! How derived tables are made of facts, and of each other: one `SELECT` for each, in `derived/*.sql`, in the template
//! language of the domain's `sql`.
//!
//! Beside the macros of that language they name what they are about: `[[scope:COLUMN]]` the days of an account,
//! `[[days:COLUMN]]` those days alone, `[[cycles:COLUMN]]` the billing cycles that they lie in, `[[rest_of_cycles:COLUMN]]`
//! these from the first such day on, `[[charges]]` some charges.

pub const CHARGES_OF_CLAUDE: &str = include_str!("../derived/charges_of_claude.sql");
pub const CHARGES_OF_CURSOR: &str = include_str!("../derived/charges_of_cursor.sql");
pub const SPEND_OF_CLAUDE: &str = include_str!("../derived/spend_of_claude.sql");
pub const SPEND_OF_CURSOR: &str = include_str!("../derived/spend_of_cursor.sql");
pub const OVER_INCLUDED: &str = include_str!("../derived/over_included.sql");
pub const REQUEST_UNITS: &str = include_str!("../derived/request_units.sql");
pub const SPEND_OF_MONTHS: &str = include_str!("../derived/spend_of_months.sql");

/// All of them. Whatever changes one of them changes what is made.
pub const ALL: [&str; 7] = [
    CHARGES_OF_CLAUDE,
    CHARGES_OF_CURSOR,
    SPEND_OF_CLAUDE,
    SPEND_OF_CURSOR,
    OVER_INCLUDED,
    REQUEST_UNITS,
    SPEND_OF_MONTHS,
];
