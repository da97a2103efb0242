//! Output: tables for people, one JSON document for machines. All that is shown goes through here, and whatever a reader
//! would not see is escaped here.

mod hidden;

use std::io::Write;

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use everycent_domain::rows::beginning;
use serde::Serialize;

/// A rule under the heading, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Characters of a cell, and of a name or words of others elsewhere, that are shown. A table pads every line to its longest
/// cell, so one name of a megabyte would be as many as there are lines; `--json` has all.
const CELL_CHARS: usize = 600;
const WORD_CHARS: usize = 4000;

/// A table without boxes: a heading, a rule, aligned columns.
pub struct Grid {
    table: Table,
    right: Vec<usize>,
}

impl Grid {
    /// Columns whose heading begins with `>` are aligned to the right.
    pub fn new(headings: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
        let right: Vec<usize> =
            headings.iter().enumerate().filter(|(_, text)| text.starts_with('>')).map(|(index, _)| index).collect();
        let cells = headings
            .iter()
            .enumerate()
            .map(|(index, text)| align(Cell::new(hidden::line(text.trim_start_matches('>'))), right.contains(&index)));
        table.set_header(cells);
        Self { table, right }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let right = &self.right;
        let cells = cells
            .into_iter()
            .enumerate()
            .map(|(index, text)| align(Cell::new(hidden::line(&beginning(&text, CELL_CHARS))), right.contains(&index)));
        self.table.add_row(cells);
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The table, each line indented by two spaces.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in self.table.lines() {
            text.push_str("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn align(cell: Cell, right: bool) -> Cell {
    if right { cell.set_alignment(CellAlignment::Right) } else { cell }
}

/// Prints text for people.
pub fn print(text: &str) {
    write(&hidden::lines(text));
}

/// Says something on standard error, on a line of its own.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", hidden::lines(text));
}

/// Asks on standard error; the answer is typed behind it.
pub fn ask(question: &str) {
    let _ = write!(std::io::stderr(), "{} ", hidden::line(question));
}

/// A name or words of others within text of ours: one line, as it is seen.
pub fn word(text: impl std::fmt::Display) -> String {
    hidden::line(&beginning(&text.to_string(), WORD_CHARS))
}

/// A reader that went away, as `head` does, is no error.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints one JSON document.
pub fn print_json(document: &impl Serialize) {
    let json = serde_json::to_string_pretty(document).expect("invariant: documents have only string keys");
    write(&format!("{}\n", hidden::json(&json)));
}

/// Prints one JSON document on one line, for commands that go on printing.
pub fn print_json_line(document: &impl Serialize) {
    let json = serde_json::to_string(document).expect("invariant: documents have only string keys");
    write(&format!("{}\n", hidden::json(&json)));
}

/// A heading over a table.
pub fn heading(title: &str) -> String {
    format!("\n{title}\n")
}

/// How many messages were given up, and what to do about them.
pub fn given_up_text(letters: u64) -> String {
    let messages = count(letters, "message");
    format!(
        "{messages} given up; `everycent status` tells why, `everycent dead-letters redeliver --all` sends what was given \
         up again\n"
    )
}

/// `1,234,567`.
pub fn grouped(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 day`, `2 days`.
pub fn count(number: impl TryInto<usize>, one: &str) -> String {
    let number = number.try_into().unwrap_or(usize::MAX);
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_forges_no_row_and_paints_nothing() {
        let mut grid = Grid::new(&["key", ">cost"]);
        grid.row(["mine\n  total   999.99\u{1b}[8m".to_owned(), "1.00".to_owned()]);
        let text = grid.text();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("mine\\n  total   999.99\\u{1b}[8m") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_name_of_a_megabyte_widens_no_table() {
        let mut grid = Grid::new(&["key", ">cost"]);
        for name in ["x".repeat(1 << 20), "é".repeat(CELL_CHARS), "short".to_owned()] {
            grid.row([name, "1.00".to_owned()]);
        }
        let text = grid.text();
        assert!(text.len() < 16 * CELL_CHARS && text.contains("xx...") && !text.contains("éé..."), "{}", text.len());
        assert_eq!(word("é".repeat(WORD_CHARS + 1)), format!("{}...", "é".repeat(WORD_CHARS)));
    }

    #[test]
    fn large_numbers_are_readable() {
        for (number, text) in [(0_i64, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
