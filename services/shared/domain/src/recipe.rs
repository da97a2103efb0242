//! The recipe of rows: rules, prices and the normalizer itself.

use crate::attribution::Rules;
use crate::identity::IdHasher;
use crate::prices::CursorPrices;

/// Raised whenever the normalizer would make other rows from the same pages, or put them into the files in another order.
/// `tests/pipeline/tests/golden_rows.rs` fails until it is.
pub const NORMALIZER_VERSION: i64 = 5;

/// All that decides what rows a page gives, besides the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    pub rules: Rules,
    pub cursor_prices: CursorPrices,
}

impl Recipe {
    /// Equal recipes have equal fingerprints.
    pub fn fingerprint(&self) -> String {
        self.cursor_prices.fingerprint(self.rules.fingerprint(versioned())).finish().short()
    }

    /// That of rows which attribution rules decide, and no price.
    pub fn fingerprint_of_rules(&self) -> String {
        self.rules.fingerprint(versioned().part("rules")).finish().short()
    }

    /// That of rows which plans and prices decide, and no rule.
    pub fn fingerprint_of_prices(&self) -> String {
        self.cursor_prices.fingerprint(versioned().part("prices")).finish().short()
    }

    /// That of rows which no rule and no price decides.
    pub fn fingerprint_of_nothing_else() -> String {
        versioned().finish().short()
    }
}

fn versioned() -> IdHasher {
    IdHasher::new("recipe").number(NORMALIZER_VERSION)
}

impl Default for Recipe {
    fn default() -> Self {
        Self { rules: Rules::default(), cursor_prices: CursorPrices::public() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::{Platform, Rule};

    #[test]
    fn another_rule_is_another_recipe() {
        let rule = Rule::new("r", Platform::ClaudeApi);
        let changed = Recipe { rules: Rules::new(vec![rule]), ..Recipe::default() };
        assert_ne!(changed.fingerprint(), Recipe::default().fingerprint());
        assert_eq!(Recipe::default().fingerprint(), Recipe::default().fingerprint());
        assert_ne!(changed.fingerprint_of_rules(), Recipe::default().fingerprint_of_rules());
        assert_eq!(changed.fingerprint_of_prices(), Recipe::default().fingerprint_of_prices());
        let all = [
            changed.fingerprint(),
            changed.fingerprint_of_rules(),
            changed.fingerprint_of_prices(),
            Recipe::fingerprint_of_nothing_else(),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
    }
}
