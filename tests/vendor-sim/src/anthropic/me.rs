//! `GET /v1/organizations/me`: whose key this is.

use serde_json::json;

use super::organization;
use super::query::Query;
use super::refusal::Refusal;
use crate::exchange::{Reply, Request};
use crate::world::{WhoAmI, World};

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    Query::read(request, &[], &[])?;
    let id = organization::id_of_known(world, request);
    let body = match world.options.anthropic_me {
        WhoAmI::Answered => json!({"id": id, "type": "organization", "name": world.organization}),
        WhoAmI::IdIsNull => json!({"id": null, "type": "organization", "name": world.organization}),
        WhoAmI::AnotherForm => json!({"data": [{"id": id}], "has_more": false}),
        WhoAmI::Forbidden => return Err(Refusal::forbidden(super::auth::MISSING_SCOPE)),
        WhoAmI::NotFound => return Err(Refusal::not_found()),
    };
    Ok(Reply::json(200, &body))
}
