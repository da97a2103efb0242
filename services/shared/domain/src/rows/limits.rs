//! How much one day of one account may hold in one report. What is beyond is a mistake of the vendor or of the reader,
//! and as a row it would spoil every sum that it is part of.
//!
//! A warehouse adds up in 64 bits: SQLite ends a sum beyond them with `integer overflow`, and with it the whole query. So
//! the limits are not what a column holds. A billion dollars is more than either vendor bills all of its customers
//! together for a day, and nine such days still add up. With 10^15 counts (tokens, lines, millionths of request units)
//! 9,200 days add up, and the products of the views that share costs out stay within 64 bits. BigQuery has room for more
//! money; the limits are the same, so that both hold the same rows.

use std::borrow::Cow;
use std::fmt;

use everycent_schemas::rows::Magnitude;
use everycent_schemas::{AccountId, Day, Usd};

/// The money of a day, all money columns added up without their signs.
pub const DAY_MONEY_MAX: Usd = Usd::from_nanos(1_000_000_000 * Usd::NANOS_PER_DOLLAR);

/// The counts of a day, all integer columns added up without their signs.
pub const DAY_COUNT_MAX: i64 = 1_000_000_000_000_000;

/// How many bytes a row may hold, all its texts together. A vendor's name or model has some dozens; megabytes of one would
/// go into every view and table of a person, and a warehouse may refuse the whole file for one of a hundred.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// How much is kept of a reason, which may quote a value of any length.
pub const REASON_CHARS_MAX: usize = 500;

/// As much of a reason as is kept.
pub(super) fn shortened(reason: &str) -> Cow<'_, str> {
    beginning(reason, REASON_CHARS_MAX)
}

/// The beginning of a text, which ends in dots if it is not all.
pub fn beginning(text: &str, chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
    }
}

/// A record that a day can't hold beside the others. It becomes a reject, and the others rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutOfRange {
    #[error(
        "out of range: with it, {source_name} of account `{account_id}` on {day} holds more than {limit}, which no real day \
         does"
    )]
    Day { source_name: String, account_id: AccountId, day: Day, limit: Limit },
    #[error("out of range: it has texts of {bytes} bytes, and a row holds no more than {ROW_BYTES_MAX}")]
    Row { bytes: usize },
}

/// What is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Money,
    Count,
}

impl Limit {
    /// The limit that these sums of a day exceed.
    pub fn exceeded_by(day: Magnitude) -> Option<Self> {
        if day.nanos > DAY_MONEY_MAX.nanos().unsigned_abs() {
            Some(Self::Money)
        } else if day.count > u128::from(DAY_COUNT_MAX.unsigned_abs()) {
            Some(Self::Count)
        } else {
            None
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money => write!(f, "{} USD", DAY_MONEY_MAX.cents_text()),
            Self::Count => write!(f, "{DAY_COUNT_MAX} tokens, lines or requests"),
        }
    }
}

impl From<OutOfRange> for String {
    fn from(error: OutOfRange) -> Self {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_may_reach_the_limit_and_not_exceed_it() {
        let money = |nanos| Limit::exceeded_by(Magnitude { nanos, count: 0 });
        let count = |count| Limit::exceeded_by(Magnitude { nanos: 0, count });
        assert_eq!((money(1_000_000_000_000_000_000), money(1_000_000_000_000_000_001)), (None, Some(Limit::Money)));
        assert_eq!((count(1_000_000_000_000_000), count(1_000_000_000_000_001)), (None, Some(Limit::Count)));
    }

    #[test]
    fn days_at_the_limit_still_add_up_in_64_bits() {
        assert!(DAY_MONEY_MAX.nanos() * 9 < i64::MAX.into());
        assert!(i128::from(DAY_COUNT_MAX) * 9_000 < i64::MAX.into());
    }
    #[test]
    fn a_long_reason_is_cut_between_two_characters() {
        let (longest, longer) = ("é".repeat(REASON_CHARS_MAX), "é".repeat(REASON_CHARS_MAX + 1));
        assert_eq!((shortened(&longest), shortened("")), (longest.as_str().into(), "".into()));
        assert_eq!(shortened(&longer), format!("{longest}..."));
    }
}
