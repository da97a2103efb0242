//! A count in a cell of a vendor's file.

use super::amount::is_nothing;
use super::sheet::{Column, Line};
use crate::number::in_units;
use crate::report::Fault;

/// More than a day of anybody has, so that sums of it never overflow.
const MAX: i64 = 1_000_000_000_000;
const EXPECTED: &str = "a whole number up to 1000000000000";

/// The count; none where the file does not say, which is not zero.
pub fn read_optional(line: &Line<'_>, column: &Column) -> Result<Option<i64>, Fault> {
    match is_nothing(line.cell(column)) {
        true => Ok(None),
        false => line.read(column, EXPECTED, |cell| whole(cell, line.is_semicolons)).map(Some),
    }
}

/// A whole number as a program or a spreadsheet writes it: `1200`, `1200.0`, `1.2E3`, `1,200`.
fn whole(cell: &str, is_semicolons: bool) -> Option<i64> {
    let plain = cell.to_owned();
    let grouped = ungrouped(cell, if is_semicolons { '.' } else { ',' });
    let number = grouped.unwrap_or(plain);
    let (whole, parts) = (in_units(&number, 0).ok()?, in_units(&number, 9).ok()?);
    let is_whole = whole.checked_mul(1_000_000_000) == Some(parts);
    i64::try_from(whole).ok().filter(|count| is_whole && (0..=MAX).contains(count))
}

/// The digits of a number whose thousands are apart.
fn ungrouped(cell: &str, sign: char) -> Option<String> {
    let groups: Vec<&str> = cell.split([sign, ' ', '\u{a0}', '\u{202f}']).collect();
    let are_digits = groups.iter().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    let (first, rest) = groups.split_first()?;
    let are_groups = !rest.is_empty() && first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    (are_digits && are_groups).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_whole_in_every_form_and_never_negative() {
        for (cell, commas, semicolons) in [
            ("120", Some(120), Some(120)),
            ("0", Some(0), Some(0)),
            ("120.0", Some(120), Some(120)),
            ("1.2E3", Some(1200), Some(1200)),
            ("1,200", Some(1200), None),
            ("1.200", None, Some(1200)),
            ("1 234 567", Some(1_234_567), Some(1_234_567)),
            ("1.5", None, None),
            ("-1", None, None),
            ("many", None, None),
            ("12,00", None, None),
            ("1000000000001", None, None),
        ] {
            assert_eq!((whole(cell, false), whole(cell, true)), (commas, semicolons), "{cell}");
        }
    }
}
