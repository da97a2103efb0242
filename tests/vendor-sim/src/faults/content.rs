//! Faults within the JSON of an answer.
//!
//! Owns how a part of a report is changed. It must never be applied to a refusal.

use chrono::DateTime;
use serde_json::{Value, json};

use super::form::Form;
use super::{FaultKind, When};
use crate::endpoint::{Endpoint, Vendor};
use crate::exchange::Request;
use crate::{anthropic, cursor};

/// Gives the page the records of the first one and leaves its own place among the pages.
pub(super) fn repeat(body: &mut Value, first_page: &[u8], endpoint: Endpoint) {
    if let Ok(mut first) = serde_json::from_slice::<Value>(first_page) {
        let list = Form::of(endpoint).list;
        body[list] = first[list].take();
    }
}

pub(super) fn point_to_itself(body: &mut Value, endpoint: Endpoint, request: &Request) {
    match endpoint.vendor() {
        Vendor::Anthropic => anthropic::point_to_itself(body, request),
        Vendor::Cursor => cursor::promise_a_next_page(body),
    }
}

pub(super) fn spoil(body: &mut Value, kind: &FaultKind, when: When, endpoint: Endpoint) {
    let form = Form::of(endpoint);
    let mut set = |path: Option<&str>, value: Value| {
        if let Some(path) = path {
            set_in_record(body, when, form, path, &value);
        }
    };
    match kind {
        FaultKind::AmountText => set(form.amount, json!("abc")),
        FaultKind::AmountNumber => set(form.amount, json!(12)),
        FaultKind::CountText => set(form.count, json!("many")),
        FaultKind::UnknownValues => form.unknown.iter().for_each(|(path, value)| set(Some(path), json!(value))),
        FaultKind::UnknownFields => add_fields(body),
        FaultKind::MissingBucket => drop_day(body, when, form),
        FaultKind::DateMissing => drop_date(body, when, form),
        _ => {}
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

/// The day of a bucket or a record as `YYYY-MM-DD`; empty if it has none.
fn day_text(entry: &Value, form: Form) -> String {
    let text = form.day.and_then(|field| entry[field].as_str()).unwrap_or_default();
    match text.parse().ok().and_then(DateTime::from_timestamp_millis) {
        Some(instant) => instant.date_naive().to_string(),
        None => text.get(..10).unwrap_or_default().to_owned(),
    }
}

fn is_meant(entry: &Value, when: When, form: Form) -> bool {
    match when {
        When::Day(day) if form.day.is_some() => day_text(entry, form) == day.to_string(),
        _ => true,
    }
}

fn entries(body: &mut Value, form: Form) -> &mut Vec<Value> {
    if !body[form.list].is_array() {
        body[form.list] = json!([]);
    }
    body[form.list].as_array_mut().expect("invariant: just made an array")
}

/// Sets a field of the first record that is meant: one with that field, so not a plain or null one.
fn set_in_record(body: &mut Value, when: When, form: Form, path: &str, value: &Value) {
    let meant = entries(body, form).iter_mut().filter(|entry| is_meant(entry, when, form));
    let found = if form.has_buckets {
        let records = meant.filter_map(|bucket| bucket["results"].as_array_mut()).flatten();
        records.filter_map(|record| record.pointer_mut(path)).find(|field| !field.is_null())
    } else {
        meant.filter_map(|record| record.pointer_mut(path)).find(|field| !field.is_null())
    };
    if let Some(field) = found {
        *field = value.clone();
    }
}

fn drop_date(body: &mut Value, when: When, form: Form) {
    let meant = entries(body, form).iter_mut().find(|entry| is_meant(entry, when, form));
    if let Some(fields) = meant.and_then(Value::as_object_mut) {
        for date in ["starting_at", "day", "date", "timestamp"] {
            fields.remove(date);
        }
    }
}

fn drop_day(body: &mut Value, when: When, form: Form) {
    let entries = entries(body, form);
    let meant = entries.iter().find(|entry| is_meant(entry, when, form));
    if let Some(day) = meant.map(|entry| day_text(entry, form)) {
        entries.retain(|entry| day_text(entry, form) != day);
    }
}
