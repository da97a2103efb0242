//! What each person spent in the current billing cycle: `POST /teams/spend`. Every reading is kept.
//!
//! Source: cursor.com/docs, Admin API. `checks` compares it with the events.

mod pager;
mod rows;

use crate::report::{Kind, MakeRows, Origin, Report, Schedule, Weight};
use crate::source::Source;
use crate::vendor::Vendor;

pub const SOURCE: Source = Source::of(&Report {
    name: "cursor/spend",
    vendor: Vendor::Cursor,
    about: "spend of the billing cycle, as it is now",
    kind: Kind::PointInTime,
    origin: Origin::Api {
        pager: |task| Box::new(pager::SpendPager::new(task)),
        schedule: Schedule { cron: "25 */6 * * *", trailing_days: 0 },
    },
    rows: MakeRows::Plain(|| Box::new(rows::SpendRows)),
    tables: &["cursor_spend", "cursor_seat_readings"],
    weighs: &[Weight::Usd { table: "cursor_spend", column: "overall_spend_usd" }],
    control: None,
});
