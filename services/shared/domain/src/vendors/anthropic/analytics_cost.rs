//! Cost by product, person and key: `GET /v1/organizations/analytics/cost` (beta).
//!
//! Source: platform.claude.com/docs, Usage and Cost Analytics API. The vendor's own attribution of the same money that
//! the cost report bills: a control, never added.

mod control;
mod rows;

use super::analytics::{AnalyticsPager, AnalyticsReport, KIND};
use crate::report::{MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

/// The five dimensions that a request may name, and two that do not count.
const REPORT: AnalyticsReport = AnalyticsReport {
    path: "/v1/organizations/analytics/cost",
    group_by: &["product", "actor", "api_key_id", "workspace_id", "model", "cost_type", "token_type"],
};

pub const NAME: &str = "anthropic/analytics_cost";

pub const SOURCE: Source = Source::of(&Report {
    name: NAME,
    vendor: Vendor::Anthropic,
    about: "cost by product, person, key, workspace and model (beta); the last 365 days, none before 2026, over days only",
    kind: KIND,
    origin: Origin::Api {
        pager: |task| Box::new(AnalyticsPager::new(REPORT, task.window, task.today)),
        schedule: Schedule { cron: "40 5 * * *", trailing_days: 35 },
    },
    rows: MakeRows::ByRules(|rules| Box::new(rows::CostRows::of(rules))),
    tables: &["claude_analytics_costs"],
    weighs: &[Weight::Usd { table: "claude_analytics_costs", column: "amount_usd" }],
    control: Some(control::CONTROL),
});
