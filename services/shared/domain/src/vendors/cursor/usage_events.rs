//! Each event of use in Cursor, with its charge: `POST /teams/filtered-usage-events`.
//!
//! Source: cursor.com/docs, Admin API.

mod billing;
mod figures;
mod ids;
mod pager;
mod record;
mod rows;

pub(in crate::vendors) use self::billing::Billing;
use crate::report::{Days, Kind, MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

pub const SOURCE: Source = Source::of(&Report {
    name: "cursor/usage_events",
    vendor: Vendor::Cursor,
    about: "every event, over days only",
    kind: Kind::Days(Days {
        window_days: 30,
        // The vendor says nothing of how long it restates a day.
        settling_days: 7,
        lag_days: 0,
        partial_days: false,
        memory: None,
    }),
    origin: Origin::Api {
        pager: |task| Box::new(pager::UsageEventsPager::new(task)),
        schedule: Schedule { cron: "30 5 * * *", trailing_days: 10 },
    },
    rows: MakeRows::ByPrices(|manifest, prices| {
        let prices = prices.plan_days(&manifest.account_id, &manifest.covered);
        Box::new(rows::EventRows::new(prices))
    }),
    tables: &["cursor_usage_events", "cursor_event_people", "cursor_plan_days"],
    weighs: &[
        Weight::Usd { table: "cursor_usage_events", column: "charged_usd" },
        // On a plan of requests events may carry no charge.
        Weight::Rows { table: "cursor_usage_events" },
    ],
    control: None,
});
