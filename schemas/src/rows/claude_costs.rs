//! Rows of what Claude costs.

use serde::Serialize;

use super::Row;
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaudeCost<'a> {
    pub organization_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    /// `None` is the default workspace.
    pub workspace_id: Option<&'a str>,
    pub description: Option<&'a str>,
    pub cost_type: Option<&'a str>,
    pub model: Option<&'a str>,
    pub token_type: Option<&'a str>,
    pub service_tier: Option<&'a str>,
    pub context_window: Option<&'a str>,
    pub inference_geo: Option<&'a str>,
    pub currency: &'a str,
    /// The vendor's own text, in cents.
    pub amount_cents: &'a str,
    pub amount_usd: Usd,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    /// From 1; the smaller decides where cost line and key disagree.
    pub platform_rank: Option<i64>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ClaudeCost<'_> {
    const TABLE: &'static str = "claude_costs";

    fn amount(&self) -> Option<Usd> {
        Some(self.amount_usd)
    }

    fn quantity(&self) -> i64 {
        0
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaudeCostTotal<'a> {
    pub organization_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub currency: &'a str,
    /// The vendor's own text, in cents.
    pub amount_cents: &'a str,
    pub amount_usd: Usd,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ClaudeCostTotal<'_> {
    const TABLE: &'static str = "claude_cost_totals";

    fn amount(&self) -> Option<Usd> {
        Some(self.amount_usd)
    }

    fn quantity(&self) -> i64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    #[test]
    fn the_row_fits_its_table_with_its_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            fits::check(ClaudeCost {
                organization_id: "a",
                activity_date: day,
                row_id: "r",
                workspace_id: some,
                description: some,
                cost_type: some,
                model: some,
                token_type: some,
                service_tier: some,
                context_window: some,
                inference_geo: some,
                currency: "USD",
                amount_cents: "1",
                amount_usd: Usd::from_nanos(5),
                platform: "claude_api",
                platform_basis: some,
                platform_rank: some.map(|_| 3),
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
