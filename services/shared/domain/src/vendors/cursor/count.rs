//! Counts as Cursor reports them.

use serde::Deserialize;
use serde::de::Deserializer;

use crate::vendors::Tally;

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
        let count: Option<Tally> = Option::deserialize(deserializer)?;
        Ok(Self(count.map_or(0, |count| count.0)))
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
            ("\"7\"", Some(7)),
            ("7.0", Some(7)),
            ("\"many\"", None),
            ("18446744073709551615", None),
        ];
        for (text, count) in cases {
            assert_eq!(read(text), count, "{text}");
        }
    }
}
