//! What Claude Code proposed with each tool. The map is open: the vendor adds tools without a word.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::rows::read_alone;
use crate::vendors::{Count, Text};

/// The tools with columns of their own.
const NAMED: [&str; 4] = ["edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool"];

/// Proposals with one tool.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Actions {
    accepted: Count,
    rejected: Count,
}

/// The map of one record.
#[derive(Debug)]
pub struct Tools<'a> {
    actions: BTreeMap<&'a str, Actions>,
    json: String,
}

impl<'a> Tools<'a> {
    /// Those that are known must read. What else stands there is counted if it reads, and kept in the JSON anyway.
    pub fn read(told: &'a BTreeMap<Text<'_>, &'a RawValue>) -> Result<Self, String> {
        let mut actions = BTreeMap::new();
        for (name, raw) in told {
            match read_alone::<Actions>(raw) {
                Ok(read) => drop(actions.insert(&**name, read)),
                Err(reason) if NAMED.contains(&&**name) => return Err(format!("tool_actions.{}: {reason}", &**name)),
                Err(_) => {}
            }
        }
        let by_name: BTreeMap<&str, &RawValue> = told.iter().map(|(name, raw)| (&**name, *raw)).collect();
        let json = serde_json::to_string(&by_name).expect("invariant: a map of names and JSON is JSON");
        Ok(Self { actions, json })
    }

    /// The vendor's own map, its names in order.
    pub fn json(&self) -> &str {
        &self.json
    }

    pub fn accepted(&self, name: &str) -> i64 {
        self.actions.get(name).map_or(0, |actions| actions.accepted.0)
    }

    pub fn rejected(&self, name: &str) -> i64 {
        self.actions.get(name).map_or(0, |actions| actions.rejected.0)
    }

    pub fn all_accepted(&self) -> i64 {
        self.actions.values().map(|actions| actions.accepted.0).fold(0, i64::saturating_add)
    }

    pub fn all_rejected(&self) -> i64 {
        self.actions.values().map(|actions| actions.rejected.0).fold(0, i64::saturating_add)
    }
}
