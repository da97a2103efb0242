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

pub(crate) static CLAUDE_SPEND: Report = Report {
    source: "upload/claude_spend",
    tables: &["claude_imported_spend"],
    time: Time::Uploaded,
    absence: Absence::Deleted,
    money: &["net_usd", "gross_usd"],
    counts: &["requests", "prompt_tokens", "completion_tokens"],
    weighs: &[Scale { unit: Unit::Dollars, table: "claude_imported_spend", columns: Some(&["net_usd"]) }],
    spoiled_by: &[],
    told: |_, _, _| Vec::new(),
};

pub(crate) static CLAUDE_CONSOLE_COST: Report = Report {
    source: "upload/claude_console_cost",
    tables: &["claude_imported_costs"],
    time: Time::Uploaded,
    absence: Absence::Deleted,
    money: &["amount_usd", "list_amount_usd"],
    counts: &[],
    weighs: &[Scale { unit: Unit::Dollars, table: "claude_imported_costs", columns: Some(&["amount_usd"]) }],
    spoiled_by: &[],
    told: |_, _, _| Vec::new(),
};

pub(crate) static CURSOR_USAGE: Report = Report {
    source: "upload/cursor_usage",
    tables: &["cursor_imported_events"],
    time: Time::Uploaded,
    absence: Absence::Deleted,
    money: &["cost_usd"],
    counts: &["cache_write_tokens", "input_tokens", "cache_read_tokens", "output_tokens", "total_tokens"],
    weighs: &[
        Scale { unit: Unit::Dollars, table: "cursor_imported_events", columns: Some(&["cost_usd"]) },
        Scale { unit: Unit::Pieces, table: "cursor_imported_events", columns: None },
    ],
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
