//! Attribution: which platform a cost belongs to, by rules and evidence, never by a guess.

pub mod aim;
mod money_from;
mod product;
mod products;
pub mod trial;

use everycent_schemas::AccountId;
use strum::VariantArray;

pub use self::money_from::MoneyFrom;
pub use self::products::OF_CLAUDE_AI;
use crate::identity::IdHasher;
use crate::workspaces::{Place, is_same_name};

/// Where AI is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray)]
pub enum Platform {
    ClaudeAi,
    ClaudeCode,
    ClaudeApi,
    Cursor,
    /// No rule and no evidence says it.
    Unattributed,
}

impl Platform {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeAi => "claude.ai",
            Self::ClaudeCode => "claude_code",
            Self::ClaudeApi => "claude_api",
            Self::Cursor => "cursor",
            Self::Unattributed => "unattributed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|platform| platform.name() == name)
    }
}

/// What a rule can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence<'a> {
    /// As the configuration names it.
    pub account: Option<&'a str>,
    pub workspace: Place<'a>,
    pub api_key_id: Option<&'a str>,
    pub description: Option<&'a str>,
    pub model: Option<&'a str>,
    pub product: Option<&'a str>,
    pub service_tier: Option<&'a str>,
    pub cost_type: Option<&'a str>,
}

impl<'a> Evidence<'a> {
    /// None for what lies in no workspace: that of claude.ai, whose null is not the default one.
    fn place(&self) -> Option<&Place<'a>> {
        let is_nowhere = self.workspace.workspace_id.is_none()
            && self.product.is_some_and(|product| OF_CLAUDE_AI.contains(&product));
        Some(&self.workspace).filter(|_| !is_nowhere)
    }

    #[must_use]
    pub fn of_account(self, account_id: &'a AccountId) -> Self {
        Self { account: Some(account_id.as_str()), ..self }
    }
}

/// One rule. Every condition that is given must hold; a rule without conditions matches everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Becomes the `platform_basis` of the rows that it decides.
    pub id: String,
    pub platform: Platform,
    /// An account, as the configuration names it.
    pub account: Option<String>,
    /// A workspace's id, or `default` for the default workspace. What lies in none, such as chats, is in neither.
    pub workspace_id: Option<String>,
    /// The name of one or several workspaces, as the vendor lists them.
    pub workspace_name: Option<String>,
    pub api_key_id: Option<String>,
    /// A part of the description, in any case.
    pub description_contains: Option<String>,
    pub model_prefix: Option<String>,
    pub product: Option<String>,
    pub service_tier: Option<String>,
    pub cost_type: Option<String>,
}

/// Ids that no rule may have: as a basis they say that the vendor itself decided.
pub const RESERVED_IDS: [&str; 2] = [BY_PRODUCT, "vendor"];

/// The basis of rows that the vendor's product decided.
const BY_PRODUCT: &str = "product";

/// The name by which rules and people call the default workspace.
pub const DEFAULT_WORKSPACE: &str = "default";

impl Rule {
    /// A rule without conditions.
    pub fn new(id: impl Into<String>, platform: Platform) -> Self {
        Self {
            id: id.into(),
            platform,
            account: None,
            workspace_id: None,
            workspace_name: None,
            api_key_id: None,
            description_contains: None,
            model_prefix: None,
            product: None,
            service_tier: None,
            cost_type: None,
        }
    }

    /// What it writes on rows that it decides.
    pub(crate) fn basis(&self) -> String {
        let by_name = if self.workspace_name.is_some() { BY_NAME } else { "" };
        format!("{}{by_name}", self.id)
    }

    fn matches(&self, evidence: &Evidence<'_>) -> bool {
        is(&self.account, evidence.account)
            && holds(&self.workspace_id, evidence.place(), is_workspace)
            && holds(&self.workspace_name, evidence.place(), is_named)
            && is(&self.api_key_id, evidence.api_key_id)
            && is(&self.product, evidence.product)
            && is(&self.service_tier, evidence.service_tier)
            && is(&self.cost_type, evidence.cost_type)
            && holds(&self.model_prefix, evidence.model, |model, prefix| model.starts_with(prefix))
            && holds(&self.description_contains, evidence.description, contains_in_any_case)
    }
}

fn is(wanted: &Option<String>, found: Option<&str>) -> bool {
    holds(wanted, found, |found, wanted| found == wanted)
}

fn is_workspace(place: &Place<'_>, wanted: &str) -> bool {
    place.has_id(wanted) || (wanted == DEFAULT_WORKSPACE && place.workspace_id.is_none())
}

fn is_named(place: &Place<'_>, wanted: &str) -> bool {
    place.name().is_some_and(|name| is_same_name(name, wanted))
}

fn holds<T: ?Sized>(wanted: &Option<String>, found: Option<&T>, test: impl Fn(&T, &str) -> bool) -> bool {
    wanted.as_deref().is_none_or(|wanted| found.is_some_and(|found| test(found, wanted)))
}

fn contains_in_any_case(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// What rules say of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribution<'r> {
    pub platform: Platform,
    /// Id of the rule that decided it, with [`BY_NAME`] where that went by the workspace's name.
    pub basis: Option<&'r str>,
    /// Place of that rule, from 1.
    pub rank: Option<i64>,
}

/// An ordered list of rules; the first that matches decides. Besides, whose word on money counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    list: Vec<Rule>,
    /// What each writes on its rows.
    bases: Vec<String>,
    money_from: MoneyFrom,
}

/// Follows the id of a rule in the basis of rows that it decided by the name of their workspace.
pub const BY_NAME: &str = " (workspace_name)";

impl Rules {
    pub fn new(rules: Vec<Rule>) -> Self {
        let bases = rules.iter().map(Rule::basis).collect();
        Self { list: rules, bases, money_from: MoneyFrom::default() }
    }

    pub fn with_money_from(self, money_from: MoneyFrom) -> Self {
        Self { money_from, ..self }
    }

    pub fn money_from(&self) -> &MoneyFrom {
        &self.money_from
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What the first rule that matches decides.
    pub fn attribute(&self, evidence: &Evidence<'_>) -> Attribution<'_> {
        let mut rules = self.list.iter().zip(&self.bases).zip(1..);
        match rules.find(|((rule, _), _)| rule.matches(evidence)) {
            Some(((rule, basis), rank)) => {
                Attribution { platform: rule.platform, basis: Some(basis), rank: Some(rank) }
            }
            None => Attribution { platform: Platform::Unattributed, basis: None, rank: None },
        }
    }

    /// Adds every rule to a fingerprint.
    pub(crate) fn fingerprint(&self, hasher: IdHasher) -> IdHasher {
        let hasher = self.money_from.fingerprint(hasher);
        self.list.iter().fold(hasher.number(self.list.len() as i64), |hasher, rule| {
            let conditions = [
                &rule.workspace_id,
                &rule.api_key_id,
                &rule.description_contains,
                &rule.model_prefix,
                &rule.product,
                &rule.service_tier,
                &rule.cost_type,
            ];
            let hasher = hasher.part(&rule.id).part(rule.platform.name());
            let hasher = conditions.into_iter().fold(hasher, |hasher, condition| hasher.optional(condition.as_deref()));
            // Rules without these are those that they were before there were such conditions.
            let later = [("account", &rule.account), ("workspace_name", &rule.workspace_name)];
            later.into_iter().fold(hasher, |hasher, (name, condition)| match condition {
                Some(condition) => hasher.part(name).part(condition),
                None => hasher,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use everycent_schemas::Timestamp;

    use super::*;
    use crate::workspaces::Workspaces;

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules = Rules::new(vec![
            Rule { workspace_id: Some("wrkspc_1".into()), ..Rule::new("code", Platform::ClaudeCode) },
            Rule { workspace_id: Some(DEFAULT_WORKSPACE.into()), ..Rule::new("default-api", Platform::ClaudeApi) },
            Rule {
                description_contains: Some("web search".into()),
                cost_type: Some("web_search".into()),
                ..Rule::new("search", Platform::ClaudeAi)
            },
        ]);
        let at = |workspace_id, description, cost_type| {
            let workspace = Place::unknown(workspace_id);
            let evidence = Evidence { workspace, description, cost_type, ..Evidence::default() };
            let Attribution { platform, basis, .. } = rules.attribute(&evidence);
            (platform.name(), basis.map(str::to_owned))
        };
        assert_eq!(at(Some("wrkspc_1"), None, None), ("claude_code", Some("code".into())));
        assert_eq!(at(None, None, None), ("claude_api", Some("default-api".into())));
        assert_eq!(
            at(Some("wrkspc_2"), Some("Web Search Usage"), Some("web_search")),
            ("claude.ai", Some("search".into()))
        );
        assert_eq!(at(Some("wrkspc_2"), Some("Web Search Usage"), None), ("unattributed", None));
    }

    #[test]
    fn a_rule_of_an_account_matches_no_other_and_makes_another_recipe() {
        let rule = Rule { account: Some("acme".into()), ..Rule::new("acme-is-code", Platform::ClaudeCode) };
        let rules = Rules::new(vec![rule]);
        let (acme, beta) = (AccountId::from("acme"), AccountId::from("beta"));
        let platform = |evidence: Evidence<'_>| rules.attribute(&evidence).platform;
        assert_eq!(platform(Evidence::default().of_account(&acme)), Platform::ClaudeCode);
        assert_eq!(platform(Evidence::default().of_account(&beta)), Platform::Unattributed);
        assert_eq!(platform(Evidence::default()), Platform::Unattributed);
        let fingerprint = |rule: Rule| Rules::new(vec![rule]).fingerprint(IdHasher::new("rules")).finish();
        let rule =
            |account: Option<&str>| Rule { account: account.map(str::to_owned), ..Rule::new("r", Platform::Cursor) };
        assert_ne!(fingerprint(rule(Some("acme"))), fingerprint(rule(None)));
        assert_ne!(fingerprint(rule(Some("acme"))), fingerprint(rule(Some("beta"))));
    }

    #[test]
    fn a_rule_by_name_takes_every_workspace_of_the_name_and_the_basis_says_so() {
        let names = [("w1", "Claude Code"), ("w2", " claude code"), ("w3", "Batch")];
        let names = names.map(|(id, name)| (id.to_owned(), name.to_owned())).into();
        let known = Workspaces::new(Timestamp::from_micros(1), Some("w0".into()), names);
        let by_name = |name: &str| Rule { workspace_name: Some(name.into()), ..Rule::new("r", Platform::ClaudeCode) };
        let rules = Rules::new(vec![by_name("Claude Code")]);
        let basis = |rules: &Rules, place: Place<'_>| {
            let evidence = Evidence { workspace: place, ..Evidence::default() };
            rules.attribute(&evidence).basis.map(str::to_owned)
        };
        for id in ["w1", "w2"] {
            assert_eq!(basis(&rules, known.place(Some(id))).as_deref(), Some("r (workspace_name)"), "{id}");
        }
        for place in [known.place(Some("w3")), known.place(Some("w4")), known.place(None), Place::unknown(Some("w1"))] {
            assert_eq!(basis(&rules, place), None, "{place:?}");
        }
        let default = Rules::new(vec![by_name("default")]);
        assert!(basis(&default, known.place(Some("w0"))).is_some() && basis(&default, Place::unknown(None)).is_some());
        let fingerprint = |rules: &Rules| rules.fingerprint(IdHasher::new("rules")).finish();
        assert_ne!(fingerprint(&rules), fingerprint(&default));
        assert_ne!(fingerprint(&rules), fingerprint(&Rules::new(vec![Rule::new("r", Platform::ClaudeCode)])));
    }

    #[test]
    fn a_rule_on_the_default_workspace_takes_it_by_null_and_by_its_id_whichever_of_them_it_names() {
        let known = Workspaces::new(Timestamp::from_micros(1), Some("w0".into()), [].into());
        for named in [DEFAULT_WORKSPACE, "w0"] {
            let rule = Rule { workspace_id: Some(named.into()), ..Rule::new("r", Platform::ClaudeApi) };
            let rules = Rules::new(vec![rule]);
            let is_taken = |place| {
                rules.attribute(&Evidence { workspace: place, ..Evidence::default() }).platform == Platform::ClaudeApi
            };
            assert!(is_taken(known.place(None)) && is_taken(known.place(Some("w0"))), "{named}");
            assert!(!is_taken(known.place(Some("w1"))), "{named}");
        }
    }

    #[test]
    fn what_lies_in_no_workspace_is_not_in_the_default_one() {
        let by_id = Rule { workspace_id: Some(DEFAULT_WORKSPACE.into()), ..Rule::new("r", Platform::ClaudeApi) };
        let by_real_id = Rule { workspace_id: Some("w0".into()), ..by_id.clone() };
        let by_name = Rule { workspace_id: None, workspace_name: Some("Default".into()), ..by_id.clone() };
        let known = Workspaces::new(Timestamp::from_micros(1), Some("w0".into()), [].into());
        for rule in [by_id, by_real_id, by_name] {
            let rules = Rules::new(vec![rule.clone()]);
            let platform = |product, reported| {
                let evidence = Evidence { workspace: known.place(reported), product, ..Evidence::default() };
                rules.attribute_or_by_product(&evidence).platform
            };
            for product in ["chat", "cowork", "claude_in_chrome", "office_agent"] {
                assert_eq!(platform(Some(product), None), Platform::ClaudeAi, "{product}, {rule:?}");
            }
            for product in [None, Some("messages_api"), Some("claude_code"), Some("claude_dreams")] {
                for reported in [None, Some("w0")] {
                    assert_eq!(platform(product, reported), Platform::ClaudeApi, "{product:?}, {reported:?}, {rule:?}");
                }
            }
        }
    }

    #[test]
    fn without_rules_nothing_is_guessed_from_a_name() {
        let evidence = Evidence { workspace: Place::unknown(Some("Claude Code")), ..Evidence::default() };
        assert_eq!(Rules::default().attribute(&evidence).platform, Platform::Unattributed);
    }
}
