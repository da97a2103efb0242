//! `GET /v1/organizations/usage_report/claude_code`: one UTC day of Claude Code by actor.
//!
//! Owns pages of records and the form of the answer. A day that is not over, and so not older than an hour, is only
//! told if the world tells today.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::page_token::{self, Position};
use super::query::Query;
use super::range::midnight;
use super::refusal::Refusal;
use super::rows;
use crate::exchange::{Covers, Reply, Request, exactly};
use crate::world::{ClaudeCodeActor, ClaudeCodeModel, ClaudeCodeRow, World};

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let query = Query::read(request, &["starting_at", "limit", "page"], &[])?;
    let day = day(&query)?;
    let limit = rows::limit(&query)?;
    let page = match query.single("page") {
        None => 1,
        Some(token) => page_token::read(token, request)?.page,
    };
    let known = if day <= world.newest_day() { world.claude_code_rows(day) } else { Vec::new() };
    let (listed, has_more) = rows::page(&known, page, limit);
    let next = Position { first_day: day, page: page + 1 };
    let answer = Answer {
        data: listed.iter().map(|row| Record::new(world, day, row)).collect(),
        has_more,
        next_page: has_more.then(|| page_token::write(next, request)),
    };
    let mut reply = Reply::json(200, &answer);
    reply.covers = Some(Covers { page, first_day: day, last_day: day });
    Ok(reply)
}

fn day(query: &Query<'_>) -> Result<NaiveDate, Refusal> {
    let text = query.single("starting_at").ok_or_else(|| Refusal::invalid("starting_at: Field required"))?;
    let day = text.parse().ok().filter(|_| text.len() == "YYYY-MM-DD".len());
    day.ok_or_else(|| Refusal::invalid("starting_at: Input should be a date in the form YYYY-MM-DD"))
}

#[derive(Serialize)]
struct Answer<'a> {
    data: Vec<Record<'a>>,
    has_more: bool,
    next_page: Option<String>,
}

#[derive(Serialize)]
struct Record<'a> {
    date: String,
    actor: Value,
    organization_id: &'a str,
    customer_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_type: Option<Option<&'a str>>,
    terminal_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_remote: Option<bool>,
    core_metrics: Value,
    tool_actions: BTreeMap<&'a str, Value>,
    model_breakdown: Vec<ModelRecord<'a>>,
}

#[derive(Serialize)]
struct ModelRecord<'a> {
    model: &'a str,
    tokens: Value,
    estimated_cost: Cost,
}

#[derive(Serialize)]
struct Cost {
    currency: &'static str,
    amount: Box<RawValue>,
}

impl<'a> Record<'a> {
    fn new(world: &'a World, day: NaiveDate, row: &'a ClaudeCodeRow) -> Record<'a> {
        let as_in_2025 = world.options.claude_code_as_in_2025;
        let actions = |(tool, (accepted, rejected)): (&'a String, &(u64, u64))| {
            (tool.as_str(), json!({"accepted": accepted, "rejected": rejected}))
        };
        Record {
            date: if as_in_2025 { day.to_string() } else { midnight(day) },
            actor: match &row.actor {
                ClaudeCodeActor::User(email) => json!({"type": "user_actor", "email_address": email}),
                ClaudeCodeActor::ApiKey(name) => json!({"type": "api_actor", "api_key_name": name}),
            },
            organization_id: &world.options.anthropic_organization_id,
            customer_type: if row.subscription_type.is_some() { "subscription" } else { "api" },
            subscription_type: (!as_in_2025).then_some(row.subscription_type.as_deref()),
            terminal_type: &row.terminal_type,
            is_remote: (!as_in_2025).then_some(row.is_remote),
            core_metrics: json!({
                "num_sessions": row.sessions,
                "lines_of_code": {"added": row.lines_added, "removed": row.lines_removed},
                "commits_by_claude_code": row.commits,
                "pull_requests_by_claude_code": row.pull_requests,
            }),
            tool_actions: row.tool_actions.iter().map(actions).collect(),
            model_breakdown: row.models.iter().map(|(model, use_of_it)| ModelRecord::new(model, use_of_it)).collect(),
        }
    }
}

impl<'a> ModelRecord<'a> {
    fn new(model: &'a str, used: &ClaudeCodeModel) -> ModelRecord<'a> {
        let tokens = json!({
            "input": used.input,
            "output": used.output,
            "cache_read": used.cache_read,
            "cache_creation": used.cache_creation,
        });
        ModelRecord { model, tokens, estimated_cost: Cost { currency: "USD", amount: exactly(used.estimated_cents) } }
    }
}
