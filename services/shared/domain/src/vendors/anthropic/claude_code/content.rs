//! What a record reports, in one pass and whatever the order of its fields: enough to see that it comes again.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use xxhash_rust::xxh3::xxh3_128;

/// The content of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub hash: u128,
    /// Every number in it is zero.
    pub is_zero: bool,
}

impl Content {
    /// Of a record; one that does not read is known by its text.
    pub fn of(record: &str) -> Self {
        serde_json::from_str(record).unwrap_or_else(|_| Self { hash: xxh3_128(record.as_bytes()), is_zero: false })
    }

    fn plain(kind: u8, bytes: &[u8]) -> Self {
        Self { hash: xxh3_128(&[&[kind], bytes].concat()), is_zero: true }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Content, E> {
        Ok(Content::plain(b'n', b""))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Content, E> {
        Ok(Content::plain(b'b', &[value.into()]))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Content, E> {
        Ok(Content { is_zero: number == 0, ..Content::plain(b'u', &number.to_le_bytes()) })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Content, E> {
        Ok(Content { is_zero: number == 0, ..Content::plain(b'i', &number.to_le_bytes()) })
    }

    // Only whether it is the same one; no amount is made of it.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Content, E> {
        Ok(Content { is_zero: number == 0.0, ..Content::plain(b'f', &number.to_le_bytes()) })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Content, E> {
        Ok(Content::plain(b's', text.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Content, A::Error> {
        let mut list = Content::plain(b'l', b"");
        while let Some(element) = elements.next_element::<Content>()? {
            let both = [list.hash.to_le_bytes(), element.hash.to_le_bytes()].concat();
            list = Content { hash: xxh3_128(&both), is_zero: list.is_zero && element.is_zero };
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Content, A::Error> {
        let mut object = Content::plain(b'o', b"");
        while let Some((name, value)) = fields.next_entry::<Content, Content>()? {
            let both = [name.hash.to_le_bytes(), value.hash.to_le_bytes()].concat();
            // A sum does not depend on the order.
            object.hash = object.hash.wrapping_add(xxh3_128(&both));
            object.is_zero &= value.is_zero;
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_is_no_content_and_everything_else_is() {
        let hash = |text: &str| Content::of(text).hash;
        assert_eq!(hash(r#"{"a": 1, "b": [1, {"c": null}]}"#), hash(r#"{"b":[1,{"c":null}],"a":1}"#));
        let all = [
            "1",
            "-1",
            "\"1\"",
            "1.5",
            "true",
            "null",
            "[]",
            "{}",
            "[1]",
            "[[1]]",
            "[1,1]",
            "{\"1\":1}",
            "nul",
            "1e400",
        ];
        let mut hashes: Vec<u128> = all.iter().map(|text| hash(text)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), all.len());
        assert_ne!(hash("[1,2]"), hash("[2,1]"));
    }

    #[test]
    fn zeros_are_told_from_figures_and_from_what_does_not_read() {
        for (text, is_zero) in [
            (r#"{"name": "ci", "on": false, "n": 0, "cost": [0.0, -0.0, null]}"#, true),
            (r#"{"n": 0, "cost": [0.1]}"#, false),
            (r#"{"n": -1}"#, false),
            (r#"{"n": 1e400}"#, false),
        ] {
            assert_eq!(Content::of(text).is_zero, is_zero, "{text}");
        }
    }
}
