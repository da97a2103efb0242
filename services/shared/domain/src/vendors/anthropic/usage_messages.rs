//! Tokens of the Claude API: `GET /v1/organizations/usage_report/messages`.
//!
//! Source: platform.claude.com/docs, Usage and Cost Admin API. Grouped by the dimensions that keys, people and prices
//! need; a sixth is refused. A day has a row for each key and model, so a page holds a week of them, not a month.

mod rows;

use super::bucket_pager::{BucketPager, BucketReport, LAG_DAYS};
use crate::report::{Days, Kind, MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

/// Without `inference_geo`, which would be the sixth dimension.
const REPORT: BucketReport = BucketReport {
    path: "/v1/organizations/usage_report/messages",
    group_by: &["api_key_id", "workspace_id", "model", "service_tier", "context_window"],
    buckets_per_page: 7,
};

const TABLE: &str = "claude_usage_tokens";

pub const SOURCE: Source = Source::of(&Report {
    name: "anthropic/usage_messages",
    vendor: Vendor::Anthropic,
    about: "tokens by key, workspace, model, service tier and context window, 7 days a page",
    kind: Kind::Days(Days {
        // Four full pages of seven days.
        window_days: 28,
        settling_days: 30,
        lag_days: LAG_DAYS,
        partial_days: true,
        memory: None,
    }),
    origin: Origin::Api {
        pager: |task| Box::new(BucketPager::new(REPORT, task)),
        schedule: Schedule { cron: "15 */6 * * *", trailing_days: 35 },
    },
    rows: MakeRows::ByRules(|rules| Box::new(rows::UsageRows::of(rules))),
    tables: &[TABLE],
    weighs: &[Weight::Tokens { table: TABLE }],
    control: None,
});

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::paging::{Pager, PagingTask};
    use crate::window::Window;

    #[test]
    fn it_is_asked_by_week_and_grouped_by_no_more_than_the_vendor_allows() {
        let day = |text: &str| text.parse().unwrap();
        let window = Window::new(day("2025-10-03"), day("2025-10-30")).unwrap();
        let task = PagingTask { window, today: day("2025-11-20"), page_size: 100, last_fault: None };
        let request = BucketPager::new(REPORT, &task).first();
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            query,
            [
                "starting_at=2025-10-03T00:00:00Z",
                "ending_at=2025-10-31T00:00:00Z",
                "bucket_width=1d",
                "limit=7",
                "group_by[]=api_key_id",
                "group_by[]=workspace_id",
                "group_by[]=model",
                "group_by[]=service_tier",
                "group_by[]=context_window"
            ]
        );
        assert_eq!(request.path, "/v1/organizations/usage_report/messages");
    }
}
