//! Amounts of dollars as people type them, read off a console or a sheet.
//!
//! What has one meaning is read, also with a decimal comma; what has two is refused with both, for a total that is compared
//! with another number than was meant may agree by mistake.

use everycent_schemas::Usd;

use crate::money::{InvalidAmount, usd_from_dollars};

/// An amount with the digits that it was typed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypedAmount {
    pub amount: Usd,
    /// Digits after the decimal sign.
    pub decimals: u32,
}

/// The text is no amount of dollars, or may be two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTypedAmount {
    #[error("`{0}` is not an amount of dollars such as 246, 223.33, $223.33 or 1,234.56")]
    NotAnAmount(String),
    #[error("`{text}` can be {whole} or {exact} dollars; write {whole}, or {exact}0")]
    Ambiguous { text: String, whole: String, exact: String },
    #[error(transparent)]
    Amount(#[from] InvalidAmount),
}

impl std::str::FromStr for TypedAmount {
    type Err = InvalidTypedAmount;

    fn from_str(text: &str) -> Result<Self, InvalidTypedAmount> {
        let not_an_amount = || InvalidTypedAmount::NotAnAmount(quoted(text));
        let (is_negative, number) = unsigned(text.trim()).ok_or_else(not_an_amount)?;
        if let Some((whole, exact)) = two_meanings(number) {
            return Err(InvalidTypedAmount::Ambiguous { text: quoted(text), whole, exact });
        }
        let (whole, decimals) = parts(number).ok_or_else(not_an_amount)?;
        let sign = if is_negative { "-" } else { "" };
        let amount = usd_from_dollars(&format!("{sign}{whole}.{decimals}0"))?;
        Ok(Self { amount, decimals: u32::try_from(decimals.len()).unwrap_or(u32::MAX) })
    }
}

/// Characters of a text that an error repeats.
const QUOTED: usize = 40;

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

/// The number without its sign and the sign of its currency.
fn unsigned(text: &str) -> Option<(bool, &str)> {
    let (mut is_negative, mut rest, mut has_sign) = (false, text, false);
    for _ in 0..2 {
        if let (Some(number), false) = (after_minus(rest), is_negative) {
            (is_negative, rest) = (true, number);
        }
        if let (Some(number), false) = (after_dollars(rest), has_sign) {
            (has_sign, rest) = (true, number);
        }
    }
    let behind = rest.strip_suffix("USD").or_else(|| rest.strip_suffix("usd")).or_else(|| rest.strip_suffix('$'));
    let number = match behind {
        Some(_) if has_sign => return None,
        Some(number) => number.trim_end(),
        None => rest,
    };
    number.starts_with(|c: char| c.is_ascii_digit() || c == '.').then_some((is_negative, number))
}

fn after_minus(text: &str) -> Option<&str> {
    text.strip_prefix(['-', '\u{2212}']).map(str::trim_start)
}

fn after_dollars(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let sign = ["us$", "usd", "$"].into_iter().find(|sign| lower.starts_with(sign))?;
    Some(text[sign.len()..].trim_start())
}

/// One point before three digits: thousands for half of the world, decimals for the other half.
fn two_meanings(number: &str) -> Option<(String, String)> {
    let (head, tail) = number.split_once('.')?;
    let is_thousand = (1..=3).contains(&head.len()) && !head.starts_with('0') && are_digits(head);
    (is_thousand && tail.len() == 3 && are_digits(tail)).then(|| (format!("{head}{tail}"), number.to_owned()))
}

/// Whole dollars and decimals, as digits.
fn parts(number: &str) -> Option<(String, &str)> {
    let last = number.rfind(['.', ',']);
    let has = |sign: char| number.contains(sign);
    let decimal = last.filter(|at| {
        let sign = if number[*at..].starts_with('.') { '.' } else { ',' };
        let other = if sign == '.' { ',' } else { '.' };
        let tail = &number[at + 1..];
        let is_alone = number.matches(sign).count() == 1;
        // A comma stands for decimals where no thousands can be meant by it.
        is_alone && (sign == '.' || has(other) || number.contains(is_gap) || (1..=2).contains(&tail.len()))
    });
    let (head, tail) = match decimal {
        Some(at) => (&number[..at], &number[at + 1..]),
        None => (number, ""),
    };
    let is_only_a_point = head.is_empty() && number.starts_with('.');
    let whole = if is_only_a_point { "0".to_owned() } else { ungrouped(head)? };
    (are_digits(tail) && (decimal.is_none() || !tail.is_empty())).then_some((whole, tail))
}

/// The digits of a whole number whose thousands are apart, all by the same sign, or not at all.
fn ungrouped(number: &str) -> Option<String> {
    let Some(sign) = number.chars().find(|c| !c.is_ascii_digit()) else {
        return (!number.is_empty()).then(|| number.to_owned());
    };
    let groups: Vec<&str> = number.split(sign).collect();
    let (first, rest) = groups.split_first()?;
    let is_apart = matches!(sign, ',' | '.') || is_gap(sign);
    let is_first = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let are_groups = groups.iter().all(|group| are_digits(group)) && rest.iter().all(|group| group.len() == 3);
    (is_apart && is_first && are_groups).then(|| groups.concat())
}

/// What sets thousands apart and never decimals: spaces of every width, and the apostrophe of the Swiss.
fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '\u{2019}')
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<(String, u32), InvalidTypedAmount> {
        text.parse().map(|TypedAmount { amount, decimals }| (amount.short(), decimals))
    }

    #[test]
    fn what_has_one_meaning_is_read_with_its_decimals() {
        let cases = [
            ("60", "60.00", 0),
            ("60.00", "60.00", 2),
            ("60,00", "60.00", 2),
            ("60,0", "60.00", 1),
            ("0,5", "0.50", 1),
            (".5", "0.50", 1),
            ("0.500", "0.50", 3),
            ("$60.00", "60.00", 2),
            ("US$ 60", "60.00", 0),
            ("60.00 USD", "60.00", 2),
            (" 60 ", "60.00", 0),
            ("1,234", "1234.00", 0),
            ("60,000", "60000.00", 0),
            ("1,234,567", "1234567.00", 0),
            ("1.234.567", "1234567.00", 0),
            ("1,234.56", "1234.56", 2),
            ("$1,234.56", "1234.56", 2),
            ("1.234,56", "1234.56", 2),
            ("1.234.567,8", "1234567.80", 1),
            ("1,234.567", "1234.567", 3),
            ("1234.567", "1234.567", 3),
            ("1234,56", "1234.56", 2),
            ("1 234.56", "1234.56", 2),
            ("1\u{a0}234,56", "1234.56", 2),
            ("1'234.567", "1234.567", 3),
            ("246.340000000", "246.34", 9),
            ("1.2340", "1.234", 4),
            ("-15.00", "-15.00", 2),
            ("-$15", "-15.00", 0),
            ("$-15", "-15.00", 0),
            ("\u{2212}15,50", "-15.50", 2),
            ("0", "0.00", 0),
        ];
        for (text, amount, decimals) in cases {
            assert_eq!(read(text), Ok((amount.to_owned(), decimals)), "{text}");
        }
    }

    #[test]
    fn what_has_two_meanings_is_refused_with_both() {
        for (text, whole, exact) in
            [("1.234", "1234", "1.234"), ("$60.000", "60000", "60.000"), ("-1.234", "1234", "1.234")]
        {
            let said = read(text).unwrap_err().to_string();
            let words = format!("`{text}` can be {whole} or {exact} dollars; write {whole}, or {exact}0");
            assert_eq!(said, words);
            for meant in [whole.to_owned(), format!("{exact}0")] {
                assert!(read(&meant).is_ok(), "{meant}");
            }
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_with_the_forms_that_are_read() {
        let texts = [
            "",
            " ",
            "$",
            "-",
            "about 246",
            "6e1",
            "1E3",
            "+60",
            "60%",
            "€60",
            "60 EUR",
            "1_000",
            "60.",
            "60,",
            ",5",
            "1,2345",
            "1234,567",
            "12,34",
            "1,23,456.00",
            "0,123.45",
            "1,234.56.78",
            "1,234,56.7",
            "1.23,4,5",
            "1 234 56",
            "1, 234",
            "--5",
            "$$5",
            "$5 USD",
            "٦٠",
            "NaN",
            "60.00.00",
            "1 234'567",
            "(15.00)",
            "0x10",
            "12-5",
            "5-",
        ];
        for text in texts.into_iter().filter(|text| *text != "12,34") {
            let said = read(text).unwrap_err().to_string();
            assert!(said.contains("is not an amount of dollars such as 246"), "{text}: {said}");
        }
        assert_eq!(read("12,34"), Ok(("12.34".to_owned(), 2)));
    }

    #[test]
    fn what_no_total_holds_is_refused() {
        for text in ["0.0000000001", "99999999999999999999"] {
            assert!(matches!(read(text), Err(InvalidTypedAmount::Amount(_))), "{text}");
        }
        assert!(read(&"9".repeat(400)).is_err());
    }
}
