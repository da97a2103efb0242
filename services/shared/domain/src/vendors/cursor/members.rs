//! The members of the team, removed ones too: `GET /teams/members`.
//!
//! Source: cursor.com/docs, Admin API.

mod pager;
mod rows;

use crate::report::{Kind, MakeRows, Origin, Report, Schedule};
use crate::source::Source;
use crate::vendor::Vendor;

pub(super) use pager::{List, PATH};

pub const SOURCE: Source = Source::of(&Report {
    name: "cursor/members",
    vendor: Vendor::Cursor,
    about: "the members as they are now, removed ones too",
    kind: Kind::PointInTime,
    origin: Origin::Api {
        pager: |task| Box::new(pager::MembersPager::new(task.window)),
        schedule: Schedule { cron: "0 */6 * * *", trailing_days: 0 },
    },
    rows: MakeRows::Plain(|| Box::new(rows::MemberRows)),
    tables: &["dim_cursor_members", "cursor_seat_readings"],
    weighs: &[],
    control: None,
});
