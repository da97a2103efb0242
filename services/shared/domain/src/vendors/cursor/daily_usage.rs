//! What each person did in Cursor each day: `POST /teams/daily-usage-data`.
//!
//! Source: cursor.com/docs, Admin API. It holds counts; what they and the seat cost comes from the price table.

mod order;
mod pager;
mod record;
mod rows;

use crate::report::{Days, Kind, MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

const TABLE: &str = "cursor_usage_stats";

pub const SOURCE: Source = Source::of(&Report {
    name: "cursor/daily_usage",
    vendor: Vendor::Cursor,
    about: "daily usage data, paged by user",
    kind: Kind::Days(Days {
        window_days: 30,
        // The vendor says nothing of how long it restates a day.
        settling_days: 7,
        lag_days: 0,
        partial_days: true,
        memory: None,
    }),
    origin: Origin::Api {
        pager: |task| Box::new(pager::DailyUsagePager::new(task)),
        schedule: Schedule { cron: "20 5 * * *", trailing_days: 10 },
    },
    rows: MakeRows::ByPrices(|manifest, prices| {
        let prices = prices.plan_days(&manifest.account_id, &manifest.covered);
        Box::new(rows::UsageRows::new(prices))
    }),
    tables: &[TABLE, "cursor_plan_days"],
    weighs: &[
        Weight::Count { table: TABLE, column: "subscription_included_reqs" },
        Weight::Count { table: TABLE, column: "usage_based_reqs" },
        Weight::Count { table: TABLE, column: "total_lines_added" },
        Weight::Count { table: TABLE, column: "total_tabs_accepted" },
    ],
    control: None,
});
