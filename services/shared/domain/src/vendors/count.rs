//! Counts that a vendor always tells.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};

/// A whole number that is not negative. One that is left out or null does not read: it must not pass for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub i64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match number {
            0.. => Ok(Self(number)),
            _ => Err(D::Error::invalid_value(Unexpected::Signed(number), &"a count")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_whole_and_there() {
        let read = |text: &str| serde_json::from_str::<Count>(text).map(|count| count.0).ok();
        assert_eq!((read("7"), read("0")), (Some(7), Some(0)));
        for text in ["null", "-1", "1.5", "\"7\"", "18446744073709551615", "true"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
