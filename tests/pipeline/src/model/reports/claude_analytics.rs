//! The dimensions by which both reports of Claude's analytics are grouped, and the columns that hold them.

use chrono::NaiveDate;
use serde_json::{Value, json};
use vendor_sim::{Actor, Federation, IdentityProvider, World};

use crate::model::columns::record;
use crate::tables::Record;

/// The five dimensions that a question names.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub product: String,
    /// None where the vendor cannot name one.
    pub actor: Option<Actor>,
    pub api_key_id: Option<String>,
    /// None is the default workspace.
    pub workspace_id: Option<String>,
    pub model: Option<String>,
}

/// The JSON of the dimensions. Groups that the vendor ranks alike are in the order of their places.
pub(super) type Place = [String; 5];

impl Group {
    pub fn place(&self, world: &World) -> Place {
        let dimensions = [
            json!(self.product),
            self.actor.as_ref().map_or(Value::Null, |actor| actor_json(world, actor)),
            json!(self.api_key_id),
            json!(self.reported_workspace(world)),
            json!(self.model),
        ];
        dimensions.map(|value| value.to_string())
    }

    /// The number of rows that the vendor makes of one group: without an actor, several may look alike.
    pub fn rows(&self, world: &World) -> u32 {
        if self.actor.is_none() { world.options.analytics_nobody_rows } else { 1 }
    }

    pub fn columns(&self, world: &World, account: &str, day: NaiveDate) -> Record {
        let mut columns = record([
            ("organization_id", Some(account.to_owned())),
            ("activity_date", Some(day.to_string())),
            ("product", Some(self.product.clone())),
            ("api_key_id", self.api_key_id.clone()),
            ("workspace_id", self.workspace_id.clone()),
            ("model", self.model.clone()),
        ]);
        columns.extend(self.actor.as_ref().map(|actor| actor_columns(world, actor)).unwrap_or_default());
        columns
    }

    /// To the vendor the default workspace has an id here.
    fn reported_workspace(&self, world: &World) -> String {
        self.workspace_id.clone().unwrap_or_else(|| world.options.default_workspace_id.clone())
    }
}

fn actor_columns(world: &World, actor: &Actor) -> Record {
    let (kind, id) = match actor {
        Actor::User(id) => ("user_actor", Some(id)),
        Actor::ApiKey(id) => match world.federation(id) {
            Some(federation) => ("federated_actor", federation.subject.as_ref()),
            None => ("api_actor", Some(id)),
        },
    };
    let user = id.filter(|_| kind == "user_actor").and_then(|id| world.user(id));
    record([
        ("actor_type", Some(kind.to_owned())),
        ("actor_id", id.cloned()),
        ("actor_email", user.map(|user| user.email.to_lowercase())),
        ("actor_name", user.map(|user| user.name.clone())),
    ])
}

fn actor_json(world: &World, actor: &Actor) -> Value {
    match actor {
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
        Actor::ApiKey(id) => match world.federation(id) {
            Some(Federation { provider, subject }) => {
                json!({"type": "federated_actor", "provider": provider_json(provider), "subject": subject})
            }
            None => json!({"type": "api_actor", "api_key_id": id}),
        },
    }
}

fn provider_json(provider: &IdentityProvider) -> Value {
    match provider {
        IdentityProvider::Aws { account_id, signed_principal } => {
            json!({"type": "aws", "account_id": account_id, "signed_principal": signed_principal})
        }
        IdentityProvider::Gcp { project_number } => json!({"type": "gcp", "project_number": project_number}),
        IdentityProvider::Azure { subscription_id } => json!({"type": "azure", "subscription_id": subscription_id}),
        IdentityProvider::Oidc { issuer } => json!({"type": "oidc", "issuer": issuer}),
    }
}
