//! The keys that the vendor has named, and what a sheet may have meant by what is none of them.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::AccountId;

use crate::vendors::upload::nearest::nearest;

/// Ids that a fault names.
const NAMED: usize = 3;

/// Every key that a report or the list of keys has named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownKeys {
    /// Of the account that the sheet is for, with their names.
    ids: BTreeMap<String, Option<String>>,
    /// Ids by name, in lower case: neither is a name unique, nor do people write it in one way.
    named: BTreeMap<String, BTreeSet<String>>,
    /// Of other accounts.
    foreign: BTreeMap<String, AccountId>,
    /// Whether an id that nobody has named may stand in the sheet.
    pub allow_unknown: bool,
}

/// What an id of the sheet is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim<'k> {
    /// A key of the account.
    Key,
    /// No key was ever named, or unknown ones are allowed.
    NotChecked,
    /// The name of these keys.
    Name(Vec<&'k str>),
    /// A key of another account.
    Foreign(&'k AccountId),
    Unknown,
}

impl KnownKeys {
    pub fn add(&mut self, id: String, name: Option<String>) {
        if let Some(name) = &name {
            self.named.entry(folded(name)).or_default().insert(id.clone());
        }
        let known = self.ids.entry(id).or_default();
        *known = name.or(known.take());
    }

    pub fn add_foreign(&mut self, id: String, account_id: AccountId) {
        self.foreign.insert(id, account_id);
    }

    /// Whether there is anything to hold an id against.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    pub fn name(&self, id: &str) -> Option<&str> {
        self.ids.get(id)?.as_deref()
    }

    pub fn aim(&self, cell: &str) -> Aim<'_> {
        if self.contains(cell) {
            return Aim::Key;
        }
        if let Some(ids) = self.named.get(&folded(cell)) {
            return Aim::Name(ids.iter().map(String::as_str).collect());
        }
        match self.foreign.get(cell) {
            Some(account_id) => Aim::Foreign(account_id),
            None if self.is_empty() || self.allow_unknown => Aim::NotChecked,
            None => Aim::Unknown,
        }
    }

    /// The id that may be meant by one that is unknown. It is compared with all there are.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest(id, self.ids.keys().map(String::as_str))
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Aim<'_> {
    /// What was expected in its place; `None` if nothing is wrong.
    pub fn expected(&self, nearest: Option<&str>) -> Option<String> {
        match self {
            Aim::Key | Aim::NotChecked => None,
            Aim::Name(ids) => Some(match &ids[..] {
                [id] => format!("the id of the key of this name, {id}"),
                ids => format!("the id of the one of {} keys of this name that is meant: {}", ids.len(), some(ids)),
            }),
            Aim::Foreign(account_id) => Some(format!(
                "a key of the account of the file; this one is of `{account_id}` (--account {account_id})"
            )),
            Aim::Unknown => {
                let nearest = nearest.map(|id| format!("; the nearest is {id}")).unwrap_or_default();
                Some(format!("a key that a report or the list of keys has named{nearest} (--allow-unknown takes any)"))
            }
        }
    }
}

fn some(ids: &[&str]) -> String {
    let shown = ids[..ids.len().min(NAMED)].join(", ");
    if ids.len() > NAMED { format!("{shown} and others") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> KnownKeys {
        let mut keys = KnownKeys::default();
        for (id, name) in [("apikey_01A", "ci-prod"), ("apikey_01Batch", "Nightly batch"), ("apikey_01C", "ci-prod")] {
            keys.add(id.to_owned(), Some(name.to_owned()));
        }
        keys.add("apikey_01Used".to_owned(), None);
        keys.add_foreign("apikey_02X".to_owned(), "beta".into());
        keys
    }

    #[test]
    fn what_stands_in_the_place_of_an_id_is_told_with_the_id_that_may_be_meant() {
        let keys = known();
        for (cell, aim) in [
            ("apikey_01A", Aim::Key),
            ("apikey_01Used", Aim::Key),
            ("nightly BATCH", Aim::Name(vec!["apikey_01Batch"])),
            ("ci-prod", Aim::Name(vec!["apikey_01A", "apikey_01C"])),
            ("apikey_02X", Aim::Foreign(&"beta".into())),
            ("apikey_01Bathc", Aim::Unknown),
        ] {
            assert_eq!(keys.aim(cell), aim, "{cell}");
        }
        assert_eq!(keys.nearest("apikey_01Bathc"), Some("apikey_01Batch"));
        assert_eq!(keys.nearest("apikey_01Another"), None);
    }

    #[test]
    fn where_no_key_was_named_or_unknown_ones_are_allowed_only_names_are_faults() {
        assert_eq!(KnownKeys::default().aim("apikey_01A"), Aim::NotChecked);
        let keys = KnownKeys { allow_unknown: true, ..known() };
        assert_eq!(keys.aim("apikey_01New"), Aim::NotChecked);
        assert!(matches!(keys.aim("ci-prod"), Aim::Name(_)));
        assert!(matches!(keys.aim("apikey_02X"), Aim::Foreign(_)));
    }

    #[test]
    fn the_list_of_keys_gives_a_key_its_name_whoever_named_it_first() {
        let mut keys = KnownKeys::default();
        for name in [None, Some("batch".to_owned()), None] {
            keys.add("apikey_01A".to_owned(), name);
        }
        assert_eq!(keys.name("apikey_01A"), Some("batch"));
    }
}
