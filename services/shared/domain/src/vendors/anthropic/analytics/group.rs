//! What a row of the analytics is grouped by.

use serde::Deserialize;

use super::actor::Actor;
use crate::attribution::Evidence;
use crate::identity::IdHasher;
use crate::rows::read_needed;
use crate::vendors::Label;
use crate::workspaces::Place;

/// The dimensions that the reports ask for; one that was not asked for is null.
#[derive(Debug, Deserialize)]
pub struct Group<'a> {
    #[serde(borrow)]
    pub product: Option<Label<'a>>,
    #[serde(borrow)]
    actor: Option<Actor<'a>>,
    #[serde(default, borrow, deserialize_with = "read_needed")]
    pub api_key_id: Option<Label<'a>>,
    #[serde(default, borrow, deserialize_with = "read_needed")]
    pub workspace_id: Option<Label<'a>>,
    #[serde(borrow)]
    pub model: Option<Label<'a>>,
    #[serde(borrow)]
    pub cost_type: Option<Label<'a>>,
    #[serde(borrow)]
    pub token_type: Option<Label<'a>>,
}

impl Group<'_> {
    /// All that it is grouped by. No name or address of a person, which may change.
    pub fn dimensions(&self, place: Place<'_>, hasher: IdHasher) -> IdHasher {
        let provider = self.actor.as_ref().and_then(Actor::provider);
        let dimensions = [
            self.product.as_deref(),
            self.actor_type(),
            provider.as_deref(),
            self.actor_id(),
            self.api_key_id.as_deref(),
            place.workspace_id,
            self.model.as_deref(),
            self.cost_type.as_deref(),
            self.token_type.as_deref(),
        ];
        dimensions.into_iter().fold(hasher, IdHasher::optional)
    }

    /// `None` is nobody who can be named; so it is below.
    pub fn actor_type(&self) -> Option<&str> {
        self.actor.as_ref()?.kind.as_deref()
    }

    pub fn actor_id(&self) -> Option<&str> {
        self.actor.as_ref()?.id()
    }

    pub fn actor_email(&self) -> Option<&str> {
        self.actor.as_ref()?.email()
    }

    pub fn actor_name(&self) -> Option<&str> {
        self.actor.as_ref()?.name.as_deref()
    }

    pub fn evidence<'e>(&'e self, place: Place<'e>) -> Evidence<'e> {
        Evidence {
            workspace: place,
            api_key_id: self.api_key_id.as_deref(),
            model: self.model.as_deref(),
            product: self.product.as_deref(),
            cost_type: self.cost_type.as_deref(),
            ..Evidence::default()
        }
    }
}
