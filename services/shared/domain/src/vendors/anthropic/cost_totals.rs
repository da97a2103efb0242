//! The cost report, not grouped: the control total of the bill.
//!
//! Source: platform.claude.com/docs, Usage and Cost Admin API. A page holds up to 31 days.

mod control;

use super::bucket_pager::{BucketPager, BucketReport, LAG_DAYS};
use super::cost_rows::CostRows;
use crate::report::{Days, Kind, MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

const REPORT: BucketReport =
    BucketReport { path: "/v1/organizations/cost_report", group_by: &[], buckets_per_page: 31 };

pub const SOURCE: Source = Source::of(&Report {
    name: "anthropic/cost_totals",
    vendor: Vendor::Anthropic,
    about: "cost report, not grouped",
    kind: Kind::Days(Days { window_days: 31, settling_days: 30, lag_days: LAG_DAYS, partial_days: true, memory: None }),
    origin: Origin::Api {
        pager: |task| Box::new(BucketPager::new(REPORT, task)),
        schedule: Schedule { cron: "10 */6 * * *", trailing_days: 35 },
    },
    rows: MakeRows::Plain(|| Box::new(CostRows::totals())),
    tables: &["claude_cost_totals"],
    weighs: &[Weight::Usd { table: "claude_cost_totals", column: "amount_usd" }],
    control: Some(control::CONTROL),
});
