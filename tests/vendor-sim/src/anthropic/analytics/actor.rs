//! Who is behind a cost or a use, as the analytics spell it.
//!
//! Owns the form of each kind of actor. It must never decide which actor it is, only whether a key
//! stands for a workload that another provider vouches for.

use serde_json::{Value, json};

use crate::world::{Actor, Federation, IdentityProvider, World};

pub(super) fn shown(world: &World, actor: &Actor) -> Value {
    match actor {
        Actor::User(id) => user(world, id),
        Actor::ApiKey(id) => match world.federation(id) {
            Some(federation) => federated(federation),
            None => json!({"type": "api_actor", "api_key_id": id}),
        },
    }
}

/// What a filter for ids compares; an identity from outside has none.
pub(super) fn id<'a>(world: &World, actor: &'a Actor) -> Option<&'a str> {
    match actor {
        Actor::ApiKey(id) if world.federation(id).is_some() => None,
        Actor::ApiKey(id) | Actor::User(id) => Some(id),
    }
}

fn user(world: &World, id: &str) -> Value {
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

fn federated(federation: &Federation) -> Value {
    let provider = match &federation.provider {
        IdentityProvider::Aws { account_id, signed_principal } => {
            json!({"type": "aws", "account_id": account_id, "signed_principal": signed_principal})
        }
        IdentityProvider::Gcp { project_number } => json!({"type": "gcp", "project_number": project_number}),
        IdentityProvider::Azure { subscription_id } => json!({"type": "azure", "subscription_id": subscription_id}),
        IdentityProvider::Oidc { issuer } => json!({"type": "oidc", "issuer": issuer}),
    };
    json!({"type": "federated_actor", "provider": provider, "subject": federation.subject})
}
