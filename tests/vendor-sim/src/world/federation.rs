//! Workloads that a cloud or an identity provider vouches for, which the analytics name instead of
//! a key, and service accounts.
//!
//! Owns which identity is behind which key. It must never know how an answer spells an identity.

use super::{Federation, World};

impl World {
    /// The analytics name this identity from now on wherever they would name the key as an actor.
    pub fn federate(&mut self, api_key_id: &str, federation: Federation) {
        self.federations.insert(api_key_id.to_owned(), federation);
    }

    /// The analytics name this service account from now on wherever they would name the key as an actor.
    pub fn act_for_service_account(&mut self, api_key_id: &str, service_account_id: &str) {
        self.service_accounts.insert(api_key_id.to_owned(), service_account_id.to_owned());
    }

    pub fn service_account(&self, api_key_id: &str) -> Option<&str> {
        self.service_accounts.get(api_key_id).map(String::as_str)
    }

    pub fn federation(&self, api_key_id: &str) -> Option<&Federation> {
        self.federations.get(api_key_id)
    }
}
