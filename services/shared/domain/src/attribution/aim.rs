//! What rules name, against what there is: a workspace that was made again under another id, an id that is none, a name
//! in the place of an id.
//!
//! It changes no decision. A name proves nothing, so what has the name of a workspace that a rule is of is said, not taken.

use std::fmt;

use everycent_schemas::{AccountId, Usd};

use super::{DEFAULT_WORKSPACE, Rule, Rules};

/// A workspace, as the list of them and the bill have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownWorkspace {
    pub account_id: AccountId,
    pub id: String,
    pub name: String,
    pub is_default: bool,
    /// What the bill has of it.
    pub cost_usd: Usd,
}

/// An API key, as the list of them has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    pub account_id: AccountId,
    pub id: String,
    pub name: String,
}

/// What there is. A list that is empty was never loaded, and nothing is held against it.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub accounts: Vec<AccountId>,
    pub workspaces: Vec<KnownWorkspace>,
    pub keys: Vec<KnownKey>,
}

/// How a rule misses what it may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// There is no such thing.
    Unknown { rule: String, what: &'static str, named: String },
    /// It is the name of something; these are the ids.
    NameForId { rule: String, what: &'static str, named: String, meant: Vec<String> },
    /// Money lies in other workspaces of the same name.
    SameName { rule: String, account_id: AccountId, id: String, name: String, others: Vec<(String, Usd)> },
}

impl Miss {
    /// The money that lies where the rule may mean it and does not take it, and whose it is.
    pub fn missed(&self) -> Option<(&AccountId, Usd)> {
        match self {
            Self::SameName { account_id, others, .. } => Some((account_id, others.iter().map(|(_, cost)| *cost).sum())),
            Self::Unknown { .. } | Self::NameForId { .. } => None,
        }
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { rule, what, named } => {
                write!(f, "rule `{rule}` names {what} `{named}`, which is in no list; check the id")
            }
            Self::NameForId { rule, what, named, meant } => write!(
                f,
                "rule `{rule}` names {what} `{named}`, which is a name and matches nothing; the id is {}",
                meant.join(" or ")
            ),
            Self::SameName { rule, account_id, id, name, others } => {
                let total: Usd = others.iter().map(|(_, cost)| *cost).sum();
                let others: Vec<String> =
                    others.iter().map(|(id, cost)| format!("{id} ({})", cost.cents_text())).collect();
                write!(
                    f,
                    "rule `{rule}` is of workspace `{name}` ({id}) of account `{account_id}`, and {} dollars lie in \
                     other workspaces of this name, which no rule names: {}. If it was made again, a rule for each id \
                     takes them along",
                    total.cents_text(),
                    others.join(", ")
                )
            }
        }
    }
}

/// Every miss, in the order of the rules.
pub fn misses(rules: &Rules, directory: &Directory) -> Vec<Miss> {
    rules.0.iter().flat_map(|rule| misses_of(rule, rules, directory)).collect()
}

fn misses_of(rule: &Rule, rules: &Rules, directory: &Directory) -> Vec<Miss> {
    let Directory { accounts, workspaces, keys } = directory;
    let is_of = |account_id: &AccountId| rule.account.as_deref().is_none_or(|account| *account_id == *account);
    let workspaces: Vec<&KnownWorkspace> = workspaces.iter().filter(|one| is_of(&one.account_id)).collect();
    let keys: Vec<(&str, &str)> =
        keys.iter().filter(|key| is_of(&key.account_id)).map(|key| (&*key.id, &*key.name)).collect();
    let mut misses = Vec::new();
    if let Some(account) = &rule.account {
        let known: Vec<(&str, &str)> = accounts.iter().map(|account| (account.as_str(), account.as_str())).collect();
        misses.extend(unknown(rule, "account", account, &known));
    }
    if let Some(workspace) = rule.workspace_id.as_deref().filter(|id| *id != DEFAULT_WORKSPACE) {
        // The default one has its real id here and the other in reports; a person means the latter by its name.
        let mut known: Vec<(&str, &str)> =
            workspaces.iter().map(|one| (&*one.id, if one.is_default { "" } else { &*one.name })).collect();
        known.extend(workspaces.first().map(|_| (DEFAULT_WORKSPACE, DEFAULT_WORKSPACE)));
        misses.extend(unknown(rule, "workspace", workspace, &known));
        misses.extend(same_name(rule, rules, workspace, &workspaces));
    }
    if let Some(key) = &rule.api_key_id {
        misses.extend(unknown(rule, "API key", key, &keys));
    }
    misses
}

/// What is named by no id of these, each with its name.
fn unknown(rule: &Rule, what: &'static str, named: &str, known: &[(&str, &str)]) -> Option<Miss> {
    if known.is_empty() || known.iter().any(|(id, _)| *id == named) {
        return None;
    }
    let (rule, said) = (rule.id.clone(), named.to_owned());
    let meant: Vec<String> =
        known.iter().filter(|(_, name)| is_same_name(name, named)).map(|(id, _)| (*id).to_owned()).collect();
    Some(match meant.is_empty() {
        true => Miss::Unknown { rule, what, named: said },
        false => Miss::NameForId { rule, what, named: said, meant },
    })
}

/// Money in workspaces that have the name of the one that the rule is of, by account.
fn same_name(rule: &Rule, rules: &Rules, workspace: &str, workspaces: &[&KnownWorkspace]) -> Option<Miss> {
    let ruled = workspaces.iter().find(|one| one.id == workspace)?;
    let is_named = |id: &str| rules.0.iter().any(|rule| rule.workspace_id.as_deref() == Some(id));
    let is_other = |one: &&&KnownWorkspace| {
        one.account_id == ruled.account_id
            && one.id != ruled.id
            && is_same_name(&one.name, &ruled.name)
            && one.cost_usd != Usd::ZERO
            && !is_named(&one.id)
    };
    let others: Vec<(String, Usd)> =
        workspaces.iter().filter(is_other).map(|one| (one.id.clone(), one.cost_usd)).collect();
    (!others.is_empty()).then(|| Miss::SameName {
        rule: rule.id.clone(),
        account_id: ruled.account_id.clone(),
        id: ruled.id.clone(),
        name: ruled.name.clone(),
        others,
    })
}

fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::attribution::Platform;

    fn workspace(id: &str, name: &str, dollars: i128) -> KnownWorkspace {
        let cost_usd = Usd::from_nanos(dollars * Usd::NANOS_PER_DOLLAR);
        let (account_id, is_default) = ("acme".into(), name == "Default");
        KnownWorkspace { account_id, id: id.into(), name: name.into(), is_default, cost_usd }
    }

    fn directory() -> Directory {
        Directory {
            accounts: vec!["acme".into()],
            workspaces: vec![
                workspace("wrkspc_1", "Claude Code", 10),
                workspace("wrkspc_2", " claude code", 20),
                workspace("wrkspc_3", "Claude Code", 30),
                workspace("wrkspc_4", "Claude Code", 0),
                workspace("wrkspc_5", "Batch", 40),
                workspace("wrkspc_9", "Default", 7),
            ],
            keys: vec![KnownKey { account_id: "acme".into(), id: "apikey_1".into(), name: "terminal".into() }],
        }
    }

    fn of_workspace(id: &str) -> Rule {
        Rule { workspace_id: Some(id.into()), ..Rule::new(id, Platform::ClaudeCode) }
    }

    fn said(rules: &[Rule]) -> Vec<String> {
        misses(&Rules::new(rules.to_vec()), &directory()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn money_in_a_workspace_that_was_made_again_under_another_id_is_told() {
        let said = said(&[of_workspace("wrkspc_1")]);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("50.00 dollars lie in other workspaces of this name"), "{}", said[0]);
        assert!(said[0].contains("wrkspc_2 (20.00), wrkspc_3 (30.00)."), "{}", said[0]);
        let missed = misses(&Rules::new(vec![of_workspace("wrkspc_1")]), &directory());
        assert_eq!(missed[0].missed(), Some((&"acme".into(), Usd::from_nanos(50 * Usd::NANOS_PER_DOLLAR))));
    }

    #[test]
    fn what_another_rule_names_and_what_has_another_name_or_no_money_is_not_told() {
        assert_eq!(said(&["wrkspc_1", "wrkspc_2", "wrkspc_3"].map(of_workspace)), Vec::<String>::new());
        assert_eq!(
            said(&[of_workspace("wrkspc_5"), of_workspace("default"), of_workspace("wrkspc_9")]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_name_in_the_place_of_an_id_is_told_with_the_id_and_what_is_nowhere_is_told() {
        let key = |id: &str| Rule { api_key_id: Some(id.into()), ..Rule::new("key", Platform::ClaudeCode) };
        let account = |id: &str| Rule { account: Some(id.into()), ..Rule::new("account", Platform::ClaudeCode) };
        for (rule, words) in [
            (of_workspace("Batch"), "names workspace `Batch`, which is a name and matches nothing; the id is wrkspc_5"),
            (of_workspace("CLAUDE CODE"), "the id is wrkspc_1 or wrkspc_2 or wrkspc_3 or wrkspc_4"),
            (of_workspace("Default"), "the id is default"),
            (of_workspace("wrkspc_7"), "names workspace `wrkspc_7`, which is in no list"),
            (key("terminal"), "names API key `terminal`, which is a name and matches nothing; the id is apikey_1"),
            (key("apikey_7"), "names API key `apikey_7`, which is in no list"),
            (account("Acme"), "the id is acme"),
            (account("beta"), "names account `beta`, which is in no list"),
        ] {
            let said = said(std::slice::from_ref(&rule));
            assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
        }
        assert_eq!(said(&[key("apikey_1"), account("acme")]), Vec::<String>::new());
        assert_eq!(misses(&Rules::new(vec![of_workspace("x"), key("x")]), &Directory::default()), []);
    }
}
