//! Requests and tokens by product, person and key: `GET /v1/organizations/analytics/usage` (beta).
//!
//! Source: platform.claude.com/docs, Usage and Cost Analytics API. It is grouped as the cost by analytics is, so that a
//! row of cost and its tokens meet. Five dimensions are the limit; geography, speed and tier are left out.

mod rows;

use super::analytics::{AnalyticsPager, AnalyticsReport, KIND};
use crate::report::{MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

const REPORT: AnalyticsReport = AnalyticsReport {
    path: "/v1/organizations/analytics/usage",
    group_by: &["product", "actor", "api_key_id", "workspace_id", "model"],
};

const TABLE: &str = "claude_analytics_usage";

pub const SOURCE: Source = Source::of(&Report {
    name: "anthropic/analytics_usage",
    vendor: Vendor::Anthropic,
    about: "requests and tokens by product, person, key, workspace and model (beta); the last 365 days, none before 2026, over days only",
    kind: KIND,
    origin: Origin::Api {
        pager: |task| Box::new(AnalyticsPager::new(REPORT, task.window, task.today)),
        schedule: Schedule { cron: "45 5 * * *", trailing_days: 35 },
    },
    rows: MakeRows::ByRules(|rules| Box::new(rows::UsageRows::of(rules))),
    tables: &[TABLE],
    weighs: &[Weight::Tokens { table: TABLE }],
    control: None,
});
