//! `GET /v1/organizations/api_keys`: keys of all statuses, in both shapes of their workspace.

use serde_json::{Value, json};

use super::directory;
use super::query::Query;
use super::range::midnight;
use super::refusal::Refusal;
use crate::exchange::{Reply, Request};
use crate::world::{ApiKey, ApiKeyShape, World};

const STATUSES: [&str; 4] = ["active", "inactive", "archived", "expired"];
/// From this version on there is no `workspace_id`.
const SCOPE_ONLY_VERSION: &str = "2026-10-21";

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let [after, before, limit] = directory::PAGING;
    let query = Query::read(request, &[after, before, limit, "status", "workspace_id", "created_by_user_id"], &[])?;
    let status = query.single("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(Refusal::invalid("status: Input should be 'active', 'inactive', 'archived' or 'expired'"));
    }
    let (workspace, creator) = (query.single("workspace_id"), query.single("created_by_user_id"));
    let listed = |key: &&ApiKey| {
        status.is_none_or(|status| key.status == status)
            && workspace.is_none_or(|workspace| key.workspace_id.as_deref() == Some(workspace))
            && creator.is_none_or(|creator| key.created_by.as_deref() == Some(creator))
    };
    let is_new = request.header("anthropic-version") == Some(SCOPE_ONLY_VERSION);
    let shape = if is_new { ApiKeyShape::Scope } else { world.options.api_key_shape };
    let items: Vec<Value> = world.api_keys().iter().filter(listed).map(|key| item(world, key, shape)).collect();
    directory::page(&query, &items)
}

fn item(world: &World, key: &ApiKey, shape: ApiKeyShape) -> Value {
    let mut item = json!({
        "id": key.id,
        "type": "api_key",
        "name": key.name,
        "status": key.status,
        "created_at": midnight(key.created_on),
        "expires_at": null,
        "partial_key_hint": format!("sk-ant-api03-{}...", key.id.get(..4).unwrap_or_default()),
        "created_by": key.created_by.as_ref().map(|id| json!({"id": id, "type": "user"})),
    });
    if shape != ApiKeyShape::Scope {
        item["workspace_id"] = json!(key.workspace_id);
    }
    if shape != ApiKeyShape::WorkspaceId {
        let id = key.workspace_id.as_ref().unwrap_or(&world.options.default_workspace_id);
        item["scope"] = json!({"type": "workspace", "workspace_id": id});
    }
    item
}
