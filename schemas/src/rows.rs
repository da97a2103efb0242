//! The rows of the tables that the normalizer fills. Fields stand in the order of the schema.

mod claude_analytics;
mod claude_code;
mod claude_costs;
mod claude_usage;
mod cursor_events;
mod cursor_team;
mod cursor_usage;
mod directory;
mod upload;

use serde::Serialize;

pub use claude_analytics::ClaudeAnalyticsCost;
pub use claude_code::{ClaudeCodeModelUsage, ClaudeCodeUsageStat};
pub use claude_costs::{ClaudeCost, ClaudeCostTotal};
pub use claude_usage::ClaudeUsageTokens;
pub use cursor_events::CursorUsageEvent;
pub use cursor_team::{CursorMember, CursorSpend};
pub use cursor_usage::CursorUsageStat;
pub use directory::{DimApiKey, DimUser, DimWorkspace};
pub use upload::{ApiKeyOwner, ClaudeUsageStat};

use crate::{Day, Timestamp, Usd};

/// A row of a table.
pub trait Row: Serialize {
    const TABLE: &'static str;

    /// Sum of the row's money columns that count for control sums; `None` if there is nothing.
    fn amount(&self) -> Option<Usd>;

    /// Sum of the row's integer columns that count for control sums.
    fn quantity(&self) -> i64;
}

/// The sum of what is there; `None` if nothing is.
fn total(amounts: impl IntoIterator<Item = Option<Usd>>) -> Option<Usd> {
    amounts.into_iter().flatten().reduce(|sum, amount| sum + amount)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedRecord<'a> {
    pub source: &'a str,
    pub account_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub page: i32,
    /// A JSON pointer into the page.
    pub position: &'a str,
    pub reason: &'a str,
    /// Object name of the page.
    pub object: &'a str,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for RejectedRecord<'_> {
    const TABLE: &'static str = "rejected_records";

    fn amount(&self) -> Option<Usd> {
        None
    }

    fn quantity(&self) -> i64 {
        self.page.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    #[test]
    fn a_reject_fits_its_table() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        fits::check(RejectedRecord {
            source: "a/b",
            account_id: "a",
            activity_date: day,
            row_id: "r",
            page: 1,
            position: "/data/0",
            reason: "why",
            object: "raw/x",
            snapshot_id: "s",
            fetched_at: at,
            ingestion_timestamp: at,
        });
    }
}
