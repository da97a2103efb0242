//! The cost report, grouped by workspace and description: the bill itself.
//!
//! Source: platform.claude.com/docs, Usage and Cost Admin API. A page holds up to 31 days.

use super::bucket_pager::{BucketPager, BucketReport, LAG_DAYS};
use super::cost_rows::CostRows;
use crate::report::{Days, Kind, MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

/// The name of the report whose money is the fact.
pub const NAME: &str = "anthropic/cost_report";

const REPORT: BucketReport = BucketReport {
    path: "/v1/organizations/cost_report",
    group_by: &["workspace_id", "description"],
    buckets_per_page: 31,
};

pub const SOURCE: Source = Source::of(&Report {
    name: NAME,
    vendor: Vendor::Anthropic,
    about: "cost report, grouped by workspace and description",
    kind: Kind::Days(Days { window_days: 31, settling_days: 30, lag_days: LAG_DAYS, partial_days: true, memory: None }),
    origin: Origin::Api {
        pager: |task| Box::new(BucketPager::new(REPORT, task)),
        schedule: Schedule { cron: "5 */6 * * *", trailing_days: 35 },
    },
    rows: MakeRows::ByRules(|rules| Box::new(CostRows::grouped(rules))),
    tables: &["claude_costs"],
    weighs: &[Weight::Usd { table: "claude_costs", column: "amount_usd" }],
    control: None,
});
