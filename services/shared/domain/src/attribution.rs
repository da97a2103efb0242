//! Attribution: which platform a cost belongs to, by rules and evidence, never by a guess.

pub mod aim;
mod product;
pub mod trial;

use everycent_schemas::AccountId;
use strum::VariantArray;

use crate::identity::IdHasher;

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
    /// `None` is the default workspace.
    pub workspace_id: Option<&'a str>,
    pub api_key_id: Option<&'a str>,
    pub description: Option<&'a str>,
    pub model: Option<&'a str>,
    pub product: Option<&'a str>,
    pub service_tier: Option<&'a str>,
    pub cost_type: Option<&'a str>,
}

impl<'a> Evidence<'a> {
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
    /// A workspace's id, or `default` for the default workspace.
    pub workspace_id: Option<String>,
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
            api_key_id: None,
            description_contains: None,
            model_prefix: None,
            product: None,
            service_tier: None,
            cost_type: None,
        }
    }

    fn matches(&self, evidence: &Evidence<'_>) -> bool {
        let workspace = evidence.workspace_id.unwrap_or(DEFAULT_WORKSPACE);
        is(&self.account, evidence.account)
            && is(&self.workspace_id, Some(workspace))
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

fn holds(wanted: &Option<String>, found: Option<&str>, test: impl Fn(&str, &str) -> bool) -> bool {
    wanted.as_deref().is_none_or(|wanted| found.is_some_and(|found| test(found, wanted)))
}

fn contains_in_any_case(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// What rules say of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribution<'r> {
    pub platform: Platform,
    /// Id of the rule that decided it.
    pub basis: Option<&'r str>,
    /// Place of that rule, from 1.
    pub rank: Option<i64>,
}

/// An ordered list of rules; the first that matches decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the first rule that matches decides.
    pub fn attribute(&self, evidence: &Evidence<'_>) -> Attribution<'_> {
        match self.0.iter().zip(1..).find(|(rule, _)| rule.matches(evidence)) {
            Some((rule, rank)) => Attribution { platform: rule.platform, basis: Some(&rule.id), rank: Some(rank) },
            None => Attribution { platform: Platform::Unattributed, basis: None, rank: None },
        }
    }

    /// Adds every rule to a fingerprint.
    pub(crate) fn fingerprint(&self, hasher: IdHasher) -> IdHasher {
        self.0.iter().fold(hasher.number(self.0.len() as i64), |hasher, rule| {
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
            // Rules without it are those that they were before there was such a condition.
            rule.account.as_deref().map_or(hasher.clone(), |account| hasher.part("account").part(account))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let evidence = Evidence { workspace_id, description, cost_type, ..Evidence::default() };
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
    fn without_rules_nothing_is_guessed_from_a_name() {
        let evidence = Evidence { workspace_id: Some("Claude Code"), ..Evidence::default() };
        assert_eq!(Rules::default().attribute(&evidence).platform, Platform::Unattributed);
    }
}
