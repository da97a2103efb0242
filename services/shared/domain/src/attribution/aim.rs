//! What rules name, against what there is: a workspace or a key that was made again under another id, an id that is none,
//! a name in the place of an id or an id in the place of a name.
//!
//! It changes no decision. A name proves nothing, so what has the name of a workspace that a rule is of is said, not taken.

mod miss;

use everycent_schemas::{AccountId, Usd};

use super::{DEFAULT_WORKSPACE, Rule, Rules, products};
use crate::window::Window;
use crate::workspaces::{DEFAULT_NAME, is_same_name};

pub use miss::{Miss, Other};

/// An account, and other names of what it opens: those of its organization, and its ids at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    pub id: AccountId,
    pub names: Vec<String>,
}

/// A workspace, as the list of them and the bill have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownWorkspace {
    pub account_id: AccountId,
    pub id: String,
    pub name: String,
    /// Names that it had before.
    pub former: Vec<String>,
    pub is_default: bool,
    /// What the bill has of it, and of which days.
    pub cost_usd: Usd,
    pub days: Option<Window>,
}

/// An API key, as the list of them and the usage report have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    pub account_id: AccountId,
    pub id: String,
    pub name: String,
    pub workspace_id: Option<String>,
    pub status: String,
    pub tokens: i64,
    pub days: Option<Window>,
}

/// What there is. A list that is empty was never loaded, and nothing is held against it.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub accounts: Vec<KnownAccount>,
    pub workspaces: Vec<KnownWorkspace>,
    pub keys: Vec<KnownKey>,
    /// Products of the analytics.
    pub products: Vec<String>,
}

/// Every miss, in the order of the rules.
pub fn misses(rules: &Rules, directory: &Directory) -> Vec<Miss> {
    rules.list.iter().flat_map(|rule| misses_of(rule, rules, directory)).collect()
}

fn misses_of(rule: &Rule, rules: &Rules, directory: &Directory) -> Vec<Miss> {
    let is_of = |account_id: &AccountId| rule.account.as_deref().is_none_or(|account| *account_id == *account);
    let workspaces: Vec<&KnownWorkspace> = directory.workspaces.iter().filter(|one| is_of(&one.account_id)).collect();
    let keys: Vec<&KnownKey> = directory.keys.iter().filter(|key| is_of(&key.account_id)).collect();
    let mut misses = Vec::new();
    if let Some(account) = &rule.account {
        misses.extend(unknown(rule, "account", account, &names_of_accounts(&directory.accounts)));
    }
    if let Some(workspace) = rule.workspace_id.as_deref().filter(|id| *id != DEFAULT_WORKSPACE) {
        misses.extend(unknown(rule, "workspace", workspace, &names_of_workspaces(&workspaces)));
        misses.extend(same_name(rule, rules, workspace, &workspaces));
    }
    if let Some(name) = &rule.workspace_name {
        misses.extend(unnamed(rule, name, &workspaces));
    }
    if let Some(key) = &rule.api_key_id {
        let names: Vec<(&str, &str)> = keys.iter().map(|key| (&*key.id, &*key.name)).collect();
        misses.extend(unknown(rule, "API key", key, &names));
        misses.extend(same_key(rule, rules, key, &keys, &workspaces));
    }
    if let Some(named) = &rule.product {
        misses.extend(unknown_product(rule, named, &directory.products));
    }
    misses
}

fn names_of_accounts(accounts: &[KnownAccount]) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    for account in accounts {
        all.push((account.id.as_str(), account.id.as_str()));
        all.extend(account.names.iter().map(|name| (account.id.as_str(), name.as_str())));
    }
    all
}

/// The default one has its real id here and the other in reports; a person means the latter by its name.
fn names_of_workspaces<'a>(workspaces: &[&'a KnownWorkspace]) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    for one in workspaces {
        all.push((&one.id, if one.is_default { "" } else { &one.name }));
        all.extend(one.former.iter().map(|name| (&*one.id, &**name)));
    }
    all.extend(workspaces.first().map(|_| (DEFAULT_WORKSPACE, DEFAULT_NAME)));
    all
}

/// What is named by no id of these, each with its name.
fn unknown(rule: &Rule, what: &'static str, named: &str, known: &[(&str, &str)]) -> Option<Miss> {
    if known.is_empty() || known.iter().any(|(id, _)| *id == named) {
        return None;
    }
    let (rule, said) = (rule.id.clone(), named.to_owned());
    let mut meant: Vec<String> =
        known.iter().filter(|(_, name)| is_same_name(name, named)).map(|(id, _)| (*id).to_owned()).collect();
    meant.dedup();
    Some(match meant.is_empty() {
        true => Miss::Unknown { rule, what, named: said },
        false => Miss::NameForId { rule, what, named: said, meant },
    })
}

/// A product that the vendor may report one day is said as well: until it does, the rule takes nothing.
fn unknown_product(rule: &Rule, named: &str, reported: &[String]) -> Option<Miss> {
    let spaced: Vec<(&str, String)> =
        products::KNOWN.iter().map(|product| (*product, product.replace('_', " "))).collect();
    let mut known: Vec<(&str, &str)> = products::KNOWN.iter().map(|product| (*product, *product)).collect();
    known.extend(spaced.iter().map(|(product, name)| (*product, &**name)));
    known.extend(reported.iter().map(|product| (&**product, &**product)));
    unknown(rule, "product", named, &known)
}

/// A name that no workspace has now.
fn unnamed(rule: &Rule, named: &str, workspaces: &[&KnownWorkspace]) -> Option<Miss> {
    let is_its = |name: &String| is_same_name(name, named);
    let is_there = is_same_name(named, DEFAULT_NAME) || workspaces.iter().any(|one| is_its(&one.name));
    if workspaces.is_empty() || is_there {
        return None;
    }
    let (rule, named) = (rule.id.clone(), named.to_owned());
    if let Some(one) = workspaces.iter().find(|one| one.id == named) {
        return Some(Miss::IdForName { rule, named, name: one.name.clone() });
    }
    let renamed = workspaces.iter().filter(|one| one.former.iter().any(is_its));
    let renamed: Vec<(String, String)> = renamed.map(|one| (one.id.clone(), one.name.clone())).collect();
    Some(match renamed.is_empty() {
        true => Miss::Unknown { rule, what: "a workspace called", named },
        false => Miss::Renamed { rule, named, renamed },
    })
}

/// Money in workspaces that have the name of the one that the rule is of, by account.
fn same_name(rule: &Rule, rules: &Rules, workspace: &str, workspaces: &[&KnownWorkspace]) -> Option<Miss> {
    let ruled = workspaces.iter().find(|one| one.id == workspace)?;
    let is_other = |one: &&&KnownWorkspace| {
        one.account_id == ruled.account_id
            && one.id != ruled.id
            && is_same_name(&one.name, &ruled.name)
            && one.cost_usd != Usd::ZERO
            && !rules.list.iter().any(|rule| names_workspace(rule, one))
    };
    let other = |one: &&KnownWorkspace| Other { id: one.id.clone(), amount: one.cost_usd, days: one.days };
    let others: Vec<Other<Usd>> = workspaces.iter().filter(is_other).map(other).collect();
    (!others.is_empty()).then(|| Miss::SameName {
        rule: rule.id.clone(),
        account_id: ruled.account_id.clone(),
        id: ruled.id.clone(),
        name: ruled.name.clone(),
        others,
    })
}

fn names_workspace(rule: &Rule, one: &KnownWorkspace) -> bool {
    rule.workspace_id.as_deref() == Some(&*one.id)
        || rule.workspace_name.as_deref().is_some_and(|name| is_same_name(name, &one.name))
}

/// Use of keys that have the name of the one that the rule is of and lie in its workspace, or in one of its name. While
/// the ruled key is in use they are others; once it is not, they may be what it was replaced by.
fn same_key(rule: &Rule, rules: &Rules, key: &str, keys: &[&KnownKey], workspaces: &[&KnownWorkspace]) -> Option<Miss> {
    let ruled = keys.iter().find(|one| one.id == key && one.status != IN_USE)?;
    let name_of = |key: &KnownKey| {
        let is_its =
            |one: &&&KnownWorkspace| one.account_id == key.account_id && Some(&one.id) == key.workspace_id.as_ref();
        workspaces.iter().find(is_its).map(|one| &*one.name)
    };
    let is_beside = |one: &KnownKey| {
        let (name, ruled_name) = (name_of(one), name_of(ruled));
        one.workspace_id == ruled.workspace_id
            || name.is_some_and(|name| ruled_name.is_some_and(|ruled| is_same_name(name, ruled)))
    };
    let is_other = |one: &&&KnownKey| {
        one.account_id == ruled.account_id
            && one.id != ruled.id
            && is_same_name(&one.name, &ruled.name)
            && is_beside(one)
            && one.tokens > 0
            && !rules.list.iter().any(|rule| rule.api_key_id.as_deref() == Some(&*one.id))
    };
    let other = |one: &&KnownKey| Other { id: one.id.clone(), amount: one.tokens, days: one.days };
    let others: Vec<Other<i64>> = keys.iter().filter(is_other).map(other).collect();
    (!others.is_empty()).then(|| Miss::SameKey {
        rule: rule.id.clone(),
        account_id: ruled.account_id.clone(),
        id: ruled.id.clone(),
        name: ruled.name.clone(),
        status: ruled.status.clone(),
        others,
    })
}

/// The status of a key that may be used.
const IN_USE: &str = "active";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::attribution::Platform;

    fn workspace(id: &str, name: &str, dollars: i128) -> KnownWorkspace {
        let cost_usd = Usd::from_nanos(dollars * Usd::NANOS_PER_DOLLAR);
        let (account_id, is_default) = ("acme".into(), name == "Default");
        let days = Window::new("2025-11-01".parse().unwrap(), "2025-11-05".parse().unwrap()).ok();
        let former = if id == "wrkspc_6" { vec!["Terminals".to_owned()] } else { vec![] };
        KnownWorkspace { account_id, id: id.into(), name: name.into(), former, is_default, cost_usd, days }
    }

    fn key(id: &str, name: &str, workspace: Option<&str>, status: &str) -> KnownKey {
        KnownKey {
            account_id: "acme".into(),
            id: id.into(),
            name: name.into(),
            workspace_id: workspace.map(str::to_owned),
            status: status.into(),
            tokens: 1200,
            days: Window::new("2025-11-03".parse().unwrap(), "2025-11-03".parse().unwrap()).ok(),
        }
    }

    fn directory() -> Directory {
        Directory {
            accounts: vec![KnownAccount { id: "acme".into(), names: vec!["Acme Inc".into(), "0a-1".into()] }],
            workspaces: vec![
                workspace("wrkspc_1", "Claude Code", 10),
                workspace("wrkspc_2", " claude code", 20),
                workspace("wrkspc_3", "Claude Code", 30),
                workspace("wrkspc_4", "Claude Code", 0),
                workspace("wrkspc_5", "Batch", 40),
                workspace("wrkspc_6", "Consoles", 3),
                workspace("wrkspc_9", "Default", 7),
            ],
            keys: vec![
                key("apikey_1", "terminal", Some("wrkspc_1"), "active"),
                key("apikey_2", "nightly", Some("wrkspc_1"), "archived"),
                key("apikey_3", "Nightly", Some("wrkspc_2"), "active"),
                key("apikey_4", "nightly", Some("wrkspc_5"), "active"),
                key("apikey_5", "terminal", Some("wrkspc_1"), "active"),
            ],
            products: vec!["dreams".into()],
        }
    }

    fn of_workspace(id: &str) -> Rule {
        Rule { workspace_id: Some(id.into()), ..Rule::new(id, Platform::ClaudeCode) }
    }

    fn of_key(id: &str) -> Rule {
        Rule { api_key_id: Some(id.into()), ..Rule::new("key", Platform::ClaudeCode) }
    }

    fn by_name(name: &str) -> Rule {
        Rule { workspace_name: Some(name.into()), ..Rule::new("name", Platform::ClaudeCode) }
    }

    fn said(rules: &[Rule]) -> Vec<String> {
        misses(&Rules::new(rules.to_vec()), &directory()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn money_in_a_workspace_that_was_made_again_under_another_id_is_told() {
        let said = said(&[of_workspace("wrkspc_1")]);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("50.00 dollars of 2025-11-01 to 2025-11-05 lie in other workspaces of this name"),
            "{}",
            said[0]
        );
        assert!(said[0].contains("wrkspc_2 (20.00), wrkspc_3 (30.00)."), "{}", said[0]);
        let missed = misses(&Rules::new(vec![of_workspace("wrkspc_1")]), &directory());
        assert_eq!(missed[0].account_id(), Some(&"acme".into()));
    }

    #[test]
    fn use_of_a_key_that_replaced_an_archived_one_is_told_and_a_namesake_elsewhere_is_not() {
        let told = said(&[of_key("apikey_2")]);
        let words = "rule `key` is of API key `nightly` (apikey_2) of account `acme`, which is archived, and 1200 tokens of \
                     2025-11-03 were used by other keys of this name in its workspace, which no rule names: apikey_3 (1200)";
        assert!(told.len() == 1 && told[0].contains(words), "{told:?}");
        assert_eq!(said(&[of_key("apikey_2"), of_key("apikey_3")]), Vec::<String>::new());
        assert_eq!(
            said(&[of_key("apikey_1")]),
            Vec::<String>::new(),
            "while it is in use, its namesake is another one"
        );
    }

    #[test]
    fn what_another_rule_names_and_what_has_another_name_or_no_money_is_not_told() {
        assert_eq!(said(&["wrkspc_1", "wrkspc_2", "wrkspc_3"].map(of_workspace)), Vec::<String>::new());
        assert_eq!(said(&[of_workspace("wrkspc_1"), by_name("Claude Code")]), Vec::<String>::new());
        assert_eq!(
            said(&[of_workspace("wrkspc_5"), of_workspace("default"), of_workspace("wrkspc_9")]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_name_in_the_place_of_an_id_is_told_with_the_id_and_what_is_nowhere_is_told() {
        let key = of_key;
        let account = |id: &str| Rule { account: Some(id.into()), ..Rule::new("account", Platform::ClaudeCode) };
        let product = |id: &str| Rule { product: Some(id.into()), ..Rule::new("product", Platform::ClaudeCode) };
        for (rule, words) in [
            (of_workspace("Batch"), "names workspace `Batch`, which is a name and matches nothing; the id is wrkspc_5"),
            (of_workspace("CLAUDE CODE"), "the id is wrkspc_1 or wrkspc_2 or wrkspc_3 or wrkspc_4"),
            (of_workspace("Default"), "the id is default"),
            (of_workspace("wrkspc_7"), "names workspace `wrkspc_7`, which is in no list"),
            (
                key("terminal"),
                "names API key `terminal`, which is a name and matches nothing; the id is apikey_1 or apikey_5",
            ),
            (of_workspace("Terminals"), "which is a name and matches nothing; the id is wrkspc_6"),
            (key("apikey_7"), "names API key `apikey_7`, which is in no list"),
            (account("Acme"), "the id is acme"),
            (account("acme inc"), "names account `acme inc`, which is a name and matches nothing; the id is acme"),
            (account("0A-1"), "the id is acme"),
            (account("beta"), "names account `beta`, which is in no list"),
            (
                product("Claude Code"),
                "names product `Claude Code`, which is a name and matches nothing; the id is claude_code",
            ),
            (product("claude_dreams"), "names product `claude_dreams`, which is in no list"),
            (by_name("wrkspc_5"), "names a workspace called `wrkspc_5`, which is an id; its name is `Batch`"),
            (by_name("Batches"), "names a workspace called `Batches`, which is in no list"),
            (
                by_name("terminals"),
                "names a workspace called `terminals`, which none is called any more: wrkspc_6 is called `Consoles` now",
            ),
        ] {
            let said = said(std::slice::from_ref(&rule));
            assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
        }
        let right = [
            key("apikey_1"),
            account("acme"),
            product("dreams"),
            product("chat"),
            by_name("batch"),
            by_name("default"),
        ];
        assert_eq!(said(&right), Vec::<String>::new());
        assert_eq!(misses(&Rules::new(vec![of_workspace("x"), key("x")]), &Directory::default()), []);
    }
}
