//! An amount of dollars in a cell of a file, in every form that has one meaning.

use everycent_schemas::Usd;

use super::sheet::{Column, Line};
use crate::money::{is_storable, usd_from_number_of_dollars};
use crate::report::Fault;
use crate::typed_amount::TypedAmount;

pub const EXPECTED: &str = "an amount of US dollars such as 12.34 or 1,234.56, with no other currency";

/// The amount of a cell.
pub fn read(line: &Line<'_>, column: &Column) -> Result<Usd, Fault> {
    line.read(column, EXPECTED, |cell| dollars(cell, line.is_semicolons))
}

/// The same where the file may have none: an empty cell, or the vendor's mark of one.
pub fn read_optional(line: &Line<'_>, column: &Column) -> Result<Option<Usd>, Fault> {
    match is_nothing(line.cell(column)) {
        true => Ok(None),
        false => read(line, column).map(Some),
    }
}

/// Whether a cell says that there is no value.
pub fn is_nothing(cell: &str) -> bool {
    matches!(cell, "" | "-" | "--" | "\u{2013}" | "\u{2014}")
}

/// A cell as text, if it has a value.
pub fn optional<'l>(line: &Line<'l>, column: &Column) -> Option<&'l str> {
    Some(line.cell(column)).filter(|cell| !is_nothing(cell))
}

/// The vendors write a point. A file that a spreadsheet has saved with semicolons has decimal commas, and then neither sign
/// before three digits says which of the two it is.
pub fn dollars(cell: &str, is_semicolons: bool) -> Option<Usd> {
    if is_semicolons {
        if has_two_meanings(cell) {
            return None;
        }
        let with_point = cell.replacen(',', ".", 1);
        return typed(cell).or_else(|| usd_from_number_of_dollars(&with_point).ok());
    }
    usd_from_number_of_dollars(cell).ok().or_else(|| typed(cell))
}

fn typed(cell: &str) -> Option<Usd> {
    cell.parse::<TypedAmount>().ok().map(|typed| typed.amount).filter(|amount| is_storable(*amount))
}

/// One sign before three digits and behind one to three, such as `1,234`.
fn has_two_meanings(cell: &str) -> bool {
    let number: String = cell.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let Some((head, tail)) = number.split_once(['.', ',']) else { return false };
    let is_thousand = (1..=3).contains(&head.len()) && !head.starts_with('0');
    is_thousand && tail.len() == 3 && tail.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, commas: Option<&str>, semicolons: Option<&str>) {
        let read = |is_semicolons| dollars(cell, is_semicolons).map(Usd::short);
        assert_eq!((read(false).as_deref(), read(true).as_deref()), (commas, semicolons), "{cell}");
    }

    #[test]
    fn every_form_of_one_meaning_is_read_and_one_of_two_is_not() {
        for (cell, amount) in [
            ("31.50", "31.50"),
            ("0", "0.00"),
            ("-0.35", "-0.35"),
            ("$31.5", "31.50"),
            ("31.50 USD", "31.50"),
            ("1,234.56", "1234.56"),
            ("1.234,56", "1234.56"),
            ("31,5", "31.50"),
            ("5.5E-7", "0.00000055"),
            ("1e2", "100.00"),
            (".5", "0.50"),
            ("0.1234567891", "0.123456789"),
            ("1234.567", "1234.567"),
        ] {
            check(cell, Some(amount), Some(amount));
        }
        check("5,5E-7", None, Some("0.00000055"));
        check("1,234", Some("1234.00"), None);
        check("1.234", Some("1.234"), None);
        check("0,123", None, Some("0.123"));
    }

    #[test]
    fn another_currency_a_word_and_what_no_row_holds_are_refused() {
        for cell in ["", "\u{20ac}5", "5 EUR", "EUR 5", "\u{a3}1.00", "Included", "12..5", "1_000", "99999999999"] {
            check(cell, None, None);
        }
    }
}
