//! Workloads that a cloud or an identity provider vouches for, which the analytics name instead of
//! a key.
//!
//! Owns which identity is behind which key. It must never know how an answer spells an identity.

use super::World;

/// An identity from outside the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Federation {
    pub provider: IdentityProvider,
    /// None where the provider names none, as Azure may.
    pub subject: Option<String>,
}

/// Who vouches for an identity; each kind has ids of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityProvider {
    Aws { account_id: String, signed_principal: String },
    Gcp { project_number: String },
    Azure { subscription_id: String },
    Oidc { issuer: String },
}

impl World {
    /// The analytics name this identity from now on wherever they would name the key as an actor.
    pub fn federate(&mut self, api_key_id: &str, federation: Federation) {
        self.federations.insert(api_key_id.to_owned(), federation);
    }

    pub fn federation(&self, api_key_id: &str) -> Option<&Federation> {
        self.federations.get(api_key_id)
    }
}
