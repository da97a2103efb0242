//! Money: from the vendors' texts to exact dollars.

use std::str::FromStr;

use everycent_schemas::Usd;
use rust_decimal::Decimal;

use crate::number::{InvalidNumber, in_units};

/// Characters of a text that an error repeats.
const QUOTED: usize = 40;

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

/// Dollars from a number of cents, as the vendors report amounts: `123.45` is $1.2345.
///
/// It is kept to the nano-dollar, and what lies beyond is rounded, a half to the even one: a discount has more digits
/// than any column, and a number that was reckoned in binary prints the noise of its last digits, `30.000000000000004`.
pub fn usd_from_cents(number: &str) -> Result<Usd, InvalidAmount> {
    rounded(number, 7)
}

/// Dollars from a number of dollars, in the same way.
pub fn usd_from_number_of_dollars(number: &str) -> Result<Usd, InvalidAmount> {
    rounded(number, 9)
}

/// Dollars from a decimal text in dollars, as people write them: `"0.04"`. What can't be kept exactly is refused.
pub fn usd_from_dollars(text: &str) -> Result<Usd, InvalidAmount> {
    scaled(text, 9)
}

fn rounded(number: &str, decimals: i32) -> Result<Usd, InvalidAmount> {
    let amount = in_units(number, decimals).map(Usd::from_nanos).map_err(|error| match error {
        InvalidNumber::NotDecimal => InvalidAmount::NotDecimal(quoted(number)),
        InvalidNumber::TooLong => InvalidAmount::OutOfRange(quoted(number)),
    })?;
    if is_storable(amount) { Ok(amount) } else { Err(InvalidAmount::OutOfRange(quoted(number))) }
}

/// A text that is no amount, as an error repeats it: shortly, and no address of a person.
fn quoted(text: &str) -> String {
    if text.contains('@') {
        return "...".to_owned();
    }
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
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
    fn cents_become_dollars() {
        let cases = [
            ("123.45", "1.234500000"),
            ("3.73", "0.037300000"),
            ("123.78912", "1.237891200"),
            ("22333", "223.330000000"),
            ("-0.0000001", "-0.000000001"),
            ("0", "0.000000000"),
            ("41280.000000", "412.800000000"),
            ("0.50000000000", "0.005000000"),
            ("20.18232", "0.201823200"),
            ("2450.125487", "24.501254870"),
            ("-8", "-0.080000000"),
        ];
        for (cents, dollars) in cases {
            assert_eq!(usd_from_cents(cents).unwrap().to_string(), dollars, "{cents} cents");
        }
        assert_eq!(usd_from_number_of_dollars("199.5").unwrap().to_string(), "199.500000000");
        assert_eq!(usd_from_dollars("0.04").unwrap().to_string(), "0.040000000");
    }

    #[test]
    fn digits_beyond_the_nano_dollar_are_rounded_a_half_to_the_even_one() {
        let cases = [
            ("21.362320000000004", "0.213623200"),
            ("3187.50031875", "31.875003188"),
            ("0.00000005", "0.000000000"),
            ("0.00000015", "0.000000002"),
            ("0.00000025", "0.000000002"),
            ("-0.00000015", "-0.000000002"),
            ("0.000000250000001", "0.000000003"),
        ];
        for (cents, dollars) in cases {
            assert_eq!(usd_from_cents(cents).unwrap().to_string(), dollars, "{cents} cents");
        }
    }

    #[test]
    fn every_form_that_a_decimal_library_prints_is_read() {
        let cases = [
            ("0E-8", "0.000000000"),
            ("5.5E-7", "0.000000006"),
            ("5e-7", "0.000000005"),
            ("1e2", "1.000000000"),
            ("1.0E+2", "1.000000000"),
            ("+1.5", "0.015000000"),
            ("-0", "0.000000000"),
            (".5", "0.005000000"),
            ("5.", "0.050000000"),
            ("007", "0.070000000"),
        ];
        for (cents, dollars) in cases {
            assert_eq!(usd_from_cents(cents).unwrap().to_string(), dollars, "{cents} cents");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-", ".", "abc", "1,000", "1.000,5", "$5", " 5", "NaN", "Infinity", "1_000", "--5", "\"8\""] {
            assert_eq!(usd_from_cents(text), Err(InvalidAmount::NotDecimal(text.to_owned())));
        }
        for huge in ["1000000000000", "1e30"] {
            assert_eq!(usd_from_cents(huge), Err(InvalidAmount::OutOfRange(huge.to_owned())));
        }
        for text in ["+5", "1e3"] {
            assert_eq!(usd_from_dollars(text), Err(InvalidAmount::NotDecimal(text.to_owned())));
        }
        for text in ["0.0000000001", "99999999999999999999999999999"] {
            assert_eq!(usd_from_dollars(text), Err(InvalidAmount::TooPrecise(text.to_owned())));
        }
    }

    #[test]
    fn an_error_repeats_little_and_no_address() {
        let message = |text: &str| usd_from_cents(text).unwrap_err().to_string();
        assert_eq!(message("ada@example.com"), "`...` is not a decimal number");
        assert_eq!(message(&"x".repeat(60)), format!("`{}...` is not a decimal number", "x".repeat(40)));
    }
}
