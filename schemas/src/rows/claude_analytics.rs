//! Rows of what Claude costs by product, person and key.

use serde::Serialize;

use super::Row;
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaudeAnalyticsCost<'a> {
    pub organization_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub product: Option<&'a str>,
    /// `None` is nobody who can be named.
    pub actor_type: Option<&'a str>,
    pub actor_id: Option<&'a str>,
    /// In lower case.
    pub actor_email: Option<&'a str>,
    pub actor_name: Option<&'a str>,
    /// `None` is use without a key.
    pub api_key_id: Option<&'a str>,
    /// Here the default workspace has an id of its own.
    pub workspace_id: Option<&'a str>,
    pub model: Option<&'a str>,
    pub cost_type: Option<&'a str>,
    pub token_type: Option<&'a str>,
    pub requests: Option<i64>,
    pub currency: &'a str,
    /// The vendor's own text, in cents, after discounts; so is the list amount, before them.
    pub amount_cents: &'a str,
    pub amount_usd: Usd,
    pub list_amount_cents: &'a str,
    pub list_amount_usd: Usd,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    /// From 1; `None` where no rule decided.
    pub platform_rank: Option<i64>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ClaudeAnalyticsCost<'_> {
    const TABLE: &'static str = "claude_analytics_costs";

    fn amount(&self) -> Option<Usd> {
        Some(self.amount_usd + self.list_amount_usd)
    }

    fn quantity(&self) -> i64 {
        self.requests.unwrap_or_default()
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
            fits::check(ClaudeAnalyticsCost {
                organization_id: "a",
                activity_date: day,
                row_id: "r",
                product: some,
                actor_type: some,
                actor_id: some,
                actor_email: some,
                actor_name: some,
                api_key_id: some,
                workspace_id: some,
                model: some,
                cost_type: some,
                token_type: some,
                requests: some.map(|_| 3),
                currency: "USD",
                amount_cents: "1",
                amount_usd: Usd::from_nanos(5),
                list_amount_cents: "2",
                list_amount_usd: Usd::from_nanos(7),
                platform: "claude_code",
                platform_basis: some,
                platform_rank: some.map(|_| 4),
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
