//! Who is behind a cost or a use, as the analytics spell it.
//!
//! Owns the form of each kind of actor. It must never decide which actor it is, only whether a key
//! stands for a service account or for a workload that another provider vouches for.

use serde_json::{Value, json};

use crate::world::{Actor, Federation, IdentityProvider, World};

pub(super) fn shown(world: &World, actor: &Actor) -> Value {
    match actor {
        Actor::User(id) => user(world, id),
        Actor::ApiKey(id) => match (world.service_account(id), world.federation(id)) {
            (Some(account), _) => json!({"type": "service_account_actor", "service_account_id": account}),
            (None, Some(federation)) => federated(federation),
            (None, None) => json!({"type": "api_actor", "api_key_id": id}),
        },
    }
}

/// What a filter for ids compares; an identity from outside has none.
pub(super) fn id<'a>(world: &'a World, actor: &'a Actor) -> Option<&'a str> {
    match actor {
        Actor::User(id) => Some(id),
        Actor::ApiKey(id) => match (world.service_account(id), world.federation(id)) {
            (Some(account), _) => Some(account),
            (None, Some(_)) => None,
            (None, None) => Some(id),
        },
    }
}

fn user(world: &World, id: &str) -> Value {
    let user = world.anybody(id);
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
