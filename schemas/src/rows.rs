//! The rows of the tables that the normalizer fills. Fields stand in the order of the schema.

use serde::Serialize;

use crate::{Day, Timestamp, Usd};

/// A row of a table.
pub trait Row: Serialize {
    const TABLE: &'static str;

    /// Sum of the row's money columns; `None` for a table without any.
    fn amount(&self) -> Option<Usd>;

    /// Sum of the row's integer columns.
    fn quantity(&self) -> i64;
}

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CursorUsageStat<'a> {
    pub account_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub user_id: Option<&'a str>,
    /// In lower case.
    pub email: &'a str,
    pub is_active: Option<bool>,
    pub total_lines_added: i64,
    pub total_lines_deleted: i64,
    pub accepted_lines_added: i64,
    pub accepted_lines_deleted: i64,
    pub total_applies: i64,
    pub total_accepts: i64,
    pub total_rejects: i64,
    pub total_tabs_shown: i64,
    pub total_tabs_accepted: i64,
    pub composer_requests: i64,
    pub chat_requests: i64,
    pub agent_requests: i64,
    pub cmdk_usages: i64,
    pub bugbot_usages: i64,
    /// A raw count, not billable units; so are the next two.
    pub subscription_included_reqs: i64,
    pub usage_based_reqs: i64,
    pub api_key_reqs: i64,
    pub most_used_model: Option<&'a str>,
    pub apply_most_used_extension: Option<&'a str>,
    pub tab_most_used_extension: Option<&'a str>,
    pub client_version: Option<&'a str>,
    pub estimated_cost_usd: Usd,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for CursorUsageStat<'_> {
    const TABLE: &'static str = "cursor_usage_stats";

    fn amount(&self) -> Option<Usd> {
        Some(self.estimated_cost_usd)
    }

    fn quantity(&self) -> i64 {
        [
            self.total_lines_added,
            self.total_lines_deleted,
            self.accepted_lines_added,
            self.accepted_lines_deleted,
            self.total_applies,
            self.total_accepts,
            self.total_rejects,
            self.total_tabs_shown,
            self.total_tabs_accepted,
            self.composer_requests,
            self.chat_requests,
            self.agent_requests,
            self.cmdk_usages,
            self.bugbot_usages,
            self.subscription_included_reqs,
            self.usage_based_reqs,
            self.api_key_reqs,
        ]
        .into_iter()
        .fold(0, i64::saturating_add)
    }
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
