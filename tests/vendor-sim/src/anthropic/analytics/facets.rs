//! The dimensions of the analytics and their values.
//!
//! Owns the one list of them. Unlike in the older reports the default workspace has its id here.

use serde_json::{Value, json};

use super::actor;
use crate::world::{Actor, World};

/// Those that both reports have.
pub(super) const DIMENSIONS: [&str; 20] = [
    "actor",
    "actor_type",
    "agent_id",
    "api_key_id",
    "claude_tag_category",
    "claude_tag_user_id",
    "context_window",
    "deployment_id",
    "environment_id",
    "inference_geo",
    "model",
    "organization_id",
    "product",
    "rbac_group_id",
    "service_tier",
    "session_id",
    "slack_channel_id",
    "speed",
    "user_profile_id",
    "workspace_id",
];

/// Whose facts are asked for.
#[derive(Clone, Copy)]
pub(super) struct Organization<'w> {
    pub id: &'w str,
    /// Whether it is one on claude.ai, which has no workspaces.
    pub is_enterprise: bool,
}

/// What a fact can be grouped and filtered by.
pub(super) struct Facets<'a> {
    pub workspace_id: Option<&'a str>,
    pub api_key_id: Option<&'a str>,
    pub actor: Option<&'a Actor>,
    pub product: &'a str,
    pub cost_type: Option<&'a str>,
    pub model: Option<&'a str>,
    pub token_type: Option<&'a str>,
    pub context_window: Option<&'a str>,
    pub service_tier: Option<&'a str>,
    pub inference_geo: Option<&'a str>,
    pub is_fast: bool,
}

impl Facets<'_> {
    /// `actor_id` is not a dimension but what a filter looks at.
    pub(super) fn value(&self, world: &World, organization: &Organization<'_>, name: &str) -> Value {
        match name {
            "actor" => self.actor.map_or(Value::Null, |actor| actor::shown(world, actor)),
            "actor_type" => self.actor.map_or(Value::Null, |actor| actor::shown(world, actor)["type"].clone()),
            "actor_id" => json!(self.actor.and_then(|actor| actor::id(world, actor))),
            "api_key_id" => json!(self.api_key_id),
            "context_window" => json!(self.context_window),
            "cost_type" => json!(self.cost_type),
            "inference_geo" => json!(self.inference_geo),
            "model" => json!(self.model),
            "organization_id" => json!(organization.id),
            "product" => json!(self.product),
            "service_tier" => json!(self.service_tier),
            "speed" => json!(world.speed(self.model, self.is_fast)),
            "token_type" => json!(self.token_type),
            "workspace_id" if organization.is_enterprise => Value::Null,
            "workspace_id" => json!(self.workspace_id.unwrap_or(&world.options.default_workspace_id)),
            _ => Value::Null,
        }
    }
}
