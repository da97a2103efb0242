//! Anthropic's admin API over the world.
//!
//! Owns credentials, refusals and the dispatch to one file per endpoint. It must never change the world.

mod analytics;
mod api_keys;
mod auth;
mod buckets;
mod claude_code;
mod cost_report;
mod dimensions;
mod directory;
mod me;
mod organization;
mod page_token;
mod query;
mod range;
mod refusal;
mod rows;
mod tokens;
mod usage_messages;
mod users;
mod workspaces;

use serde_json::{Value, json};

use self::refusal::Refusal;
use crate::endpoint::Endpoint;
use crate::exchange::{Reply, Request};
use crate::world::World;

pub(crate) fn answer(endpoint: Option<Endpoint>, world: &World, request: &Request) -> Reply {
    let reply = auth::check(endpoint, world, request)
        .and_then(|()| match endpoint {
            Some(Endpoint::AnthropicMe) => me::answer(world, request),
            Some(Endpoint::AnthropicCostReport) => cost_report::answer(world, request),
            Some(Endpoint::AnthropicUsageMessages) => usage_messages::answer(world, request),
            Some(Endpoint::AnthropicClaudeCode) => claude_code::answer(world, request),
            Some(Endpoint::AnthropicAnalyticsCost) => analytics::cost(world, request),
            Some(Endpoint::AnthropicAnalyticsUsage) => analytics::usage(world, request),
            Some(Endpoint::AnthropicAnalyticsUsers) => analytics::users(world, request),
            Some(Endpoint::AnthropicWorkspaces) => workspaces::answer(world, request),
            Some(Endpoint::AnthropicApiKeys) => api_keys::answer(world, request),
            Some(Endpoint::AnthropicUsers) => users::answer(world, request),
            _ => Err(Refusal::not_found()),
        })
        .unwrap_or_else(|refusal| refusal.reply(request.number));
    organization::named(reply, world, request)
}

/// The reply with a status that has nothing to do with the request.
pub(crate) fn failure(status: u16, number: u64) -> Reply {
    Refusal::of_status(status).reply(number)
}

/// The 403 of a key that is good for other endpoints.
pub(crate) fn closed_report(number: u64) -> Reply {
    Refusal::invalid("Cost analytics are not available for organizations with HIPAA readiness enabled.").reply(number)
}

pub(crate) fn missing_scope(number: u64) -> Reply {
    Refusal::forbidden(auth::MISSING_SCOPE).reply(number)
}

/// The 410 of a page token whose data was refreshed meanwhile.
pub(crate) fn expired_cursor(number: u64) -> Reply {
    Refusal::expired("page: The cursor has expired because the data was refreshed; start again without it")
        .reply(number)
}

/// The request for the first page of what this one asks for.
pub(crate) fn first_page(request: &Request) -> Request {
    let mut first = request.clone();
    first.query.retain(|(name, _)| !["page", "after_id", "before_id"].contains(&name.as_str()));
    first
}

/// Makes an answer lead to the very page that it is. The first page of a list of the directory cannot be
/// named by an id: only later ones lead to themselves.
/// A page without a record that promises another one.
pub(crate) fn empty_page(number: u64) -> Value {
    let token = format!("page_{number}");
    json!({"data": [], "has_more": true, "next_page": token, "first_id": null, "last_id": token})
}

pub(crate) fn point_to_itself(body: &mut Value, request: &Request) {
    body["has_more"] = json!(true);
    let given = |wanted: &str| request.query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    if body.get("last_id").is_some() {
        if let Some(id) = given("after_id") {
            body["last_id"] = json!(id);
        }
    } else {
        body["next_page"] = json!(given("page").unwrap_or_else(|| page_token::of_first_page(request)));
    }
}
