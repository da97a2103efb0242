//! Faults within the JSON of an answer.
//!
//! Owns which part of which report is changed. It must never be applied to a refusal.

use serde_json::{Value, json};

use super::{FaultKind, When};
use crate::anthropic;
use crate::endpoint::{Endpoint, Vendor};
use crate::exchange::Request;

/// Gives the page the records of the first one and leaves its own place among the pages.
pub(super) fn repeat(body: &mut Value, first_page: &[u8]) {
    if let Ok(mut first) = serde_json::from_slice::<Value>(first_page) {
        body["data"] = first["data"].take();
    }
}

pub(super) fn point_to_itself(body: &mut Value, endpoint: Endpoint, request: &Request) {
    match endpoint.vendor() {
        Vendor::Anthropic => anthropic::point_to_itself(body, request),
        Vendor::Cursor if body["pagination"].is_object() => body["pagination"]["hasNextPage"] = json!(true),
        Vendor::Cursor => {}
    }
}

pub(super) fn spoil(body: &mut Value, kind: &FaultKind, when: When, endpoint: Endpoint) {
    match kind {
        FaultKind::UnknownFields => add_fields(body),
        FaultKind::MissingBucket => drop_day(body, when, endpoint),
        FaultKind::DateMissing => drop_date(body, when, endpoint),
        FaultKind::AmountText => set_in_record(body, when, endpoint, "amount", json!("abc")),
        FaultKind::AmountNumber => set_in_record(body, when, endpoint, "amount", json!(12)),
        FaultKind::CountText => set_in_record(body, when, endpoint, "agentRequests", json!("many")),
        FaultKind::UnknownValues => {
            for (field, value) in unknown_values(endpoint) {
                set_in_record(body, when, endpoint, field, json!(value));
            }
        }
        _ => {}
    }
}

fn unknown_values(endpoint: Endpoint) -> &'static [(&'static str, &'static str)] {
    match endpoint.vendor() {
        Vendor::Anthropic => &[
            ("cost_type", "dream_time"),
            ("token_type", "dreamt_tokens"),
            ("service_tier", "priority_on_demand"),
            ("context_window", "1M-10M"),
            ("inference_geo", "moon"),
        ],
        Vendor::Cursor => &[("mostUsedModel", "model-of-tomorrow"), ("clientVersion", "nightly")],
    }
}

/// One undocumented field in every object that has a documented one.
fn add_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add_fields),
        Value::Object(fields) => {
            fields.values_mut().for_each(add_fields);
            fields.insert("future_field".to_owned(), json!({"nested": [1, "two", null]}));
        }
        _ => {}
    }
}

/// The day of an entry of `data`: a bucket or a record.
fn day_text(entry: &Value, endpoint: Endpoint) -> &str {
    let field = match endpoint.vendor() {
        Vendor::Anthropic => "starting_at",
        Vendor::Cursor => "day",
    };
    entry[field].as_str().unwrap_or_default()
}

fn is_meant(entry: &Value, when: When, endpoint: Endpoint) -> bool {
    match when {
        When::Day(day) => day_text(entry, endpoint).starts_with(&day.to_string()),
        _ => true,
    }
}

fn entries(body: &mut Value) -> &mut Vec<Value> {
    if !body["data"].is_array() {
        body["data"] = json!([]);
    }
    body["data"].as_array_mut().expect("invariant: just made an array")
}

/// Sets a field of the first record that is meant: one with that field, so not a plain or null one.
fn set_in_record(body: &mut Value, when: When, endpoint: Endpoint, field: &str, value: Value) {
    let meant = entries(body).iter_mut().filter(|entry| is_meant(entry, when, endpoint));
    let found = match endpoint.vendor() {
        Vendor::Anthropic => meant
            .filter_map(|bucket| bucket["results"].as_array_mut())
            .flatten()
            .find(|record| !record[field].is_null()),
        Vendor::Cursor => meant.into_iter().find(|record| !record[field].is_null()),
    };
    if let Some(record) = found {
        record[field] = value;
    }
}

fn drop_date(body: &mut Value, when: When, endpoint: Endpoint) {
    let meant = entries(body).iter_mut().find(|entry| is_meant(entry, when, endpoint));
    if let Some(fields) = meant.and_then(Value::as_object_mut) {
        for date in ["starting_at", "day", "date"] {
            fields.remove(date);
        }
    }
}

fn drop_day(body: &mut Value, when: When, endpoint: Endpoint) {
    let entries = entries(body);
    let meant = entries.iter().find(|entry| is_meant(entry, when, endpoint));
    if let Some(day) = meant.map(|entry| day_text(entry, endpoint).to_owned()) {
        entries.retain(|entry| day_text(entry, endpoint) != day);
    }
}
