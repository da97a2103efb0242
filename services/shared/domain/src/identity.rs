//! Identity: ids made from content, so that doing a thing again gives the same id.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// As long as the parts of most ids together.
const PARTS_BYTES: usize = 256;

/// Builds an id from parts. Each part is framed, so that no two lists of parts give the same bytes.
#[derive(Clone)]
pub struct IdHasher(Vec<u8>);

impl IdHasher {
    /// Starts an id of its own kind; ids of different kinds never meet.
    pub fn new(kind: &str) -> Self {
        Self(Vec::with_capacity(PARTS_BYTES)).part(kind)
    }

    #[must_use]
    pub fn part(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(&(bytes.len() as u64 + 1).to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// A part that may be missing, which is something else than an empty one.
    #[must_use]
    pub fn optional(mut self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.part(text),
            None => {
                self.0.extend_from_slice(&0_u64.to_le_bytes());
                self
            }
        }
    }

    #[must_use]
    pub fn number(mut self, number: i64) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// 128 bits of the hash of all parts so far, taken in one go.
    pub fn finish(&self) -> Id {
        let digest = Sha256::digest(&self.0);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Id(id)
    }
}

/// An id of 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

impl Id {
    /// 32 hexadecimal digits.
    pub fn hex(self) -> HexId {
        let mut text = [0; 32];
        hex::encode_to_slice(self.0, &mut text).expect("invariant: 16 bytes are 32 digits");
        HexId(text)
    }

    /// The first 16 hexadecimal digits, enough for ids that are counted in thousands.
    pub fn short(self) -> String {
        self.hex().as_str()[..16].to_owned()
    }
}

/// An id as text, on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexId([u8; 32]);

impl HexId {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("invariant: hexadecimal digits are UTF-8")
    }
}

/// The rows so far, to tell apart those that share all their dimensions.
#[derive(Debug, Default)]
pub struct Twins(HashMap<Id, i64>);

impl Twins {
    /// The id of the next row of these dimensions: of a twin, with its ordinal.
    pub fn next(&mut self, dimensions: IdHasher) -> Id {
        let first = dimensions.finish();
        let ordinal = self.0.entry(first).or_default();
        *ordinal += 1;
        match *ordinal {
            1 => first,
            twin => dimensions.number(twin).finish(),
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Hex SHA-256 of a page's bytes, for its manifest.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let ids = [
            IdHasher::new("k").part("ab").part("c").finish(),
            IdHasher::new("k").part("a").part("bc").finish(),
            IdHasher::new("k").part("abc").finish(),
            IdHasher::new("k").part("abc").part("").finish(),
            IdHasher::new("k").part("abc").optional(None).finish(),
            IdHasher::new("l").part("abc").finish(),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[index + 1..].contains(id), "id {index}");
        }
        assert_eq!(ids[0].hex().as_str().len(), 32);
    }

    #[test]
    fn twins_have_ids_of_their_own_which_come_again_in_the_same_order() {
        let ids = || {
            let mut twins = Twins::default();
            ["a", "a", "b", "a"].map(|dimension| twins.next(IdHasher::new("k").part(dimension)))
        };
        let [first, second, other, third] = ids();
        assert_eq!(first, IdHasher::new("k").part("a").finish());
        let distinct: std::collections::BTreeSet<Id> = [first, second, other, third].into();
        assert_eq!((distinct.len(), ids()), (4, [first, second, other, third]));
    }
}
