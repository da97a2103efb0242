//! Questions to the analytics, of a company in the October of 2026.

use serde_json::Value;
use vendor_sim::worlds;

use super::{Harness, day};

pub const START: (&str, &str) = ("starting_at", "2026-10-01T00:00:00Z");
pub const END: (&str, &str) = ("ending_at", "2026-11-01T00:00:00Z");
pub const BY_DAY: (&str, &str) = ("time_bucket_width", "1d");
pub const FIVE: [&str; 5] = ["product", "actor", "api_key_id", "workspace_id", "model"];

pub async fn company() -> Harness {
    Harness::start(worlds::company(7, day("2026-10-31"), 61)).await
}

/// The query for October by day.
pub fn asking<'a>(group_by: &[&'a str], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![START, END, BY_DAY];
    query.extend(group_by.iter().map(|name| ("group_by[]", *name)));
    query.extend(more);
    query
}

/// What both endpoints refuse, with a part of the reason.
pub fn refused_queries() -> Vec<(Vec<(&'static str, &'static str)>, &'static str)> {
    let six = FIVE.iter().chain(&["service_tier"]).map(|name| ("group_by[]", *name)).chain([START]).collect();
    vec![
        (vec![], "starting_at: Field required"),
        (vec![("starting_at", "2026-10-01T00:00:00")], "starting_at"),
        (vec![("starting_at", "2025-12-31T00:00:00Z"), ("ending_at", "2026-01-05T00:00:00Z")], "2026-01-01"),
        (vec![("starting_at", "2026-09-01T00:00:00Z"), ("ending_at", "2026-10-03T00:00:00Z")], "at most 31 days"),
        (vec![("starting_at", "2026-09-01T00:00:00Z")], "at most 31 days"),
        (vec![END, ("starting_at", "2026-11-01T00:00:00Z")], "ending date must be after"),
        (vec![START, BY_DAY], "ending_at: Field required"),
        (vec![START, ("bucket_width", "1d")], "bucket_width: Extra inputs"),
        (vec![START, ("time_bucket_width", "1w")], "time_bucket_width"),
        (vec![START, ("limit", "1001")], "between 1 and 1000"),
        (vec![START, ("order_by", "mood")], "order_by"),
        (vec![START, ("order", "up")], "order:"),
        (vec![START, ("group_by[]", "description")], "group_by"),
        (vec![START, ("page", "page_x")], "page: Invalid page token"),
        (six, "Cannot specify more than 5"),
    ]
}

pub fn rows(body: &Value) -> Vec<Value> {
    body["data"].as_array().unwrap().clone()
}

/// How many of the dimensions of a row are not null.
pub fn named_dimensions(row: &Value) -> usize {
    row["group"].as_object().unwrap().values().filter(|value| !value.is_null()).count()
}
