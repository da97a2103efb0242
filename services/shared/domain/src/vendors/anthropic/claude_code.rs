//! What people do with Claude Code: `GET /v1/organizations/usage_report/claude_code`, a day a call.
//!
//! Source: platform.claude.com/docs, Claude Code Analytics API. Its cost is an estimate of a part of the bill.

mod content;
mod control;
mod pager;
mod record;
mod rows;
mod tools;

use crate::report::{Days, Kind, MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

pub const SOURCE: Source = Source::of(&Report {
    name: "anthropic/claude_code",
    vendor: Vendor::Anthropic,
    about: "Claude Code by person, over days only",
    kind: Kind::Days(Days { window_days: 1, settling_days: 7, lag_days: 0, partial_days: false, memory: None }),
    origin: Origin::Api {
        pager: |task| Box::new(pager::ClaudeCodePager::new(task)),
        schedule: Schedule { cron: "20 */6 * * *", trailing_days: 10 },
    },
    rows: MakeRows::Plain(|| Box::new(rows::ClaudeCodeRows::default())),
    tables: &["claude_code_usage_stats", "claude_code_model_usage"],
    weighs: &[
        Weight::Usd { table: "claude_code_model_usage", column: "estimated_cost_usd" },
        Weight::Count { table: "claude_code_usage_stats", column: "num_sessions" },
    ],
    control: Some(control::CONTROL),
});
