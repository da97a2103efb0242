//! Workloads that a cloud or an identity provider vouches for, which the analytics name instead of
//! a key.
//!
//! Owns which identity is behind which key. It must never know how an answer spells an identity.

use super::{Federation, World};

impl World {
    /// The analytics name this identity from now on wherever they would name the key as an actor.
    pub fn federate(&mut self, api_key_id: &str, federation: Federation) {
        self.federations.insert(api_key_id.to_owned(), federation);
    }

    pub fn federation(&self, api_key_id: &str) -> Option<&Federation> {
        self.federations.get(api_key_id)
    }
}
