//! What is wrong with a sheet, and where.

use std::fmt;

/// Faults of a file that are kept; the others are counted.
const KEPT: usize = 20;
/// Characters of a cell that a fault quotes.
const QUOTED: usize = 40;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// From 1.
    pub line: u64,
    /// `None` when the line as a whole is wrong.
    pub column: Option<FaultColumn>,
    /// What stands there; `None` when it is not to be repeated.
    pub found: Option<String>,
    pub expected: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultColumn {
    /// From 1, in the order of the file.
    pub number: usize,
    /// Its name, if it has one.
    pub name: Option<&'static str>,
}

impl Fault {
    pub(crate) fn of_line(line: u64, found: Option<String>, expected: impl Into<String>) -> Self {
        Self { line, column: None, found, expected: expected.into() }
    }

    pub(crate) fn of_cell(line: u64, column: FaultColumn, cell: &str, expected: impl Into<String>) -> Self {
        Self { line, column: Some(column), found: quoted(cell), expected: expected.into() }
    }

    /// Where it is, and not a word of the file.
    pub fn place(&self) -> String {
        match self.column {
            None => format!("line {}", self.line),
            Some(FaultColumn { number, name: None }) => format!("line {}, column {number}", self.line),
            Some(FaultColumn { number, name: Some(name) }) => format!("line {}, column {number} ({name})", self.line),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, expected) = (self.place(), &self.expected);
        match &self.found {
            Some(found) => write!(f, "{place}: found {found}, expected {expected}"),
            None => write!(f, "{place}: expected {expected}"),
        }
    }
}

/// A cell as a fault tells it. An address and a key are not repeated.
fn quoted(cell: &str) -> Option<String> {
    if cell.contains('@') || cell.contains("sk-") {
        return None;
    }
    let short: String = cell.chars().take(QUOTED).filter(|c| !c.is_control()).collect();
    Some(match (cell.is_empty(), cell.chars().count() > QUOTED) {
        (true, _) => "nothing".to_owned(),
        (false, false) => format!("`{short}`"),
        (false, true) => format!("`{short}...`"),
    })
}

/// The text ends where it is no text any more.
pub(super) fn not_text(before: &[u8]) -> Fault {
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
    Fault::of_line(line, None, "text in UTF-8; export the sheet as CSV in UTF-8")
}

/// All that is wrong with a file; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct Faults {
    /// The first of them.
    pub first: Vec<Fault>,
    pub total: usize,
}

impl Faults {
    pub(crate) fn one(fault: Fault) -> Self {
        Self { first: vec![fault], total: 1 }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.total += 1;
        if self.first.len() < KEPT {
            self.first.push(fault);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        faults.into_iter().for_each(|fault| self.add(fault));
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        let mut all = Self::default();
        all.extend(faults);
        all
    }
}

/// One a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.first.iter().enumerate() {
            write!(f, "{}{fault}", if index == 0 { "" } else { "\n" })?;
        }
        match self.total - self.first.len() {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_shortly_and_what_is_private_is_not() {
        let long = "x".repeat(50);
        let cases = [
            ("", Some("nothing".to_owned())),
            ("12,5", Some("`12,5`".to_owned())),
            ("a\nb", Some("`ab`".to_owned())),
            (long.as_str(), Some(format!("`{}...`", &long[..40]))),
            ("ada@", None),
            ("my sk-ant-api03-secret", None),
        ];
        for (cell, told) in cases {
            assert_eq!(quoted(cell), told, "{cell}");
        }
    }

    #[test]
    fn many_faults_are_counted_and_the_first_are_kept() {
        let faults: Faults = (1..=23).map(|line| Fault::of_line(line, None, "another")).collect();
        assert_eq!((faults.first.len(), faults.total), (20, 23));
        let text = faults.to_string();
        assert!(text.starts_with("line 1: expected another\nline 2") && text.ends_with("\nand 3 more"), "{text}");
    }
}
