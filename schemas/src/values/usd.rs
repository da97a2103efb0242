//! An exact amount of dollars: NUMERIC(38, 9), never a binary float.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Dollars, held as a whole number of nano-dollars. In Avro `decimal(38, 9)` in 16 bytes;
/// as text always with nine decimals, so that equal amounts are equal texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(i128);

/// The amount has more than 29 digits before the point, or does not fit the 64 bits of a SQLite integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount out of range: {0} nano-dollars")]
pub struct UsdOverflow(pub i128);

impl Usd {
    pub const ZERO: Self = Self(0);
    pub const NANOS_PER_DOLLAR: i128 = 1_000_000_000;
    /// The largest amount that NUMERIC(38, 9) holds.
    const MAX: i128 = 10_i128.pow(38) - 1;

    pub const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }

    pub const fn nanos(self) -> i128 {
        self.0
    }

    /// Nano-dollars as a 64-bit integer, the way SQLite keeps them: up to about nine billion dollars.
    pub fn nanos_i64(self) -> Result<i64, UsdOverflow> {
        i64::try_from(self.0).map_err(|_| UsdOverflow(self.0))
    }

    pub fn checked_mul(self, count: i64) -> Result<Self, UsdOverflow> {
        self.0
            .checked_mul(count.into())
            .filter(|nanos| nanos.unsigned_abs() <= Self::MAX.unsigned_abs())
            .map(Self)
            .ok_or(UsdOverflow(self.0))
    }

    /// As people write money: at least two decimals, no more than needed. `223.33`, `-0.035`.
    pub fn short(self) -> String {
        let text = self.to_string();
        let keep = text.len() - 7;
        let (head, tail) = text.split_at(keep);
        format!("{head}{}", tail.trim_end_matches('0'))
    }

    /// Rounded half away from zero to whole cents, with thousands apart: `1,234,567.89`.
    pub fn cents_text(self) -> String {
        let cents = (self.0.unsigned_abs() + 5_000_000) / 10_000_000;
        let dollars = (cents / 100).to_string();
        let mut text = String::from(if self.0 < 0 && cents > 0 { "-" } else { "" });
        for (index, digit) in dollars.chars().enumerate() {
            if index > 0 && (dollars.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        format!("{text}.{:02}", cents % 100)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Usd {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}

impl fmt::Debug for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0.to_be_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BigEndian;

        impl Visitor<'_> for BigEndian {
            type Value = Usd;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("up to 16 bytes of a big-endian decimal")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Usd, E> {
                Usd::from_be_bytes(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
            }
        }

        deserializer.deserialize_bytes(BigEndian)
    }
}

impl Usd {
    /// Reads the two's complement bytes of an Avro decimal of scale 9; `None` when there are more than 16.
    pub fn from_be_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > 16 {
            return None;
        }
        let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        let mut full = [if negative { 0xff } else { 0 }; 16];
        full[16 - bytes.len()..].copy_from_slice(bytes);
        Some(Self(i128::from_be_bytes(full)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_is_exact_and_readable() {
        let cases = [
            (223_330_000_000, "223.330000000", "223.33", "223.33"),
            (-35_000_000, "-0.035000000", "-0.035", "-0.04"),
            (0, "0.000000000", "0.00", "0.00"),
            (1, "0.000000001", "0.000000001", "0.00"),
            (-1, "-0.000000001", "-0.000000001", "0.00"),
            (1_234_567_895_000_000, "1234567.895000000", "1234567.895", "1,234,567.90"),
            (100_000_000_000_000, "100000.000000000", "100000.00", "100,000.00"),
        ];
        for (nanos, full, short, cents) in cases {
            let amount = Usd::from_nanos(nanos);
            assert_eq!(amount.to_string(), full);
            assert_eq!(amount.short(), short);
            assert_eq!(amount.cents_text(), cents);
        }
    }

    #[test]
    fn short_big_endian_bytes_keep_their_sign() {
        assert_eq!(Usd::from_be_bytes(&[0xff]), Some(Usd::from_nanos(-1)));
        assert_eq!(Usd::from_be_bytes(&[0x01, 0x00]), Some(Usd::from_nanos(256)));
        assert_eq!(Usd::from_be_bytes(&[]), Some(Usd::ZERO));
        assert_eq!(Usd::from_be_bytes(&[0; 17]), None);
        let lowest = Usd::from_nanos(i128::MIN);
        assert_eq!(Usd::from_be_bytes(&lowest.nanos().to_be_bytes()), Some(lowest));
    }

    #[test]
    fn a_product_beyond_the_column_is_refused() {
        let price = Usd::from_nanos(40_000_000);
        assert_eq!(price.checked_mul(25).unwrap().to_string(), "1.000000000");
        assert!(Usd::from_nanos(10_i128.pow(37)).checked_mul(100).is_err());
    }
}
