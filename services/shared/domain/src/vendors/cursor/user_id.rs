//! The vendor's ids of users: a number in one report, text in others.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::vendors::Text;

/// The vendor's id of a user: a number in this report, text in others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserId<'a> {
    Number(i64),
    Text(Text<'a>),
}

impl UserId<'_> {
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

impl fmt::Display for UserId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for UserId<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl<'de> Visitor<'de> for NumberOrText {
            type Value = UserId<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a user's id")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<UserId<'de>, E> {
                Ok(UserId::Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<UserId<'de>, E> {
                i64::try_from(number).map(UserId::Number).map_err(E::custom)
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<UserId<'de>, E> {
                Ok(UserId::Text(Text::from(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<UserId<'de>, E> {
                Ok(UserId::Text(Text::from(text.to_owned())))
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_user_id_may_be_a_number_or_text() {
        let read = |text: &'static str| serde_json::from_str::<UserId<'_>>(text).unwrap().to_string();
        assert_eq!(read("12345"), "12345");
        assert_eq!(read("\"user_Ab\""), "user_Ab");
    }
}
