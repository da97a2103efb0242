//! What the vendor's own product says of a platform. It speaks after every rule, and only of products that are known.

use super::products::OF_CLAUDE_AI;
use super::{Attribution, BY_PRODUCT, Evidence, Platform, Rules};

/// The platform of a product; `None` for one that is not known.
fn platform(product: &str) -> Option<Platform> {
    match product {
        "claude_code" => Some(Platform::ClaudeCode),
        "claude_console" | "managed_agents_api" | "message_batches_api" | "messages_api" => Some(Platform::ClaudeApi),
        product if OF_CLAUDE_AI.contains(&product) => Some(Platform::ClaudeAi),
        _ => None,
    }
}

impl Rules {
    /// What the first rule that matches decides; where none does, what the vendor's product says.
    pub fn attribute_or_by_product(&self, evidence: &Evidence<'_>) -> Attribution<'_> {
        let by_rule = self.attribute(evidence);
        match evidence.product.and_then(platform).filter(|_| by_rule.basis.is_none()) {
            Some(platform) => Attribution { platform, basis: Some(BY_PRODUCT), rank: None },
            None => by_rule,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::products::KNOWN;
    use super::*;
    use crate::attribution::Rule;

    fn of(rules: &Rules, product: Option<&str>) -> (&'static str, Option<String>, Option<i64>) {
        let evidence = Evidence { product, ..Evidence::default() };
        let Attribution { platform, basis, rank } = rules.attribute_or_by_product(&evidence);
        (platform.name(), basis.map(str::to_owned), rank)
    }

    #[test]
    fn a_known_product_speaks_for_itself_and_an_unknown_one_for_nothing() {
        let rules = Rules::default();
        let by_product = |name| (name, Some("product".to_owned()), None);
        for product in ["chat", "chat_cowork_unified", "cowork", "claude_design", "claude_in_chrome", "claude_tag"] {
            assert_eq!(of(&rules, Some(product)), by_product("claude.ai"), "{product}");
        }
        assert_eq!(of(&rules, Some("office_agent")), by_product("claude.ai"));
        assert_eq!(of(&rules, Some("claude_code")), by_product("claude_code"));
        for product in ["claude_console", "managed_agents_api", "message_batches_api", "messages_api"] {
            assert_eq!(of(&rules, Some(product)), by_product("claude_api"), "{product}");
        }
        assert!(KNOWN.iter().all(|product| platform(product).is_some()));
        for product in [Some("claude_dreams"), Some("Claude_Code"), None] {
            assert_eq!(of(&rules, product), ("unattributed", None, None), "{product:?}");
        }
    }

    #[test]
    fn a_rule_is_heard_before_the_product() {
        let rules = Rules::new(vec![
            Rule { product: Some("chat".into()), ..Rule::new("chat-is-api", Platform::ClaudeApi) },
            Rule { product: Some("cowork".into()), ..Rule::new("nobody-knows", Platform::Unattributed) },
        ]);
        assert_eq!(of(&rules, Some("chat")), ("claude_api", Some("chat-is-api".into()), Some(1)));
        assert_eq!(of(&rules, Some("cowork")), ("unattributed", Some("nobody-knows".into()), Some(2)));
        assert_eq!(of(&rules, Some("claude_code")), ("claude_code", Some("product".into()), None));
    }
}
