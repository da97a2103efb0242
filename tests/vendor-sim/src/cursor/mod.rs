//! Cursor's admin API over the world.
//!
//! Owns credentials, refusals and the dispatch to one file per endpoint. It must never change the world.

mod auth;
mod body;
mod daily_usage_data;
mod members;
mod paging;
mod range;
mod refusal;
mod spend;
mod usage_events;

use serde_json::{Value, json};

use self::refusal::Refusal;
use crate::endpoint::Endpoint;
use crate::exchange::{Reply, Request};
use crate::world::{CursorEvent, World};

pub(crate) fn answer(endpoint: Option<Endpoint>, world: &World, request: &Request) -> Reply {
    auth::check(world, request)
        .and_then(|()| match endpoint {
            Some(Endpoint::CursorDailyUsageData) => daily_usage_data::answer(world, request),
            Some(Endpoint::CursorUsageEvents) => usage_events::answer(world, request),
            Some(Endpoint::CursorSpend) => spend::answer(world, request),
            Some(Endpoint::CursorMembers) => members::answer(world),
            _ => Err(Refusal::not_found()),
        })
        .unwrap_or_else(|refusal| refusal.reply())
}

/// The reply with a status that has nothing to do with the request.
pub(crate) fn failure(status: u16) -> Reply {
    Refusal::of_status(status).reply()
}

/// The 403 of a key that is good for other endpoints.
pub(crate) fn missing_scope() -> Reply {
    Refusal::forbidden().reply()
}

/// The 429 of this vendor's own rate limit.
pub(crate) fn rate_limited() -> Reply {
    failure(429).with_header("retry-after", "60")
}

/// The request for the first page of what this one asks for.
pub(crate) fn first_page(request: &Request) -> Request {
    let mut first = request.clone();
    if let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) {
        if body.contains_key("page") {
            body.insert("page".to_owned(), json!(1));
        }
        first.body = Value::Object(body).to_string().into_bytes();
    }
    first
}

/// Makes an answer say that another page follows.
pub(crate) fn promise_a_next_page(body: &mut Value) {
    if body["pagination"].is_object() {
        body["pagination"]["hasNextPage"] = json!(true);
    }
    for place in ["/pagination/numPages", "/totalPages"] {
        if let Some(pages) = body.pointer_mut(place) {
            *pages = json!(pages.as_u64().unwrap_or_default() + 1);
        }
    }
}

/// The newest event that a request for events asks for, whatever its page.
pub(crate) fn newest_event(world: &World, request: &Request) -> Option<CursorEvent> {
    usage_events::newest(world, request)
}
