//! Instants as Cursor tells them: milliseconds since 1970, as a number in one report and as text in another.

use std::fmt;

use crate::rows::needed;
use everycent_schemas::{Day, Timestamp};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millis(pub i64);

impl Millis {
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(1000))
    }
}

/// It says which day something is of, so it can't be left empty.
impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = Millis;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("milliseconds since 1970")
            }

            fn visit_i64<E: Error>(self, millis: i64) -> Result<Millis, E> {
                Ok(Millis(millis))
            }

            fn visit_u64<E: Error>(self, millis: u64) -> Result<Millis, E> {
                i64::try_from(millis).map(Millis).map_err(|_| E::invalid_value(Unexpected::Unsigned(millis), &self))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Millis, E> {
                text.parse().map(Millis).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(NumberOrText).map_err(needed)
    }
}

/// An instant beside identity and money, in any form in which the vendor writes one: text, a day, or milliseconds or
/// seconds since 1970. Zero is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

/// Numbers up to this are seconds: as milliseconds they would lie before Cursor.
const SECONDS_MAX: i64 = 100_000_000_000;

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyForm;

        impl Visitor<'_> for AnyForm {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Moment, E> {
                match number {
                    ..=0 => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                    1..=SECONDS_MAX => Ok(Moment(Millis(number * 1000).timestamp())),
                    _ => Ok(Moment(Millis(number).timestamp())),
                }
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Moment, E> {
                let too_large = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
                i64::try_from(number).map_err(too_large).and_then(|number| self.visit_i64(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                if let Ok(number) = text.parse() {
                    return self.visit_i64(number);
                }
                let day = || text.parse::<Day>().map(Day::start).ok();
                let instant = text.parse().ok().or_else(day);
                instant.map(Moment).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(AnyForm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_may_be_text_or_a_number() {
        let read = |json: &str| serde_json::from_str::<Millis>(json).ok().map(|millis| millis.timestamp().to_string());
        for json in ["\"1750979225854\"", "1750979225854"] {
            assert_eq!(read(json).as_deref(), Some("2025-06-26T23:07:05.854000Z"), "{json}");
        }
        for json in ["\"\"", "\"2025-06-26\"", "\"1750979225854.5\"", "1.5", "null", "18446744073709551615"] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn a_moment_may_be_text_of_either_kind_or_a_number() {
        let read = |json: &str| serde_json::from_str::<Moment>(json).ok().map(|Moment(at)| at.to_string());
        for json in
            ["\"1750979225854\"", "1750979225854", "\"2025-06-26T23:07:05.854Z\"", "\"2025-06-27T01:07:05.854+02:00\""]
        {
            assert_eq!(read(json).as_deref(), Some("2025-06-26T23:07:05.854000Z"), "{json}");
        }
        assert_eq!(read("1750979225").as_deref(), Some("2025-06-26T23:07:05.000000Z"), "seconds");
        assert_eq!(read("\"2025-06-26\"").as_deref(), Some("2025-06-26T00:00:00.000000Z"), "a day");
        for json in ["null", "\"soon\"", "true", "{}", "1.5", "0", "\"0\"", "-1", "\"\""] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
