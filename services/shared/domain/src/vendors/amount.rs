//! An amount as a vendor wrote it.

use everycent_schemas::Usd;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::money::{InvalidAmount, usd_from_cents, usd_from_number_of_dollars};

/// A JSON number, or a text that holds one. Its digits are kept as they came, and no binary float is ever made of them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub struct Amount<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Amount<'a> {
    /// The number as the vendor wrote it, without quotation marks.
    pub fn text(self) -> &'a str {
        let raw = self.0.get();
        raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(raw)
    }

    /// Of an amount in cents.
    pub fn usd_from_cents(self) -> Result<Usd, InvalidAmount> {
        usd_from_cents(self.text())
    }

    /// Of an amount in dollars.
    pub fn usd_from_dollars(self) -> Result<Usd, InvalidAmount> {
        usd_from_number_of_dollars(self.text())
    }
}

impl PartialEq for Amount<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_number_and_a_text_that_holds_one_are_the_same_amount() {
        let read = |json: &str| {
            let amount: Amount<'_> = serde_json::from_str(json).unwrap();
            (amount.text().to_owned(), amount.usd_from_cents().map(|usd| usd.to_string()).ok())
        };
        assert_eq!(read("250.5"), ("250.5".into(), Some("2.505000000".into())));
        assert_eq!(read("\"250.5\""), read("250.5"));
        assert_eq!(read("9007199254740993e-9").1.unwrap(), "90071.992547410");
        for json in ["null", "true", "\"\"", "\"12\\u0030\"", "[1]", "{\"amount\": 1}", "\"\\\"1\""] {
            assert_eq!(read(json).1, None, "{json}");
        }
    }
}
