//! The dimensions of a cost by analytics and their values.
//!
//! Owns the one list of them. Unlike in the older reports the default workspace has its id here.

use serde_json::{Value, json};

use crate::anthropic::ORGANIZATION_ID;
use crate::world::{Actor, CostShare, World};

pub(super) const DIMENSIONS: [&str; 22] = [
    "actor",
    "actor_type",
    "agent_id",
    "api_key_id",
    "claude_tag_category",
    "claude_tag_user_id",
    "context_window",
    "cost_type",
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
    "token_type",
    "user_profile_id",
    "workspace_id",
];

/// `actor_id` is not a dimension but what a filter looks at.
pub(super) fn value(world: &World, share: &CostShare, name: &str) -> Value {
    match name {
        "actor" => share.actor.as_ref().map_or(Value::Null, |actor| told(world, actor)),
        "actor_type" => share.actor.as_ref().map_or(Value::Null, |actor| told(world, actor)["type"].clone()),
        "actor_id" => match &share.actor {
            Some(Actor::User(id) | Actor::ApiKey(id)) => json!(id),
            None => Value::Null,
        },
        "api_key_id" => json!(share.api_key_id),
        "context_window" => json!(share.context_window),
        "cost_type" => json!(share.cost_type),
        "inference_geo" => json!(share.inference_geo),
        "model" => json!(share.model),
        "organization_id" => json!(ORGANIZATION_ID),
        "product" => json!(share.product),
        "service_tier" => json!(share.service_tier),
        "speed" => share.model.as_ref().map_or(Value::Null, |_| json!("standard")),
        "token_type" => json!(share.token_type),
        "workspace_id" => json!(share.workspace_id.as_ref().unwrap_or(&world.options.default_workspace_id)),
        _ => Value::Null,
    }
}

fn told(world: &World, actor: &Actor) -> Value {
    match actor {
        Actor::ApiKey(id) => json!({"type": "api_actor", "api_key_id": id}),
        Actor::User(id) => {
            let user = world.user(id);
            let address = if world.options.analytics_email_is_older { "email" } else { "email_address" };
            json!({
                "type": "user_actor",
                "user_id": id,
                "name": user.map(|user| &user.name),
                address: user.map(|user| &user.email),
                "deleted": user.is_none(),
            })
        }
    }
}
