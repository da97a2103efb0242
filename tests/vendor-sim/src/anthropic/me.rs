//! `GET /v1/organizations/me`: whose key this is.

use serde_json::json;

use super::ORGANIZATION_ID;
use super::query::Query;
use super::refusal::Refusal;
use crate::exchange::{Reply, Request};
use crate::world::World;

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    Query::read(request, &[], &[])?;
    let body = json!({"id": ORGANIZATION_ID, "type": "organization", "name": world.organization});
    Ok(Reply::json(200, &body))
}
