//! Whose turn it is to change tables.
//!
//! BigQuery cancels a transaction that updates or deletes rows of a table while another one does, but lets both insert:
//! two merges of the same new bucket would both be done. So every change updates the same row first.

use super::names::{quoted, text_literal};

const TABLE: &str = "merge_turn";
const DOC: &str =
    "One row, which every change of the other tables updates first, so that of two at the same time one is cancelled.";

pub(super) fn turn_table(dataset: &str) -> String {
    quoted(dataset, TABLE)
}

/// Makes the table with its row.
pub fn create_turn(dataset: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {}\nOPTIONS (description = {})\nAS SELECT 0 AS `turn`",
        turn_table(dataset),
        text_literal(DOC)
    )
}

/// What a script says when another change came first. Planning again helps.
pub const OVERTAKEN: &str = "the tables have changed since the merge was planned";

/// The statements of one transaction that was planned in this turn; it fails where another change came since.
pub(super) fn in_this_turn(dataset: &str, turn: i64, statements: impl IntoIterator<Item = String>) -> Vec<String> {
    let is_its_turn = format!("ASSERT (SELECT `turn` FROM {}) = {} AS '{OVERTAKEN}'", turn_table(dataset), turn + 1);
    in_turn(dataset, std::iter::once(is_its_turn).chain(statements))
}

/// The statements of one transaction, done while nobody else does any.
pub(super) fn in_turn(dataset: &str, statements: impl IntoIterator<Item = String>) -> Vec<String> {
    let first = [
        "BEGIN TRANSACTION".to_owned(),
        format!("UPDATE {} SET `turn` = `turn` + 1 WHERE TRUE", turn_table(dataset)),
        format!("ASSERT @@row_count = 1 AS 'table {TABLE} has to have one row'"),
    ];
    let last = "COMMIT TRANSACTION".to_owned();
    first.into_iter().chain(statements).chain([last]).collect()
}
