//! The sheets that people upload. What they say comes with them and not from the world.

use crate::model::report::{Absence, Report, Time};
use crate::model::weight::{Scale, Unit};

pub(crate) static CLAUDE_USAGE: Report = Report {
    source: "upload/claude_usage",
    tables: &["claude_usage_stats"],
    time: Time::Uploaded,
    absence: Absence::Deleted,
    money: &[],
    counts: &["conversations", "projects", "files", "messages"],
    weighs: &[Scale { unit: Unit::Pieces, table: "claude_usage_stats", columns: Some(&["conversations", "messages"]) }],
    spoiled_by: &[],
    told: |_, _, _| Vec::new(),
};

pub(crate) static API_KEY_OWNERS: Report = Report {
    source: "upload/api_key_owners",
    tables: &["dim_api_key_owners", "dim_api_key_earlier_owners"],
    time: Time::Uploaded,
    absence: Absence::Kept(&["organization_id", "api_key_id", "valid_until"]),
    money: &[],
    counts: &[],
    weighs: &[],
    spoiled_by: &[],
    told: |_, _, _| Vec::new(),
};

pub(crate) static PEOPLE: Report = Report {
    source: "upload/people",
    tables: &["people", "people_aliases"],
    time: Time::Uploaded,
    absence: Absence::Kept(&["address", "email", "valid_from"]),
    money: &[],
    counts: &[],
    weighs: &[],
    spoiled_by: &[],
    told: |_, _, _| Vec::new(),
};
