//! JSON numbers with a fraction, as a whole number of small units.
//!
//! Read digit by digit: no binary float is ever made of one.

/// Digits that are read before a number is refused.
const MAX_DIGITS: usize = 36;

/// Why a text can't be kept as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    #[error("it is not a decimal number")]
    NotDecimal,
    #[error("it has more digits than can be kept")]
    TooLong,
}

/// The number in units of ten to the minus `decimals`, rounded to the nearest one, a half away from zero.
///
/// The text is what JSON calls a number, with an exponent or without.
pub fn in_units(text: &str, decimals: i32) -> Result<i128, InvalidNumber> {
    let (text, sign) = match text.strip_prefix('-') {
        Some(rest) => (rest, -1),
        None => (text, 1),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(InvalidNumber::NotDecimal),
        None => (mantissa, ""),
    };
    if whole.is_empty() {
        return Err(InvalidNumber::NotDecimal);
    }
    if whole.len() + fraction.len() > MAX_DIGITS {
        return Err(InvalidNumber::TooLong);
    }
    let digits = whole.bytes().chain(fraction.bytes()).try_fold(0_i128, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i128::from(digit - b'0')).ok_or(InvalidNumber::NotDecimal)
    })?;
    let places = i32::try_from(fraction.len()).expect("invariant: fewer digits than the limit");
    Ok(sign * shifted(digits, decimals + exponent - places)?)
}

fn exponent_of(text: &str) -> Result<i32, InvalidNumber> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    match digits.bytes().all(|digit| digit.is_ascii_digit()) && (1..=4).contains(&digits.len()) {
        true => text.parse().map_err(|_| InvalidNumber::NotDecimal),
        false => Err(InvalidNumber::NotDecimal),
    }
}

/// The number times ten to this power, rounded to a whole one.
fn shifted(number: i128, power: i32) -> Result<i128, InvalidNumber> {
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    match (factor, power) {
        _ if number == 0 => Ok(0),
        (Some(factor), 0..) => number.checked_mul(factor).ok_or(InvalidNumber::TooLong),
        (None, 0..) => Err(InvalidNumber::TooLong),
        (Some(factor), _) => Ok((number + factor / 2) / factor),
        (None, _) => Ok(0),
    }
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
        ];
        for (text, decimals, units) in cases {
            assert_eq!(in_units(text, decimals), Ok(units), "{text}");
        }
    }

    #[test]
    fn what_lies_beyond_the_unit_is_rounded_to_the_nearest_one() {
        let cases = [
            ("30.000000000000004", 300_000_000),
            ("0.30000000000000004", 3_000_000),
            ("29.999999999999996", 300_000_000),
            ("0.00000005", 1),
            ("0.000000049999", 0),
            ("-0.00000005", -1),
            ("1e-9999", 0),
            ("3e-39", 0),
        ];
        for (text, units) in cases {
            assert_eq!(in_units(text, 7), Ok(units), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_has_too_many_digits_is_refused() {
        for text in ["", "-", ".5", "5.", "+5", "abc", "\"5\"", "1e", "1e+", "1e99999", "1_0", "--5", "null", "5e1.5"] {
            assert_eq!(in_units(text, 7), Err(InvalidNumber::NotDecimal), "{text}");
        }
        for text in ["1e40", "1000000000000000000000000000000000000", "100000000000000000000000000000000"] {
            assert_eq!(in_units(text, 7), Err(InvalidNumber::TooLong), "{text}");
        }
    }
}
