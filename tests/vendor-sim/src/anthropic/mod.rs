//! Anthropic's admin API over the world.
//!
//! Owns credentials, refusals and the dispatch to one file per endpoint. It must never change the world.

mod auth;
mod cost_report;
mod me;
mod page_token;
mod query;
mod range;
mod refusal;

use serde_json::{Value, json};

use self::refusal::Refusal;
use crate::endpoint::Endpoint;
use crate::exchange::{Reply, Request};
use crate::world::World;

/// Made up, like everything of this organization.
const ORGANIZATION_ID: &str = "00000000-0000-4000-8000-000000000001";

pub(crate) fn answer(endpoint: Option<Endpoint>, world: &World, request: &Request) -> Reply {
    let reply = auth::check(world, request)
        .and_then(|()| match endpoint {
            Some(Endpoint::AnthropicMe) => me::answer(world, request),
            Some(Endpoint::AnthropicCostReport) => cost_report::answer(world, request),
            _ => Err(Refusal::not_found()),
        })
        .unwrap_or_else(|refusal| refusal.reply(request.number));
    reply.with_header("anthropic-organization-id", ORGANIZATION_ID)
}

/// The reply with a status that has nothing to do with the request.
pub(crate) fn failure(status: u16, number: u64) -> Reply {
    Refusal::of_status(status).reply(number)
}

/// The request for the first page of what this one asks for.
pub(crate) fn first_page(request: &Request) -> Request {
    let mut first = request.clone();
    first.query.retain(|(name, _)| name != "page");
    first
}

/// The token that leads to the very page that this request asks for.
pub(crate) fn token_of_same_page(request: &Request) -> Value {
    let token = request.query.iter().find(|(name, _)| name == "page").map(|(_, token)| token.clone());
    json!(token.unwrap_or_else(|| cost_report::first_page_token(request)))
}
