//! Users: `GET /v1/organizations/users`.
//!
//! Source: platform.claude.com/docs, Admin API.

use everycent_schemas::rows::DimUser;
use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;

use super::lists::{Item, ListOf, ListPager, ListReport, ListRows, SCHEDULE, take_page};
use crate::report::{Kind, MakeRows, Origin, Report};
use crate::rows::{OutOfRange, Output};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::vendors::{Address, Text};

const REPORT: ListReport = ListReport { path: "/v1/organizations/users", filters: &[] };

pub const SOURCE: Source = Source::of(&Report {
    name: "anthropic/users",
    vendor: Vendor::Anthropic,
    about: "the users as they are now",
    kind: Kind::PointInTime,
    origin: Origin::Api { pager: |task| Box::new(ListPager::new(REPORT, task.window)), schedule: SCHEDULE },
    rows: MakeRows::Plain(|| Box::new(ListRows(take_page::<Users>))),
    tables: &["dim_users"],
    weighs: &[],
    control: None,
});

/// The list of them.
struct Users;

impl ListOf for Users {
    type Item<'p> = User<'p>;
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    email: Option<Address<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    role: Option<Text<'a>>,
    added_at: Option<Timestamp>,
}

impl<'p> Item<'p> for User<'p> {
    fn id(&self) -> &str {
        &self.id
    }

    fn put(&self, day: Day, output: &mut Output<'_>) -> Result<(), OutOfRange> {
        let manifest = output.manifest();
        let row = DimUser {
            organization_id: manifest.account_id.as_str(),
            user_id: &self.id,
            email: self.email.as_ref().and_then(Address::person),
            name: self.name.as_deref(),
            role: self.role.as_deref(),
            added_at: self.added_at,
            last_seen_at: manifest.fetched_at,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row)
    }
}
