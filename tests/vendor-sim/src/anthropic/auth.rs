//! Who may ask Anthropic's admin API.
//!
//! Owns the checks that come before any parameter is read: key, scope, version, in this order.

use super::organization;
use super::refusal::Refusal;
use crate::endpoint::Endpoint;
use crate::exchange::Request;
use crate::world::World;

const VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];

pub(super) const MISSING_SCOPE: &str =
    "This API key lacks the scope that this endpoint needs. Held: read:members. Needed: org:admin or read:analytics";

/// What a key of claude.ai is told outside the analytics.
const OF_ENTERPRISE: &str =
    "This API key lacks the scope that this endpoint needs. Held: read:analytics. Needed: org:admin";
/// What a key of the console is told by what only claude.ai has.
const OF_CONSOLE: &str =
    "This endpoint is available to Claude Enterprise organizations only. Held: org:admin. Needed: read:analytics";

pub(super) fn check(endpoint: Option<Endpoint>, world: &World, request: &Request) -> Result<(), Refusal> {
    match organization::key(request) {
        None => return Err(Refusal::unauthenticated("x-api-key header is required")),
        Some(_) if organization::id(world, request).is_none() => {
            return Err(Refusal::unauthenticated("invalid x-api-key"));
        }
        Some(_) => {}
    }
    if world.options.anthropic_key_lacks_scope {
        return Err(Refusal::forbidden(MISSING_SCOPE));
    }
    let is_open = |endpoint: Endpoint| match organization::enterprise(world, request) {
        Some(_) => endpoint.is_of_analytics(),
        None => endpoint != Endpoint::AnthropicAnalyticsUsers,
    };
    if endpoint.is_some_and(|endpoint| !is_open(endpoint)) {
        let held = organization::enterprise(world, request).is_some();
        return Err(Refusal::forbidden(if held { OF_ENTERPRISE } else { OF_CONSOLE }));
    }
    match request.header("anthropic-version") {
        None => Err(Refusal::invalid("anthropic-version: header is required")),
        Some(version) if VERSIONS.contains(&version) => Ok(()),
        Some(version) => Err(Refusal::invalid(format!("anthropic-version: \"{version}\" is not a valid version"))),
    }
}
