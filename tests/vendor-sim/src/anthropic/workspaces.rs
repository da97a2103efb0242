//! `GET /v1/organizations/workspaces`: the default one and archived ones on request only.

use serde_json::{Value, json};

use super::directory;
use super::query::Query;
use super::range::midnight;
use super::refusal::Refusal;
use crate::exchange::{Reply, Request};
use crate::world::{DefaultWorkspace, Workspace, World};

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let [after, before, limit] = directory::PAGING;
    let query = Query::read(request, &[after, before, limit, "include_archived", "include_default"], &[])?;
    let (with_archived, with_default) = (query.flag("include_archived")?, query.flag("include_default")?);
    let is_default_listed = with_default && world.options.default_workspace != DefaultWorkspace::Unlisted;
    let listed = |workspace: &&Workspace| {
        (is_default_listed || workspace.id.is_some()) && (with_archived || workspace.archived_on.is_none())
    };
    let items: Vec<Value> = world.workspaces().iter().filter(listed).map(|workspace| item(world, workspace)).collect();
    directory::page(&query, &items)
}

fn item(world: &World, workspace: &Workspace) -> Value {
    json!({
        "id": workspace.id.as_ref().unwrap_or(&world.options.default_workspace_id),
        "type": "workspace",
        "name": workspace.name,
        "created_at": midnight(workspace.created_on),
        "archived_at": workspace.archived_on.map(midnight),
        "display_color": "#6C5BB9",
        "compartment_id": "cmprt_01Example",
        "data_residency": {
            "workspace_geo": "us",
            "default_inference_geo": "global",
            "allowed_inference_geos": "unrestricted",
        },
        "external_key_id": null,
        "tags": {},
    })
}
