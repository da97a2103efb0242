//! What is known of the workspaces of an account: their names, and which one is the default workspace.
//!
//! Some reports show the default workspace as null and others by its id. In every row it is null, so that it is one thing.

use std::collections::BTreeMap;

use everycent_schemas::Timestamp;
use serde::{Deserialize, Serialize};

use crate::format::{self, Unread};

/// The name of the default workspace, in the vendor's list and in views.
pub const DEFAULT_NAME: &str = "Default";

/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// The workspaces of one account, as the vendor listed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspaces {
    format: u32,
    /// When they were first seen so.
    pub seen_at: Timestamp,
    /// The id of the default workspace, where the vendor reports it.
    pub default_id: Option<String>,
    /// By id. Archived ones and those that are listed no more too.
    pub names: BTreeMap<String, String>,
}

/// They can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InvalidWorkspaces {
    #[error("it is no list of workspaces: {0}")]
    Unreadable(String),
    #[error("it has format {0}, and this program reads up to {FORMAT}; upgrade it")]
    TooNew(u32),
}

/// The workspace of a record, as rows have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place<'t> {
    /// `None` is the default workspace.
    pub workspace_id: Option<&'t str>,
    /// The id that the record has.
    pub reported_id: Option<&'t str>,
    pub known: Option<&'t Workspaces>,
}

impl Workspaces {
    pub fn new(seen_at: Timestamp, default_id: Option<String>, names: BTreeMap<String, String>) -> Self {
        Self { format: FORMAT, seen_at, default_id, names }
    }

    /// The place of a record that reports this id, or none for the default workspace.
    pub fn place<'t>(&'t self, reported_id: Option<&'t str>) -> Place<'t> {
        let workspace_id = reported_id.filter(|id| self.default_id.as_deref() != Some(*id));
        Place { workspace_id, reported_id, known: Some(self) }
    }

    /// Whether the vendor's list has it. A list that has archived ones has all but, at most, the default one.
    pub fn has(&self, id: &str) -> bool {
        self.names.contains_key(id)
    }

    pub fn is_default(&self, id: &str) -> bool {
        self.default_id.as_deref() == Some(id)
    }

    /// These, in addition to what was known before. Neither an id nor which one is the default workspace is unlearned.
    #[must_use]
    pub fn after(self, known: &Self) -> Self {
        let mut names = known.names.clone();
        names.extend(self.names);
        Self { default_id: self.default_id.or_else(|| known.default_id.clone()), names, ..self }
    }

    /// Whether both say the same, whenever it was seen.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.default_id, &self.names) == (&other.default_id, &other.names)
    }

    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("invariant: its keys are strings");
        json.push(b'\n');
        json
    }

    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidWorkspaces> {
        format::read(bytes, FORMAT).map_err(|unread| match unread {
            Unread::NotOne(error) => InvalidWorkspaces::Unreadable(error.to_string()),
            Unread::TooNew(format) => InvalidWorkspaces::TooNew(format),
        })
    }
}

impl<'t> Place<'t> {
    /// Of a record of an account of which nothing is known.
    pub fn unknown(reported_id: Option<&'t str>) -> Self {
        Self { workspace_id: reported_id, reported_id, known: None }
    }

    /// In the default workspace, whatever id the record has.
    #[must_use]
    pub fn by_default(self) -> Self {
        Self { workspace_id: None, ..self }
    }

    /// The name of the workspace, where it is known.
    pub fn name(&self) -> Option<&'t str> {
        match self.workspace_id {
            None => Some(DEFAULT_NAME),
            Some(id) => Some(self.known?.names.get(id)?),
        }
    }

    /// Whether this is the workspace's own id. That of the default workspace means it too.
    pub fn has_id(&self, id: &str) -> bool {
        let is_default = || self.workspace_id.is_none() && self.known.is_some_and(|known| known.is_default(id));
        self.workspace_id == Some(id) || self.reported_id == Some(id) || is_default()
    }
}

/// Whether two names are one for a person: case and surrounding blanks aside.
pub fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn known(default_id: Option<&str>, names: &[(&str, &str)]) -> Workspaces {
        let names = names.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect();
        Workspaces::new(Timestamp::from_micros(1), default_id.map(str::to_owned), names)
    }

    #[test]
    fn the_default_workspace_is_one_place_by_null_and_by_its_id() {
        let known = known(Some("w0"), &[("w0", "Default"), ("w1", "Batch")]);
        for reported in [None, Some("w0")] {
            let place = known.place(reported);
            assert_eq!((place.workspace_id, place.name()), (None, Some("Default")));
            assert!(place.has_id("w0") && !place.has_id("w1"));
        }
        let place = known.place(Some("w1"));
        assert_eq!((place.workspace_id, place.name()), (Some("w1"), Some("Batch")));
        assert!(place.has_id("w1") && !place.has_id("w0"));
        assert_eq!(known.place(Some("w2")).name(), None);
        assert_eq!(Place::unknown(Some("w0")).workspace_id, Some("w0"));
    }

    #[test]
    fn what_was_known_is_kept_and_a_new_name_replaces_the_old_one() {
        let now = known(None, &[("w1", "Batches"), ("w2", "New")]).after(&known(Some("w0"), &[("w1", "Batch")]));
        assert!(now.is_same(&known(Some("w0"), &[("w1", "Batches"), ("w2", "New")])));
    }

    #[test]
    fn it_comes_back_as_it_went_and_a_later_format_asks_for_an_upgrade() {
        let known = known(Some("w0"), &[("w1", "Batch")]);
        assert_eq!(Workspaces::from_json(&known.to_json()).unwrap(), known);
        let error = Workspaces::from_json(br#"{"format": 2}"#).unwrap_err().to_string();
        assert!(error.contains("upgrade"), "{error}");
    }
}
