//! What Claude Code proposed with each tool. The map is open: the vendor adds tools without a word.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

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
    /// Those with columns of their own that do not read.
    odd: Vec<&'static str>,
    json: String,
}

impl<'a> Tools<'a> {
    /// What reads is counted, and everything is kept in the JSON.
    pub fn read(told: &'a BTreeMap<Text<'_>, &'a RawValue>) -> Self {
        let mut actions = BTreeMap::new();
        let mut odd = Vec::new();
        for (name, raw) in told {
            match serde_json::from_str::<Actions>(raw.get()) {
                Ok(read) => drop(actions.insert(&**name, read)),
                Err(_) => odd.extend(NAMED.iter().filter(|named| **named == &**name)),
            }
        }
        let by_name: BTreeMap<&str, &RawValue> = told.iter().map(|(name, raw)| (&**name, *raw)).collect();
        let json = serde_json::to_string(&by_name).expect("invariant: a map of names and JSON is JSON");
        Self { actions, odd, json }
    }

    /// The tools whose columns lack what the vendor reports.
    pub fn odd(&self) -> &[&'static str] {
        &self.odd
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
