//! Money: from the vendors' texts to exact dollars.

use std::str::FromStr;

use everycent_schemas::Usd;
use rust_decimal::Decimal;

use crate::number::{InvalidNumber, in_units};

/// The text is no decimal number, or not one that the column holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    #[error("`{0}` is not a decimal number")]
    NotDecimal(String),
    #[error("`{0}` has more digits than can be kept exactly")]
    TooPrecise(String),
    #[error("`{0}` is more money than one row can hold")]
    OutOfRange(String),
}

/// Whether every warehouse can hold the amount: up to about nine billion dollars in a row.
pub fn is_storable(amount: Usd) -> bool {
    amount.nanos_i64().is_ok()
}

/// Dollars from a decimal text in cents, as Anthropic and Cursor tell amounts: `"123.45"` is $1.2345.
///
/// Up to seven decimals of a cent are kept exactly; more are refused, for a rounded amount would no longer add up.
pub fn usd_from_cents(text: &str) -> Result<Usd, InvalidAmount> {
    scaled(text, 7)
}

/// Dollars from a decimal text in dollars, as people write them: `"0.04"`.
pub fn usd_from_dollars(text: &str) -> Result<Usd, InvalidAmount> {
    scaled(text, 9)
}

/// Dollars from a JSON number of cents, as Cursor tells amounts: `20.18232`.
///
/// The vendor reckons such a number in binary and prints what comes out, the noise of its last digits included:
/// `30.000000000000004`. It is kept to the nano-dollar, and what lies beyond is rounded off.
pub fn usd_from_number_of_cents(number: &str) -> Result<Usd, InvalidAmount> {
    rounded(number, 7)
}

/// Dollars from a JSON number of dollars, in the same way.
pub fn usd_from_number_of_dollars(number: &str) -> Result<Usd, InvalidAmount> {
    rounded(number, 9)
}

fn rounded(number: &str, decimals: i32) -> Result<Usd, InvalidAmount> {
    let amount = in_units(number, decimals).map(Usd::from_nanos).map_err(|error| match error {
        InvalidNumber::NotDecimal => InvalidAmount::NotDecimal(number.to_owned()),
        InvalidNumber::TooLong => InvalidAmount::OutOfRange(number.to_owned()),
    })?;
    if is_storable(amount) { Ok(amount) } else { Err(InvalidAmount::OutOfRange(number.to_owned())) }
}

/// The number times ten to this power, if that is whole.
fn scaled(text: &str, decimals: u32) -> Result<Usd, InvalidAmount> {
    let number = decimal(text)?.normalize();
    let too_precise = || InvalidAmount::TooPrecise(text.to_owned());
    let missing = decimals.checked_sub(number.scale()).ok_or_else(too_precise)?;
    let amount = number.mantissa().checked_mul(10_i128.pow(missing)).map(Usd::from_nanos);
    amount.filter(|amount| is_storable(*amount)).ok_or_else(|| InvalidAmount::OutOfRange(text.to_owned()))
}

fn decimal(text: &str) -> Result<Decimal, InvalidAmount> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !plain || digits == 0 {
        return Err(InvalidAmount::NotDecimal(text.to_owned()));
    }
    if digits > 28 {
        return Err(InvalidAmount::TooPrecise(text.to_owned()));
    }
    Decimal::from_str(text).map_err(|_| InvalidAmount::NotDecimal(text.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cents_become_dollars_exactly() {
        let cases = [
            ("123.45", "1.234500000"),
            ("3.73", "0.037300000"),
            ("123.78912", "1.237891200"),
            ("22333", "223.330000000"),
            ("-0.0000001", "-0.000000001"),
            ("0", "0.000000000"),
            ("41280.000000", "412.800000000"),
            ("0.50000000000", "0.005000000"),
        ];
        for (cents, dollars) in cases {
            assert_eq!(usd_from_cents(cents).unwrap().to_string(), dollars, "{cents} cents");
        }
        assert_eq!(usd_from_dollars("0.04").unwrap().to_string(), "0.040000000");
    }

    #[test]
    fn a_number_of_cents_is_kept_to_the_nano_dollar() {
        let cases = [
            ("20.18232", "0.201823200"),
            ("2450.125487", "24.501254870"),
            ("21.362320000000004", "0.213623200"),
            ("5e-7", "0.000000005"),
            ("-8", "-0.080000000"),
        ];
        for (cents, dollars) in cases {
            assert_eq!(usd_from_number_of_cents(cents).unwrap().to_string(), dollars, "{cents} cents");
        }
        assert_eq!(usd_from_number_of_dollars("199.5").unwrap().to_string(), "199.500000000");
        assert_eq!(usd_from_number_of_cents("\"8\""), Err(InvalidAmount::NotDecimal("\"8\"".to_owned())));
        for huge in ["1000000000000", "1e30"] {
            assert_eq!(usd_from_number_of_cents(huge), Err(InvalidAmount::OutOfRange(huge.to_owned())));
        }
    }

    #[test]
    fn what_is_not_an_exact_amount_is_refused() {
        for text in ["", "-", ".", "abc", "1e3", "1,000", "$5", " 5", "NaN", "1_000", "+5", "--5"] {
            assert_eq!(usd_from_cents(text), Err(InvalidAmount::NotDecimal(text.to_owned())));
        }
        let huge = "1000000000000";
        assert_eq!(usd_from_cents(huge), Err(InvalidAmount::OutOfRange(huge.to_owned())));
        for text in ["0.00000001", "99999999999999999999999999999"] {
            assert_eq!(usd_from_cents(text), Err(InvalidAmount::TooPrecise(text.to_owned())));
        }
    }
}
