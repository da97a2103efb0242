//! Faults within the JSON of an answer.
//!
//! Owns how a part of a report is changed. It must never be applied to a refusal.

use chrono::DateTime;
use serde_json::{Value, json};

use super::form::Form;
use super::{FaultKind, Hostile, When};
use crate::endpoint::{Endpoint, Vendor};
use crate::exchange::Request;
use crate::{anthropic, cursor};

/// Nine billion dollars.
const HUGE_CENTS: i64 = 900_000_000_000;

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
    let mut set_in = |records: usize, path: Option<&str>, value: Value| {
        if let Some(path) = path {
            set_in_records(body, when, form, path, &value, records);
        }
    };
    match kind {
        FaultKind::AmountText => set_in(1, form.amount, json!("abc")),
        FaultKind::AmountNumber => set_in(1, form.amount, json!(12)),
        FaultKind::CountText => set_in(1, form.count, json!("many")),
        FaultKind::HugeAmounts if form.amount_is_text => set_in(2, form.amount, json!(HUGE_CENTS.to_string())),
        FaultKind::HugeAmounts => set_in(2, form.amount, json!(HUGE_CENTS)),
        FaultKind::HugeCounts => set_in(2, form.count, json!(i64::MAX)),
        FaultKind::UnknownValues => form.unknown.iter().for_each(|(path, value)| set_in(1, Some(path), json!(value))),
        FaultKind::FlatCacheCreation => flatten_cache_creation(body, when, form),
        FaultKind::UnknownFields => add_fields(body),
        FaultKind::OddFields => set_odd(body, when, form),
        FaultKind::FineAmounts => refine(body, form),
        FaultKind::MiscountedEvents => {
            let total = body["totalUsageEventsCount"].as_u64().unwrap_or_default();
            body["totalUsageEventsCount"] = json!(total + 1);
        }
        FaultKind::MissingBucket => drop_day(body, when, form),
        FaultKind::DateMissing => drop_date(body, when, form),
        FaultKind::ResultsMissing => rename_results(body, form),
        _ => {}
    }
}

/// Leaves no record.
pub(super) fn empty(body: &mut Value, endpoint: Endpoint) {
    body[Form::of(endpoint).list] = json!([]);
}

/// Writes a value that no JSON holds into a field of the first record that is meant and has it.
pub(super) fn write_hostile(body: &mut Vec<u8>, hostile: Hostile, when: When, endpoint: Endpoint) {
    let form = Form::of(endpoint);
    let (Ok(mut value), Some(path)) = (serde_json::from_slice(body), form.hostile()) else { return };
    set_in_records(&mut value, when, form, path, &json!(PLACE), 1);
    let (text, place) = (value.to_string(), format!("\"{PLACE}\""));
    if let Some((before, after)) = text.split_once(&place) {
        let field = path.rsplit('/').next().unwrap_or_default();
        *body = [before.as_bytes(), &hostile.bytes(field), after.as_bytes()].concat();
    }
}

/// What stands where a hostile value comes.
const PLACE: &str = "the place of a hostile value";

/// All in one record: the first that has the first of them.
fn set_odd(body: &mut Value, when: When, form: Form) {
    let has_first = |record: &&mut Value| record.pointer(form.odd[0]).is_some_and(|field| !field.is_null());
    if let Some(record) = meant_records(body, when, form).find(has_first) {
        for path in form.odd {
            if let Some(field) = record.pointer_mut(path) {
                *field = json!([{"odd": true}]);
            }
        }
    }
}

/// The digits are written behind those that are there.
fn refine(body: &mut Value, form: Form) {
    let Some(path) = form.amount else { return };
    let records = entries(body, form).iter_mut();
    let refine = |record: &mut Value| {
        if let Some(Value::String(amount)) = record.pointer_mut(path) {
            let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
            *amount = format!("{whole}.{fraction:0<10}1");
        }
    };
    match form.has_buckets {
        true => records.filter_map(|bucket| bucket["results"].as_array_mut()).flatten().for_each(refine),
        false => records.for_each(refine),
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

fn rename_results(body: &mut Value, form: Form) {
    for bucket in entries(body, form).iter_mut().filter_map(Value::as_object_mut) {
        if let Some(results) = bucket.remove("results") {
            bucket.insert("costs".to_owned(), results);
        }
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

/// Sets a field of the first records that are meant: those with that field, so not plain or null ones.
fn set_in_records(body: &mut Value, when: When, form: Form, path: &str, value: &Value, records: usize) {
    let has_field = |record: &&mut Value| record.pointer(path).is_some_and(|field| !field.is_null());
    let meant = meant_records(body, when, form).filter(has_field).take(records);
    for field in meant.filter_map(|record| record.pointer_mut(path)) {
        *field = value.clone();
    }
}

fn meant_records(body: &mut Value, when: When, form: Form) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    let meant = entries(body, form).iter_mut().filter(move |entry| is_meant(entry, when, form));
    if form.has_buckets {
        Box::new(meant.filter_map(|bucket| bucket["results"].as_array_mut()).flatten())
    } else {
        Box::new(meant)
    }
}

fn flatten_cache_creation(body: &mut Value, when: When, form: Form) {
    let Some(place) = form.cache_creation_in else { return };
    let is_nested =
        |record: &&mut Value| record.pointer(place).is_some_and(|fields| fields["cache_creation"].is_object());
    let record = meant_records(body, when, form).find(is_nested);
    if let Some(fields) = record.and_then(|record| record.pointer_mut(place)?.as_object_mut()) {
        let nested = fields.remove("cache_creation").unwrap_or_default();
        let counts = nested.as_object().into_iter().flat_map(|counts| counts.values());
        let flat: u64 = counts.filter_map(Value::as_u64).sum();
        fields.insert("cache_creation_input_tokens".to_owned(), json!(flat));
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
