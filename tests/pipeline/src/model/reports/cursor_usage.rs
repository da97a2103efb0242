//! What each person did in Cursor on each day.

use std::borrow::Cow;

use chrono::NaiveDate;
use vendor_sim::{CursorRow, CursorUsage, World};

use crate::model::columns::record;
use crate::model::plan;
use crate::model::report::{Absence, Covers, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

const COUNTS: [&str; 17] = [
    "total_lines_added",
    "total_lines_deleted",
    "accepted_lines_added",
    "accepted_lines_deleted",
    "total_applies",
    "total_accepts",
    "total_rejects",
    "total_tabs_shown",
    "total_tabs_accepted",
    "composer_requests",
    "chat_requests",
    "agent_requests",
    "cmdk_usages",
    "bugbot_usages",
    "subscription_included_reqs",
    "usage_based_reqs",
    "api_key_reqs",
];

pub(crate) static USAGE: Report = Report {
    source: "cursor/daily_usage",
    tables: &["cursor_usage_stats"],
    time: Time::Days { settling_days: 7, covers: Covers::Begun },
    absence: Absence::Deleted,
    money: &["estimated_cost_usd", "seat_usd"],
    counts: &COUNTS,
    weighs: &[Scale {
        unit: Unit::Pieces,
        table: "cursor_usage_stats",
        columns: Some(&["subscription_included_reqs", "usage_based_reqs", "total_lines_added", "total_tabs_accepted"]),
    }],
    spoiled_by: &[
        (Spoil::Count, Harm::Sets(&[("agent_requests", "0")])),
        (Spoil::Date, Harm::Refused("activity_date")),
    ],
    told,
};

fn told(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let rows = world.cursor_rows_of(question.from, to).into_iter();
    rows.map(|row| Told::row(row.day, "cursor_usage_stats", usage(&question.account, &row))).collect()
}

fn usage(account: &str, row: &CursorRow) -> Record {
    let said = &row.usage;
    let text = |text: &Option<Cow<'_, str>>| text.as_ref().map(|text| text.clone().into_owned());
    let mut usage = record([
        ("account_id", Some(account.to_owned())),
        ("activity_date", Some(row.day.to_string())),
        ("user_id", Some(row.user_id.to_string())),
        ("email", Some(row.email.clone())),
        ("is_active", Some(u8::from(said.is_active).to_string())),
        ("most_used_model", text(&said.most_used_model)),
        ("apply_most_used_extension", text(&said.apply_most_used_extension)),
        ("tab_most_used_extension", text(&said.tab_most_used_extension)),
        ("client_version", text(&said.client_version)),
        ("platform", Some("cursor".to_owned())),
        ("platform_basis", Some("vendor".to_owned())),
    ]);
    usage.extend(COUNTS.iter().zip(counts(said)).map(|(name, count)| ((*name).to_owned(), count.to_string())));
    usage.extend(plan::terms(row.day));
    usage.extend(plan::costs(row.day, said.usage_based_reqs));
    usage
}

/// In the order of [`COUNTS`].
fn counts(said: &CursorUsage) -> [u64; 17] {
    [
        said.total_lines_added,
        said.total_lines_deleted,
        said.accepted_lines_added,
        said.accepted_lines_deleted,
        said.total_applies,
        said.total_accepts,
        said.total_rejects,
        said.total_tabs_shown,
        said.total_tabs_accepted,
        said.composer_requests,
        said.chat_requests,
        said.agent_requests,
        said.cmdk_usages,
        said.bugbot_usages,
        said.subscription_included_reqs,
        said.usage_based_reqs,
        said.api_key_reqs,
    ]
}
