//! Which organization a key opens.

use crate::exchange::{Reply, Request};
use crate::world::{Enterprise, OrganizationHeader, World};

/// The organization on claude.ai, if the request's key opens that one.
pub(super) fn enterprise<'w>(world: &'w World, request: &Request) -> Option<&'w Enterprise> {
    world.enterprise.as_ref().filter(|enterprise| key(request) == Some(enterprise.key.as_str()))
}

/// The id of the organization that the request's key opens; none for a key that opens nothing.
pub(super) fn id<'w>(world: &'w World, request: &Request) -> Option<&'w str> {
    let (options, key) = (&world.options, key(request)?);
    if let Some(enterprise) = enterprise(world, request) {
        return Some(&enterprise.organization_id);
    }
    if key == options.anthropic_key {
        return Some(&options.anthropic_organization_id);
    }
    options.anthropic_other_keys.iter().find(|(other, _)| other == key).map(|(_, organization)| organization.as_str())
}

/// The same for a request that was let in.
pub(super) fn id_of_known<'w>(world: &'w World, request: &Request) -> &'w str {
    id(world, request).unwrap_or(&world.options.anthropic_organization_id)
}

/// The reply with the header that names the organization, where the world has it.
pub(super) fn named(reply: Reply, world: &World, request: &Request) -> Reply {
    let is_named = match world.options.anthropic_organization_header {
        OrganizationHeader::Always => true,
        OrganizationHeader::OnSuccess => reply.status == 200,
        OrganizationHeader::Never => false,
    };
    match id(world, request).filter(|_| is_named) {
        Some(id) => reply.with_header("anthropic-organization-id", id),
        None => reply,
    }
}

/// Both headers are valid; the vendor's own clients send the second.
pub(super) fn key(request: &Request) -> Option<&str> {
    let bearer = || request.header("authorization")?.strip_prefix("Bearer ");
    request.header("x-api-key").or_else(bearer)
}
