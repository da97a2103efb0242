//! How far two tellings of the same money may lie apart before a check fails.

use rust_decimal::Decimal;

/// Percents of the expected figure. Checks of money that is told twice exactly have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerances {
    /// Cost of tokens against the public list price: contracts, fast modes and roundings differ from it.
    pub price_percent: Decimal,
    /// The analytics' cost against the cost report.
    pub analytics_percent: Decimal,
    /// Cursor's events against the spend of the cycle.
    pub cursor_spend_percent: Decimal,
    /// Claude Code's estimate over the bill that it is a part of.
    pub claude_code_percent: Decimal,
}

impl Default for Tolerances {
    fn default() -> Self {
        let percent = |percent: i64| Decimal::new(percent, 0);
        Self {
            price_percent: percent(30),
            analytics_percent: percent(1),
            cursor_spend_percent: percent(1),
            claude_code_percent: percent(1),
        }
    }
}
