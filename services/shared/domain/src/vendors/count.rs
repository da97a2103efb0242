//! Counts that a vendor always reports.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::number::in_units;
use crate::rows::{A_COUNT, needed};

/// A whole number that is not negative, in whatever form: `7`, `7.0`, `"7"`. It is how much was used: one that is left
/// out or does not read costs the record, for it must not pass for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub i64);

/// The same beside identity and money: one that does not read is left out, and remarked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally(pub i64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole).map(Self).map_err(needed)
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole).map(Self)
    }
}

/// Reads a count.
pub(super) struct Whole;

impl Whole {
    fn of<E: Error>(digits: &str, found: Unexpected<'_>) -> Result<i64, E> {
        whole(digits).ok_or_else(|| E::invalid_value(found, &Self))
    }
}

/// The whole number that the text is; `None` where it has a fraction, is negative or does not fit.
fn whole(digits: &str) -> Option<i64> {
    let (number, parts) = (in_units(digits, 0).ok()?, in_units(digits, 18).ok()?);
    let is_whole = number.checked_mul(10_i128.pow(18)) == Some(parts);
    i64::try_from(number).ok().filter(|number| is_whole && *number >= 0)
}

impl Visitor<'_> for Whole {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(A_COUNT)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        if number >= 0 { Ok(number) } else { Err(E::invalid_value(Unexpected::Signed(number), &self)) }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        Self::of(&number.to_string(), Unexpected::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        Self::of(text.trim(), Unexpected::Str(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_whole_and_there_in_every_form_of_a_number() {
        let read = |text: &str| serde_json::from_str::<Count>(text).map(|count| count.0).ok();
        for (text, count) in [
            ("7", 7),
            ("0", 0),
            ("7.0", 7),
            ("7e2", 700),
            ("-0.0", 0),
            ("\"7\"", 7),
            ("\" 7 \"", 7),
            ("\"1.2e3\"", 1200),
            ("9007199254740993", 9_007_199_254_740_993),
            ("\"9007199254740993\"", 9_007_199_254_740_993),
        ] {
            assert_eq!(read(text), Some(count), "{text}");
            assert_eq!(serde_json::from_str::<Tally>(text).ok(), Some(Tally(count)), "{text}");
        }
        for text in [
            "null",
            "-1",
            "1.5",
            "\"\"",
            "\"many\"",
            "\"1,000\"",
            "18446744073709551615",
            "1e30",
            "0.0000001",
            "true",
            "[]",
            "{}",
        ] {
            assert_eq!(read(text), None, "{text}");
            assert!(serde_json::from_str::<Tally>(text).is_err(), "{text}");
        }
    }
}
