//! Tokens of the Claude API, by key, workspace, model, tier and context window.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use vendor_sim::{UsageKey, World};

use super::claude_tokens;
use crate::model::calendar::days;
use crate::model::columns::record;
use crate::model::report::{Absence, Covers, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

/// A sum of both kinds is taken for that of the first.
const CACHE: [&str; 2] = ["cache_creation_ephemeral_5m_input_tokens", "cache_creation_ephemeral_1h_input_tokens"];

pub(crate) static TOKENS: Report = Report {
    source: "anthropic/usage_messages",
    tables: &["claude_usage_tokens"],
    time: Time::Days { settling_days: 30, covers: Covers::Known },
    absence: Absence::Deleted,
    money: &[],
    counts: &claude_tokens::COLUMNS,
    weighs: &[Scale { unit: Unit::Tokens, table: "claude_usage_tokens", columns: Some(&claude_tokens::OF_TOKENS) }],
    spoiled_by: &[(Spoil::Count, Harm::Refused("output_tokens")), (Spoil::CacheCreation, Harm::Adds(CACHE, Some("0")))],
    told: tokens,
};

fn tokens(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let told = |day| {
        let groups = groups(world, day).into_values();
        groups
            .map(move |(key, counts)| Told::row(day, "claude_usage_tokens", row(&question.account, day, &key, counts)))
    };
    days(question.from, to).flat_map(told).collect()
}

/// The world's counts without the place of inference, which is not asked for, in the vendor's order.
fn groups(world: &World, day: NaiveDate) -> BTreeMap<String, (UsageKey, [u64; 6])> {
    let mut groups: BTreeMap<String, (UsageKey, [u64; 6])> = BTreeMap::new();
    for (key, counts) in world.claude_usage(day) {
        let (_, sums) = groups.entry(place(&key)).or_insert_with(|| (key, [0; 6]));
        sums.iter_mut().zip(claude_tokens::counts(counts)).for_each(|(sum, count)| *sum += count);
    }
    groups
}

/// The vendor sorts by the JSON of what is asked for.
fn place(key: &UsageKey) -> String {
    let asked_for = (&key.api_key_id, &key.workspace_id, &key.model, &key.service_tier, &key.context_window);
    serde_json::json!(asked_for).to_string()
}

fn row(account: &str, day: NaiveDate, key: &UsageKey, counts: [u64; 6]) -> Record {
    let mut row = record([
        ("organization_id", Some(account.to_owned())),
        ("activity_date", Some(day.to_string())),
        ("api_key_id", key.api_key_id.clone()),
        ("workspace_id", key.workspace_id.clone()),
        ("model", Some(key.model.clone())),
        ("service_tier", Some(key.service_tier.clone())),
        ("context_window", Some(key.context_window.clone())),
    ]);
    row.extend(claude_tokens::COLUMNS.iter().zip(counts).map(|(name, count)| ((*name).to_owned(), count.to_string())));
    row
}
