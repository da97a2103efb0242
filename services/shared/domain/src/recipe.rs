//! The recipe of rows: rules, prices and the normalizer itself.

use crate::attribution::Rules;
use crate::identity::IdHasher;
use crate::prices::CursorPrices;

/// Raised whenever the normalizer would make other rows from the same pages, or put them into the files in another order.
/// `tests/pipeline/tests/golden_rows.rs` fails until it is.
pub const NORMALIZER_VERSION: i64 = 2;

/// All that decides what rows a page gives, besides the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    pub rules: Rules,
    pub cursor_prices: CursorPrices,
}

impl Recipe {
    /// Equal recipes have equal fingerprints.
    pub fn fingerprint(&self) -> String {
        let hasher = IdHasher::new("recipe").number(NORMALIZER_VERSION);
        self.cursor_prices.fingerprint(self.rules.fingerprint(hasher)).finish().short()
    }
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
    }
}
