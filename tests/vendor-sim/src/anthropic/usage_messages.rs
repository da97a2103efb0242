//! `GET /v1/organizations/usage_report/messages`: tokens by UTC day and up to five dimensions.
//!
//! Owns grouping, filters and the form of the answer. It has neither money nor a count of requests.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::buckets::{self, Buckets};
use super::dimensions::{self, Filter, Grouping};
use super::query::Query;
use super::refusal::Refusal;
use super::tokens;
use crate::exchange::{Reply, Request};
use crate::world::{UsageCounts, UsageKey, World};

const DIMENSIONS: [&str; 9] = [
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "speed",
    "workspace_id",
];
const FILTERS: [Filter; 9] = [
    ("account_ids[]", "account_id"),
    ("api_key_ids[]", "api_key_id"),
    ("context_window[]", "context_window"),
    ("inference_geos[]", "inference_geo"),
    ("models[]", "model"),
    ("service_account_ids[]", "service_account_id"),
    ("service_tiers[]", "service_tier"),
    ("speeds[]", "speed"),
    ("workspace_ids[]", "workspace_id"),
];
const SPEED_BETA: &str = "fast-mode-2026-02-01";

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let lists: Vec<&str> = FILTERS.iter().map(|(parameter, _)| *parameter).chain(["group_by[]"]).collect();
    let query = Query::read(request, &buckets::PARAMETERS, &lists)?;
    let grouping = Grouping::read(&query, &DIMENSIONS, &[])?;
    let asks_for_speed = grouping.has("speed") || query.list("speeds[]").next().is_some();
    if asks_for_speed && !request.has_beta(SPEED_BETA) {
        return Err(Refusal::invalid(format!("speed requires the anthropic-beta header {SPEED_BETA}")));
    }
    let buckets = Buckets::read(&query, world, request)?;
    Ok(buckets.reply(request, |day| results(world, day, &query, &grouping)))
}

fn results(world: &World, day: NaiveDate, query: &Query<'_>, grouping: &Grouping<'_>) -> Vec<Value> {
    let mut groups: BTreeMap<String, (Map<String, Value>, UsageCounts)> = BTreeMap::new();
    for (key, counts) in world.claude_usage(day) {
        let value = |name: &str| dimension(world, &key, name);
        if dimensions::admits(query, &FILTERS, value) {
            let group = groups.entry(grouping.key(&[], value));
            group.or_insert_with(|| (grouping.shown(value), UsageCounts::default())).1.add(counts);
        }
    }
    groups.into_values().map(|(shown, counts)| record(shown, counts)).collect()
}

fn dimension(world: &World, key: &UsageKey, name: &str) -> Value {
    match name {
        "workspace_id" => json!(world.older_workspace_id(key.workspace_id.as_deref())),
        "api_key_id" => json!(key.api_key_id),
        "model" => json!(key.model),
        "service_tier" => json!(key.service_tier),
        "context_window" => json!(key.context_window),
        "inference_geo" => json!(key.inference_geo),
        "speed" => json!(world.speed(Some(&key.model), key.is_fast)),
        _ => Value::Null,
    }
}

fn record(mut shown: Map<String, Value>, counts: UsageCounts) -> Value {
    if shown["speed"].is_null() {
        shown.remove("speed");
    }
    shown.extend(tokens::figures(counts));
    Value::Object(shown)
}
