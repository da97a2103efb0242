//! The currency of a file whose columns say dollars in their names: a column of its own must not say another one.

use super::amount::is_nothing;
use super::sheet::{Column, Line};
use crate::report::Fault;

pub const COLUMN: Column = Column::optional("currency");
pub const CODE: &str = "USD";

pub fn check(line: &Line<'_>) -> Result<(), Fault> {
    let is_dollars = |cell: &str| is_nothing(cell) || cell.eq_ignore_ascii_case(CODE);
    line.read(&COLUMN, "USD, for amounts of another currency are not added to dollars", |cell| {
        is_dollars(cell).then_some(())
    })
}
