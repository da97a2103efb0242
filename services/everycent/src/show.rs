//! Output: tables for people, one JSON document for machines.

use std::io::Write;

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;

/// A rule under the heading, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

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
        let cells = headings.iter().enumerate().map(|(index, text)| {
            align(Cell::new(text.trim_start_matches('>')).add_attribute(Attribute::Bold), right.contains(&index))
        });
        table.set_header(cells);
        Self { table, right }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let right = &self.right;
        let cells = cells.into_iter().enumerate().map(|(index, text)| align(Cell::new(text), right.contains(&index)));
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

/// Prints text; a reader that went away, as `head` does, is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints one JSON document.
pub fn print_json(document: &impl Serialize) {
    let json = serde_json::to_string_pretty(document).expect("invariant: documents have only string keys");
    print(&format!("{json}\n"));
}

/// Prints one JSON document on one line, for commands that go on printing.
pub fn print_json_line(document: &impl Serialize) {
    let json = serde_json::to_string(document).expect("invariant: documents have only string keys");
    print(&format!("{json}\n"));
}

/// A heading over a table.
pub fn heading(title: &str) -> String {
    format!("\n{title}\n")
}

/// How many messages were given up, and what to do about them.
pub fn given_up_text(letters: u64) -> String {
    let messages = count(usize::try_from(letters).unwrap_or(usize::MAX), "message");
    format!(
        "{messages} given up; `everycent status` tells why, `everycent dead-letters redeliver --all` sends what was given \
         up again\n"
    )
}

/// `1 day`, `2 days`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
