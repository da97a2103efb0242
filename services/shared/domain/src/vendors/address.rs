//! A person's e-mail address, in the one spelling that rows have.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};

use super::Text;

/// An address as a vendor wrote it, normalized, so that two spellings of one person are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address<'a>(Option<Cow<'a, str>>);

impl Address<'_> {
    /// Who it names; an empty address names nobody.
    pub fn person(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Address<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Text::deserialize(deserializer)?.into_cow() {
            Cow::Borrowed(text) => Self(normalized(text)),
            Cow::Owned(text) => Self(normalized(&text).map(|address| Cow::Owned(address.into_owned()))),
        })
    }
}

/// The address without blanks around it and in lower case; `None` where nothing is left, which names nobody.
pub(crate) fn normalized(text: &str) -> Option<Cow<'_, str>> {
    let address = text.trim_matches(is_blank);
    if address.is_empty() {
        return None;
    }
    let is_lower = !address.chars().any(char::is_uppercase);
    Some(if is_lower { Cow::Borrowed(address) } else { Cow::Owned(address.to_lowercase()) })
}

/// Blanks, and what is not seen: controls, and marks of width zero that come with copied text.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_the_same_person() {
        for spelling in [
            "ann@example.com",
            "Ann@Example.COM",
            "  ann@example.com",
            "ann@example.com\t\r\n",
            "\u{a0}ANN@example.com\u{200b}",
        ] {
            let json = serde_json::to_string(spelling).unwrap();
            let read: Address<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(read.person(), Some("ann@example.com"), "{spelling:?}");
            assert_eq!(read, serde_json::from_str(r#""ann@example.com""#).unwrap());
        }
    }

    #[test]
    fn an_empty_address_names_nobody() {
        for empty in ["", " ", "\t\n", "\u{a0}", "\u{feff}"] {
            assert_eq!(normalized(empty), None, "{empty:?}");
        }
        assert_eq!(serde_json::from_str::<Address<'_>>(r#"" ""#).unwrap().person(), None);
        assert!(serde_json::from_str::<Address<'_>>("7").is_err());
    }

    #[test]
    fn blanks_within_are_left_for_they_may_tell_two_apart() {
        assert_eq!(normalized(" ann m@example.com ").as_deref(), Some("ann m@example.com"));
    }
}
