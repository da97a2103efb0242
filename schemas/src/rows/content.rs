//! What a row reports, as bytes to compare it by.

use crate::{Day, Timestamp, Usd};

/// A value that appends itself so that no two rows with other values append the same bytes.
pub(super) trait Content {
    fn append(&self, into: &mut Vec<u8>);
}

impl Content for str {
    /// The length comes first, so that no text can be a part of its neighbour.
    fn append(&self, into: &mut Vec<u8>) {
        (self.len() as u64).append(into);
        into.extend_from_slice(self.as_bytes());
    }
}

macro_rules! fixed {
    ($($type:ty: $bytes:expr),* $(,)?) => {
        $(impl Content for $type {
            fn append(&self, into: &mut Vec<u8>) {
                let bytes: fn(&$type) -> _ = $bytes;
                into.extend_from_slice(&bytes(self));
            }
        })*
    };
}

fixed! {
    u64: |number| number.to_be_bytes(),
    i32: |number| number.to_be_bytes(),
    i64: |number| number.to_be_bytes(),
    bool: |flag| [u8::from(*flag)],
    Day: |day| day.epoch_days().to_be_bytes(),
    Timestamp: |at| at.micros().to_be_bytes(),
    Usd: |amount| amount.nanos().to_be_bytes(),
}

impl<T: Content + ?Sized> Content for &T {
    fn append(&self, into: &mut Vec<u8>) {
        (*self).append(into);
    }
}

impl<T: Content> Content for Option<T> {
    fn append(&self, into: &mut Vec<u8>) {
        self.is_some().append(into);
        if let Some(value) = self {
            value.append(into);
        }
    }
}
