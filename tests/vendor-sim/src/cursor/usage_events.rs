//! `POST /teams/filtered-usage-events`: one record for each request to a model, newest first.
//!
//! Owns filters, pages and the form of the answer. Both bounds are inclusive; the total is that of the world at the
//! moment of the answer.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::body::body;
use super::members::told_email;
use super::paging::{self, EventPagination, number};
use super::range::Range;
use super::refusal::Refusal;
use crate::exchange::{Covers, Reply, Request, exactly};
use crate::world::{CursorEvent, EventKind, KindSpelling, World, days_of};

const DEFAULT_PAGE_SIZE: u64 = 100;
const HOSTING_TYPES: [&str; 4] = ["CLOUD", "SELF_HOSTED", "SELF_HOSTED_POOL", "SELF_HOSTED_MACHINE"];
/// Filters that no event of the world passes.
const FOREIGN: [&str; 4] = ["serviceAccountId", "cloudAgentId", "automationId", "hostingType"];

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let body = body(request)?;
    let range = Range::read_or_newest(&body, world)?.remembered(world.options.cursor_events_begin_on);
    let page = number(&body, "page", u64::from(u32::MAX))?.unwrap_or(1);
    let page_size = number(&body, "pageSize", paging::MAX_PAGE_SIZE)?.unwrap_or(DEFAULT_PAGE_SIZE);
    let wanted = Wanted::read(&body)?;
    let (start, end) = ((page - 1).saturating_mul(page_size), page.saturating_mul(page_size));
    let told = range.since(world.options.cursor_events_begin_at);
    let (events, total) = select(world, told, &wanted, start..end);
    let answer = Answer {
        total_usage_events_count: total,
        pagination: EventPagination::new(page, page_size, total),
        usage_events: events.iter().map(|event| Event::new(world, event)).collect(),
        period: Period { start_date: range.start_ms, end_date: range.end_ms },
    };
    let mut reply = Reply::json(200, &answer);
    let page = u32::try_from(page).unwrap_or(u32::MAX);
    reply.covers = Some(Covers { page, first_day: range.first_day, last_day: range.last_day });
    Ok(reply)
}

/// The newest event that the request asks for, whatever its page.
pub(super) fn newest(world: &World, request: &Request) -> Option<CursorEvent> {
    let body = body(request).ok()?;
    let range = Range::read_or_newest(&body, world).ok()?.remembered(world.options.cursor_events_begin_on);
    select(world, range.since(world.options.cursor_events_begin_at), &Wanted::read(&body).ok()?, 0..1)
        .0
        .into_iter()
        .next()
}

/// Which events are asked for apart from their time.
#[derive(Default)]
struct Wanted {
    user_id: Option<u64>,
    email: Option<String>,
    is_foreign: bool,
}

impl Wanted {
    fn read(body: &Map<String, Value>) -> Result<Wanted, Refusal> {
        if let Some(kind) = body.get("hostingType")
            && !HOSTING_TYPES.iter().any(|known| kind == known)
        {
            return Err(Refusal::invalid(format!("hostingType must be one of {}", HOSTING_TYPES.join(", "))));
        }
        Ok(Wanted {
            user_id: number(body, "userId", u64::MAX)?,
            email: body.get("email").and_then(Value::as_str).map(str::to_lowercase),
            is_foreign: FOREIGN.iter().any(|name| body.contains_key(*name)),
        })
    }

    fn is_everything(&self) -> bool {
        self.user_id.is_none() && self.email.is_none() && !self.is_foreign
    }

    fn admits(&self, event: &CursorEvent) -> bool {
        !self.is_foreign
            && self.user_id.is_none_or(|user_id| event.user_id == user_id)
            && self.email.as_ref().is_none_or(|email| event.user_email.to_lowercase() == *email)
    }
}

/// The events at these positions, and how many there are in all. Days that are asked for as a whole and lie on
/// another page are only counted.
fn select(world: &World, range: Range, wanted: &Wanted, positions: std::ops::Range<u64>) -> (Vec<CursorEvent>, u64) {
    let (mut found, mut seen) = (Vec::new(), 0);
    let days: Vec<_> = days_of(range.first_day, range.last_day).collect();
    for day in days.into_iter().rev() {
        if wanted.is_everything() && range.holds_whole(day) {
            let count = world.cursor_event_count(day) as u64;
            if seen + count <= positions.start || seen >= positions.end {
                seen += count;
                continue;
            }
        }
        for event in world.shared_cursor_events(day).iter() {
            if !range.holds(event.timestamp_ms) || !wanted.admits(event) {
                continue;
            }
            if positions.contains(&seen) {
                found.push(event.clone());
            }
            seen += 1;
        }
    }
    (found, seen)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    total_usage_events_count: u64,
    pagination: EventPagination,
    usage_events: Vec<Event>,
    period: Period,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    start_date: i64,
    end_date: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<String>,
    model: String,
    kind: &'static str,
    max_mode: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_costs: Option<Box<RawValue>>,
    is_token_based_call: bool,
    is_chargeable: bool,
    is_headless: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_usage: Option<TokenUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charged_cents: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor_token_fee: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenUsage {
    input_tokens: u64,
    output_tokens: u64,
    cache_write_tokens: u64,
    cache_read_tokens: u64,
    total_cents: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_percent_off: Option<u32>,
}

impl Event {
    fn new(world: &World, event: &CursorEvent) -> Event {
        Event {
            timestamp: event.timestamp_ms.to_string(),
            user_email: world
                .names_in_events(event.user_id)
                .then(|| told_email(world, event.user_id, &event.user_email)),
            conversation_id: event.conversation_id.clone(),
            model: event.model.clone(),
            kind: spelled(event.kind, world.options.cursor_kinds),
            max_mode: event.max_mode,
            requests_costs: event.requests_costs.map(exactly),
            is_token_based_call: event.token_usage.is_some(),
            is_chargeable: event.kind == EventKind::UsageBased,
            is_headless: event.is_headless,
            token_usage: event.token_usage.as_ref().map(|tokens| TokenUsage {
                input_tokens: tokens.input,
                output_tokens: tokens.output,
                cache_write_tokens: tokens.cache_write,
                cache_read_tokens: tokens.cache_read,
                total_cents: exactly(tokens.total_cents),
                discount_percent_off: tokens.discount_percent_off,
            }),
            charged_cents: (!world.options.cursor_events_lack_charges).then(|| exactly(event.charged_cents)),
            cursor_token_fee: event.token_fee_cents.map(exactly),
        }
    }
}

fn spelled(kind: EventKind, spelling: KindSpelling) -> &'static str {
    let (label, constant) = match kind {
        EventKind::UsageBased => ("Usage-based", "USAGE_EVENT_KIND_USAGE_BASED"),
        EventKind::Included => ("Included in Business", "USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS"),
        EventKind::OwnKey => ("User API Key", "USAGE_EVENT_KIND_USER_API_KEY"),
        EventKind::ErroredNotCharged => ("Errored, Not Charged", "USAGE_EVENT_KIND_ERRORED_NOT_CHARGED"),
    };
    match spelling {
        KindSpelling::Labels => label,
        KindSpelling::Constants => constant,
    }
}
