//! Counts as Cursor reports them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// A count. An inactive user's may be null or left out, which is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count(i64);

impl Count {
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;

        impl Visitor<'_> for Whole {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
                match number {
                    0.. => Ok(Count(number)),
                    _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
                i64::try_from(number).map(Count).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_unit<E: Error>(self) -> Result<Count, E> {
                Ok(Count(0))
            }
        }

        deserializer.deserialize_any(Whole)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_count_is_whole_or_none() {
        let read = |text: &str| serde_json::from_str::<Count>(text).map(|count| count.0).ok();
        let cases = [
            ("7", Some(7)),
            ("null", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("\"7\"", None),
            ("18446744073709551615", None),
        ];
        for (text, count) in cases {
            assert_eq!(read(text), count, "{text}");
        }
    }
}
