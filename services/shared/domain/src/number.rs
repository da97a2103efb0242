//! JSON numbers with a fraction, as a whole number of small units.
//!
//! Read digit by digit: no binary float is ever made of one.

/// Digits that a number of units may have.
const MAX_DIGITS: usize = 38;
/// Longer than any number that a decimal library prints; what is longer is refused unread.
const MAX_LENGTH: usize = 1_000;

/// Why a text can't be kept as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    #[error("it is not a decimal number")]
    NotDecimal,
    #[error("it has more digits than can be kept")]
    TooLong,
}

/// The number in units of ten to the minus `decimals`, rounded to the nearest one, a half to the even one.
///
/// The text is what JSON or a decimal library prints: with an exponent or without, with either sign, with digits on one
/// side of the point at least. It may have more digits than are kept; digits in groups are refused.
pub fn in_units(text: &str, decimals: i32) -> Result<i128, InvalidNumber> {
    if text.len() > MAX_LENGTH {
        return Err(InvalidNumber::TooLong);
    }
    let (text, sign) = match text.as_bytes().first() {
        Some(b'-') => (&text[1..], -1),
        Some(b'+') => (&text[1..], 1),
        _ => (text, 1),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(InvalidNumber::NotDecimal);
    }
    let places = i32::try_from(fraction.len()).expect("invariant: a text has a longest length");
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    Ok(sign * shifted(&digits[leading..], decimals + exponent - places)?)
}

fn exponent_of(text: &str) -> Result<i32, InvalidNumber> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    match digits.bytes().all(|digit| digit.is_ascii_digit()) && (1..=4).contains(&digits.len()) {
        true => text.parse().map_err(|_| InvalidNumber::NotDecimal),
        false => Err(InvalidNumber::NotDecimal),
    }
}

/// The number of these digits, which begin with none that is zero, times ten to this power, rounded to a whole one.
fn shifted(digits: &[u8], power: i32) -> Result<i128, InvalidNumber> {
    let places = power.unsigned_abs() as usize;
    if digits.is_empty() {
        return Ok(0);
    }
    if power >= 0 {
        if digits.len() + places > MAX_DIGITS {
            return Err(InvalidNumber::TooLong);
        }
        return Ok(number(digits) * 10_i128.pow(power.unsigned_abs()));
    }
    // What begins further behind the point than the first place is less than a half.
    let Some(kept) = digits.len().checked_sub(places) else { return Ok(0) };
    if kept > MAX_DIGITS {
        return Err(InvalidNumber::TooLong);
    }
    let (kept, rest) = digits.split_at(kept);
    let number = number(kept);
    let is_up = match (rest[0], rest[1..].iter().any(|digit| *digit != b'0')) {
        (b'5', false) => number % 2 == 1,
        (first, _) => first >= b'5',
    };
    Ok(number + i128::from(is_up))
}

fn number(digits: &[u8]) -> i128 {
    digits.iter().fold(0, |number, digit| number * 10 + i128::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_whole_number_of_units() {
        let cases = [
            ("20.18232", 7, 201_823_200),
            ("8", 7, 80_000_000),
            ("-0.5", 6, -500_000),
            ("0", 7, 0),
            ("-0.0", 7, 0),
            ("1.4", 6, 1_400_000),
            ("5e-7", 7, 5),
            ("1.25E+3", 0, 1250),
            ("0e9999", 7, 0),
            ("0E-8", 7, 0),
            ("5.5E-7", 9, 550),
            ("+1.5", 7, 15_000_000),
            (".5", 7, 5_000_000),
            ("-.5", 7, -5_000_000),
            ("5.", 7, 50_000_000),
            ("1e2", 7, 1_000_000_000),
            ("0000000000000000000000000000000000000000000007", 0, 7),
        ];
        for (text, decimals, units) in cases {
            assert_eq!(in_units(text, decimals), Ok(units), "{text}");
        }
    }

    #[test]
    fn what_lies_beyond_the_unit_is_rounded_to_the_nearest_one_and_a_half_to_the_even_one() {
        let cases = [
            ("30.000000000000004", 300_000_000),
            ("0.30000000000000004", 3_000_000),
            ("29.999999999999996", 300_000_000),
            ("0.00000005", 0),
            ("0.00000015", 2),
            ("0.00000025", 2),
            ("0.000000250000000000000000000000000000000000000000001", 3),
            ("0.000000049999", 0),
            ("0.00000005000001", 1),
            ("-0.00000005", 0),
            ("-0.00000015", -2),
            ("44.625003188", 446_250_032),
            ("0.3333333333333333333333333333333333333333333333333", 3_333_333),
            ("1e-9999", 0),
            ("3e-39", 0),
        ];
        for (text, units) in cases {
            assert_eq!(in_units(text, 7), Ok(units), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_has_too_many_digits_is_refused() {
        for text in [
            "", "-", ".", "+", "-.", "+-5", "abc", "\"5\"", "1e", "e5", "1e+", "1e99999", "1_0", "1,0", "1 0", "--5",
            "null", "5e1.5", "1.2.3", "٣",
        ] {
            assert_eq!(in_units(text, 7), Err(InvalidNumber::NotDecimal), "{text}");
        }
        for text in ["1e40", "10000000000000000000000000000000", &"9".repeat(2_000)] {
            assert_eq!(in_units(text, 7), Err(InvalidNumber::TooLong), "{text}");
        }
    }
}
