//! Room for what is as large as a page and gone soon.
//!
//! The system gives room beyond 32 MiB bit by bit, as it is filled, and has it back at once when it is dropped. Smaller
//! room stays with the heap of the thread that dropped it, up to twice the largest that any thread ever dropped; with
//! pages of some megabytes on a dozen threads, that grew to several times what was ever in use.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// Bytes of such room. Only what is filled counts.
pub const ROOM_BYTES: usize = 33 << 20;

/// Less than this is well kept on the heap.
pub const SMALL_BYTES: usize = 64 << 10;

/// An empty list in room of its own.
pub fn list<T>() -> Vec<T> {
    Vec::with_capacity(ROOM_BYTES / size_of::<T>().max(1))
}

/// What turned out small does not keep such room.
pub fn settle(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() < SMALL_BYTES { bytes.as_slice().to_vec() } else { bytes }
}

/// Reads a list into room of its own; for `#[serde(deserialize_with)]`.
pub fn read_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct List<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
            let mut list = list();
            while let Some(element) = elements.next_element()? {
                list.push(element);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(List(PhantomData))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_what_is_large_keeps_its_room() {
        for (length, keeps) in [(0, false), (SMALL_BYTES - 1, false), (SMALL_BYTES, true)] {
            let mut bytes = list();
            bytes.resize(length, 7_u8);
            let settled = settle(bytes.clone());
            assert_eq!(settled, bytes);
            assert_eq!(settle(bytes).capacity() == ROOM_BYTES, keeps, "{length} bytes");
        }
    }

    #[test]
    fn a_list_reads_as_ever_and_what_is_none_is_refused() {
        let read = |json: &str| read_list::<_, u8>(&mut serde_json::Deserializer::from_str(json));
        assert_eq!(read("[1, 2, 3]").unwrap(), [1, 2, 3]);
        assert_eq!(read("[]").unwrap(), Vec::<u8>::new());
        for json in ["{}", "null", "[1, -2]", "[1"] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
