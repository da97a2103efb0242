//! Text borrowed from a page where it can be.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A string of a page: a slice of it, or a copy where the page escapes characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    pub(super) fn into_cow(self) -> Cow<'a, str> {
        self.0
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

/// A name of something, which a vendor may one day write as a number: its digits are the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label<'a>(Text<'a>);

impl Deref for Label<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// True or false, in whatever form: `true`, `1`, `"true"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;

        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrowing)
    }
}
impl<'de: 'a, 'a> Deserialize<'de> for Label<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl<'de> Visitor<'de> for TextOrNumber {
            type Value = Label<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Label<'de>, E> {
                Ok(Label(text.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Label<'de>, E> {
                Ok(Label(text.to_owned().into()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Label<'de>, E> {
                Ok(Label(number.to_string().into()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Label<'de>, E> {
                Ok(Label(number.to_string().into()))
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TrueOrFalse;

        impl Visitor<'_> for TrueOrFalse {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
                match number {
                    0 | 1 => Ok(Flag(number == 1)),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
                match text.trim().to_ascii_lowercase().as_str() {
                    "true" | "1" => Ok(Flag(true)),
                    "false" | "0" => Ok(Flag(false)),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(TrueOrFalse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_name_by_its_digits_and_nothing_else_is() {
        let read = |json: &'static str| serde_json::from_str::<Label<'_>>(json).map(|label| label.to_string()).ok();
        for (json, name) in [("\"a\"", "a"), ("\"\\u0061\"", "a"), ("12", "12"), ("-7", "-7")] {
            assert_eq!(read(json).as_deref(), Some(name), "{json}");
        }
        for json in ["null", "true", "[]", "{}", "1.5"] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn a_flag_is_true_or_false_in_every_form() {
        let read = |json: &str| serde_json::from_str::<Flag>(json).map(|flag| flag.0).ok();
        for json in ["true", "1", "\"true\"", "\" TRUE \"", "\"1\""] {
            assert_eq!(read(json), Some(true), "{json}");
        }
        for json in ["false", "0", "\"False\""] {
            assert_eq!(read(json), Some(false), "{json}");
        }
        for json in ["null", "2", "-1", "\"\"", "\"yes\"", "{}"] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
