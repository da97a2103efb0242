//! The cost report: `GET /v1/organizations/cost_report`.
//!
//! Source: platform.claude.com/docs, Usage and Cost Admin API. A page holds up to 31 days.

use super::BucketReport;

/// The fact: one row for each workspace and description.
pub const GROUPED: BucketReport = BucketReport {
    path: "/v1/organizations/cost_report",
    group_by: &["workspace_id", "description"],
    buckets_per_page: 31,
};

/// The control total.
pub const UNGROUPED: BucketReport = BucketReport { group_by: &[], ..GROUPED };
