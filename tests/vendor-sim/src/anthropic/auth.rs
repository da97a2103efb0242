//! Who may ask Anthropic's admin API.
//!
//! Owns the checks that come before any parameter is read: key, scope, version, in this order.

use super::refusal::Refusal;
use crate::exchange::Request;
use crate::world::World;

const VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];

pub(super) const MISSING_SCOPE: &str =
    "This API key lacks the scope that this endpoint needs. Held: read:members. Needed: org:admin or read:analytics";

pub(super) fn check(world: &World, request: &Request) -> Result<(), Refusal> {
    match key(request) {
        None => return Err(Refusal::unauthenticated("x-api-key header is required")),
        Some(key) if key != world.options.anthropic_key => {
            return Err(Refusal::unauthenticated("invalid x-api-key"));
        }
        Some(_) => {}
    }
    if world.options.anthropic_key_lacks_scope {
        return Err(Refusal::forbidden(MISSING_SCOPE));
    }
    match request.header("anthropic-version") {
        None => Err(Refusal::invalid("anthropic-version: header is required")),
        Some(version) if VERSIONS.contains(&version) => Ok(()),
        Some(version) => Err(Refusal::invalid(format!("anthropic-version: \"{version}\" is not a valid version"))),
    }
}

/// Both headers are valid; the vendor's own clients send the second.
fn key(request: &Request) -> Option<&str> {
    let bearer = || request.header("authorization")?.strip_prefix("Bearer ");
    request.header("x-api-key").or_else(bearer)
}
