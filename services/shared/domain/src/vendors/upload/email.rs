//! An e-mail address in a cell.

use std::borrow::Cow;

use super::amount::is_nothing;
use super::sheet::{Column, Line};
use crate::report::Fault;
use crate::vendors::normalized_address;

pub const EXPECTED: &str = "an address such as ada@example.com";

/// The address as rows spell it; `None` if it is none.
pub fn read(cell: &str) -> Option<Cow<'_, str>> {
    let address = normalized_address(cell)?;
    let (name, domain) = address.split_once('@')?;
    let is_whole = !name.is_empty() && !domain.is_empty() && !domain.contains('@');
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | ';' | '<' | '>' | '"');
    (is_whole && address.chars().all(is_plain)).then_some(address)
}

/// The address of a cell, where the file may name nobody.
pub fn read_optional<'l>(line: &Line<'l>, column: &Column) -> Result<Option<Cow<'l, str>>, Fault> {
    match is_nothing(line.cell(column)) {
        true => Ok(None),
        false => line.read(column, EXPECTED, read).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_with_something_on_both_sides() {
        assert_eq!(read("Ada.L@Example.com").as_deref(), Some("ada.l@example.com"));
        assert_eq!(read("ada+x@example.com").as_deref(), Some("ada+x@example.com"));
        assert_eq!(read("\u{a0}Ada@example.com\u{200b} ").as_deref(), Some("ada@example.com"));
        for cell in ["", "ada", "@example.com", "ada@", "a@b@example.com", "ada @example.com", "Ada <ada@example.com>"]
        {
            assert_eq!(read(cell), None, "{cell}");
        }
        assert_eq!(read("ada@example.com,bob@example.com"), None);
    }
}
