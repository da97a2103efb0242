//! A sheet: values between commas or semicolons, a header that names the columns, and where each cell stands.
//!
//! It knows nothing of what the cells mean.

use std::collections::BTreeSet;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::nearest::nearest;
use crate::report::{Fault, FaultColumn};

/// Bytes that a cell may have.
const MAX_CELL_BYTES: usize = 1000;

/// A column that a sheet may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    /// Whether a sheet may go without it.
    pub optional: bool,
    /// Whether a cell of it may have several lines.
    pub may_break: bool,
}

impl Column {
    pub const fn required(name: &'static str) -> Self {
        Self { name, optional: false, may_break: false }
    }

    pub const fn optional(name: &'static str) -> Self {
        Self { name, optional: true, may_break: false }
    }

    /// The same column, with cells of several lines.
    #[must_use]
    pub const fn with_breaks(self) -> Self {
        Self { may_break: true, ..self }
    }

    fn is(&self, cell: &str) -> bool {
        self.name.eq_ignore_ascii_case(cell)
    }
}

/// How much a sheet may differ from what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// It has these columns and no other, and each cell stands on one line: a person has made it, and may have mistyped a name.
    Strict,
    /// A vendor exports it, and adds columns: those are left out.
    Exported,
    /// It is kept for other ends too: other columns are left out, names of columns are read as people write them, a cell may
    /// have breaks, and a line may end early.
    Loose,
}

/// A line of data, its cells without the space around them.
#[derive(Debug)]
pub struct Line<'l> {
    /// From 1, as an editor counts; a cell's own breaks count.
    pub number: u64,
    record: &'l StringRecord,
    header: &'l Header,
    separator: char,
    /// Whether the file has its commas elsewhere than between cells.
    pub is_semicolons: bool,
    /// Whether the quotation marks of the line have no end, so that it reaches to the end of the text.
    is_open: bool,
}

impl<'l> Line<'l> {
    /// The cell of a column; empty where the sheet goes without it.
    pub fn cell(&self, column: &Column) -> &'l str {
        self.header.place(column).and_then(|place| self.record.get(place)).map_or("", str::trim)
    }

    /// The cell of a column as a value; `None` of `read` is a fault.
    pub fn read<T>(
        &self,
        column: &Column,
        expected: &str,
        read: impl FnOnce(&'l str) -> Option<T>,
    ) -> Result<T, Fault> {
        read(self.cell(column)).ok_or_else(|| self.fault(column, expected))
    }

    pub fn fault(&self, column: &Column, expected: impl Into<String>) -> Fault {
        Fault::of_cell(self.number, self.header.fault_column(column), self.cell(column), expected)
    }

    /// Whether a cell with a break holds what looks like other lines: a quotation mark that was left open takes the lines
    /// up to the next one, or to the end.
    fn has_swallowed(&self, cell: &str) -> bool {
        let has_address = |part: &str| part.contains('@');
        let is_list = cell
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
            .all(|part| part.is_empty() || has_address(part));
        self.is_open || (cell.contains(self.separator) && has_address(cell) && !is_list)
    }

    /// What is wrong with its form, whatever the cells mean.
    fn misformed(&self) -> Option<Fault> {
        let columns = &self.header.columns;
        let fault = |index: usize, cell: &str, expected: String| {
            let name = columns.get(index).copied().flatten().map(|column| column.name);
            Fault::of_cell(self.number, FaultColumn { number: index + 1, name }, cell, expected)
        };
        let cells = || self.record.iter().enumerate();
        if let Some((index, _)) = cells().find(|(index, cell)| has_break(cell) && !self.may_break(*index, cell)) {
            let expected = "a cell on one line; a quotation mark may have been left open".to_owned();
            return Some(Fault { found: None, ..fault(index, "", expected) });
        }
        let is_read = |index: usize| columns.get(index).is_none_or(Option::is_some);
        if let Some((index, cell)) = cells().find(|(index, cell)| cell.len() > MAX_CELL_BYTES && is_read(*index)) {
            return Some(fault(index, cell, format!("at most {MAX_CELL_BYTES} bytes")));
        }
        if let Some((index, cell)) = cells().skip(columns.len()).find(|(_, cell)| !cell.trim().is_empty()) {
            return Some(fault(index, cell, format!("the {} columns of the header", columns.len())));
        }
        let is_short = self.record.len() < columns.len() && self.header.form != Form::Loose;
        is_short.then(|| fault(self.record.len(), "", format!("the {} columns of the header", columns.len())))
    }

    /// Whether a cell with a break in it is what it was meant to be.
    fn may_break(&self, index: usize, cell: &str) -> bool {
        match (self.header.form, self.header.columns.get(index)) {
            (Form::Loose, _) => !self.has_swallowed(cell),
            (Form::Exported, Some(column)) => column.is_none_or(|column| column.may_break) && !self.is_open,
            (Form::Exported, None) | (Form::Strict, _) => false,
        }
    }
}

fn has_break(cell: &str) -> bool {
    cell.contains(['\n', '\r'])
}

/// Which column stands where.
#[derive(Debug)]
pub struct Header {
    form: Form,
    /// In the order of the file; `None` is one that is left out.
    columns: Vec<Option<Column>>,
    /// The names of those that are left out, each once.
    pub left_out: Vec<String>,
}

impl Header {
    pub fn has(&self, column: &Column) -> bool {
        self.place(column).is_some()
    }

    /// Where the column stands, or would if there were one.
    pub fn fault_column(&self, column: &Column) -> FaultColumn {
        FaultColumn { number: 1 + self.place(column).unwrap_or(self.columns.len()), name: Some(column.name) }
    }

    fn place(&self, column: &Column) -> Option<usize> {
        self.columns.iter().position(|of| of.is_some_and(|of| of.name == column.name))
    }

    fn read(record: &StringRecord, line: u64, columns: &[Column], form: Form) -> Result<Self, Vec<Fault>> {
        let cells = named_cells(record);
        let (mut places, mut faults, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        let is_named = |column: &Column, cell: &str| match form {
            Form::Strict | Form::Exported => column.is(cell),
            Form::Loose => letters(column.name).eq(letters(cell)),
        };
        let absent = columns.iter().filter(|column| !cells.iter().any(|cell| is_named(column, cell)));
        let absent: Vec<Column> = absent.copied().collect();
        for (index, cell) in cells.iter().enumerate() {
            let mut fault = |name, expected: String| {
                faults.push(Fault::of_cell(line, FaultColumn { number: index + 1, name }, cell, expected));
            };
            match columns.iter().find(|column| is_named(column, cell)) {
                None if form == Form::Exported || (form == Form::Loose && meant(cell, &absent).is_empty()) => {
                    places.push(None);
                    if !cell.is_empty() && !left_out.contains(cell) {
                        left_out.push(cell.clone());
                    }
                }
                None => fault(None, format!("one of the columns {}{}", list(columns), meant(cell, columns))),
                Some(column) if !seen.insert(column.name) => {
                    fault(Some(column.name), "each column once".to_owned());
                }
                Some(column) => places.push(Some(*column)),
            }
        }
        for column in columns.iter().filter(|column| !column.optional && !seen.contains(column.name)) {
            let place = FaultColumn { number: cells.len() + 1, name: Some(column.name) };
            let meant = cells.iter().find(|cell| form == Form::Loose && holds(cell, column.name));
            let meant = meant.map(|cell| format!("; `{cell}` may be meant")).unwrap_or_default();
            let expected = format!("this column, which is missing in the header{meant}");
            faults.push(Fault::of_cell(line, place, "", expected));
        }
        if faults.is_empty() { Ok(Self { form, columns: places, left_out }) } else { Err(faults) }
    }
}

/// The cells of a header up to the last that has a name, in lower case.
fn named_cells(record: &StringRecord) -> Vec<String> {
    let mut cells: Vec<String> = record.iter().map(|cell| cell.trim().to_ascii_lowercase()).collect();
    cells.truncate(cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1));
    cells
}

/// Whether the header has every column that such a sheet needs, whatever else it has.
pub fn has_needed(text: &str, columns: &[Column]) -> bool {
    let cells = header_cells(text);
    !cells.is_empty() && columns.iter().filter(|column| !column.optional).all(|column| is_among(column, &cells))
}

/// Whether it has one at least that such a sheet may go without.
pub fn has_any_optional(text: &str, columns: &[Column]) -> bool {
    let cells = header_cells(text);
    columns.iter().any(|column| column.optional && is_among(column, &cells))
}

fn is_among(column: &Column, cells: &[String]) -> bool {
    cells.iter().any(|cell| column.is(cell))
}

fn header_cells(text: &str) -> Vec<String> {
    let mut lines = Lines::of(text);
    lines.header().map(|_| named_cells(&lines.record)).unwrap_or_default()
}

/// The columns of a file that are not read.
pub fn left_out(text: &str, columns: &[Column]) -> Vec<String> {
    let is_left_out = |cell: &String| !cell.is_empty() && !columns.iter().any(|column| column.is(cell));
    header_cells(text).into_iter().filter(is_left_out).collect()
}

/// A name without what people put between its words, so that `Cost Center` is `cost_center`.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Whether a name has another one in it: `e-mail address` has `email`.
fn holds(name: &str, part: &str) -> bool {
    letters(name).collect::<String>().contains(&letters(part).collect::<String>())
}

/// `date, email`.
fn list(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

/// The column that may be meant by a mistyped one.
fn meant(cell: &str, columns: &[Column]) -> String {
    let nearest = nearest(cell, columns.iter().map(|column| column.name));
    nearest.map(|name| format!("; {name} may be meant")).unwrap_or_default()
}

/// Gives every line of data to `take`, or the fault of its form. Empty lines are none. The error is what is wrong with
/// the header, without which no line can be read.
pub fn read(text: &str, columns: &[Column], take: impl FnMut(Result<Line<'_>, Fault>)) -> Result<(), Vec<Fault>> {
    read_as(text, columns, Form::Strict, take).map(drop)
}

/// The same of a file that a vendor exports: columns that are not asked for are left out.
pub fn read_exported(
    text: &str,
    columns: &[Column],
    take: impl FnMut(Result<Line<'_>, Fault>),
) -> Result<(), Vec<Fault>> {
    read_as(text, columns, Form::Exported, take).map(drop)
}

/// The same of a sheet that is kept for other ends too: columns that are not asked for are left out, and a line may end
/// before its last columns.
pub fn read_loosely(
    text: &str,
    columns: &[Column],
    take: impl FnMut(Result<Line<'_>, Fault>),
) -> Result<Header, Vec<Fault>> {
    read_as(text, columns, Form::Loose, take)
}

fn read_as(
    text: &str,
    columns: &[Column],
    form: Form,
    mut take: impl FnMut(Result<Line<'_>, Fault>),
) -> Result<Header, Vec<Fault>> {
    let mut lines = Lines::of(text);
    let Some(line) = lines.header() else {
        return Err(vec![Fault::of_line(1, Some("nothing".into()), format!("the header {}", list(columns)))]);
    };
    let header = Header::read(&lines.record, line, columns, form)?;
    while let Some(number) = lines.next() {
        let Lines { record, is_open, separator, .. } = &lines;
        let (separator, is_open) = (*separator, *is_open);
        let line = Line { number, record, header: &header, separator, is_semicolons: separator == ';', is_open };
        take(match line.misformed() {
            Some(fault) => Err(fault),
            None => Ok(line),
        });
    }
    Ok(header)
}

/// The lines of a text that are not empty, one after the other.
struct Lines<'t> {
    text: &'t [u8],
    reader: Reader<&'t [u8]>,
    separator: char,
    /// The cells of the last line.
    record: StringRecord,
    /// Whether its quotation marks have no end.
    is_open: bool,
    /// Up to where breaks are counted, and how many lines that is.
    at: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let separator = separator(text);
        let reader =
            ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
        Self {
            text: text.as_bytes(),
            reader,
            separator: separator.into(),
            record: StringRecord::new(),
            is_open: false,
            at: 0,
            line: 1,
        }
    }

    /// Reads the header; gives its number. A line before it that names the separator, as spreadsheets write one, is none.
    fn header(&mut self) -> Option<u64> {
        let line = self.next()?;
        let names_separator = self.record.iter().filter(|cell| !cell.is_empty()).eq(["sep="]);
        if names_separator { self.next() } else { Some(line) }
    }

    /// Reads the next line; gives its number.
    fn next(&mut self) -> Option<u64> {
        loop {
            let at = usize::try_from(self.reader.position().byte()).expect("invariant: it points into the text");
            let read = self.reader.read_record(&mut self.record);
            if !read.expect("invariant: text in memory reads, with any number of cells a line") {
                return None;
            }
            self.count_to(at);
            let end = usize::try_from(self.reader.position().byte()).expect("invariant: it points into the text");
            self.is_open = self.text[at..end].iter().filter(|byte| **byte == b'"').count() % 2 == 1;
            if self.record.iter().any(|cell| !cell.trim().is_empty()) {
                return Some(self.line);
            }
        }
    }

    /// Counts the breaks before the record that begins at a place or, after empty lines, behind it. The reader's own
    /// count is of where it looked for the record, which is before them.
    fn count_to(&mut self, place: usize) {
        let empty = self.text[place..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let begin = place + empty;
        for at in self.at..begin {
            let ends = match self.text[at] {
                b'\n' => true,
                b'\r' => self.text.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
        }
        self.at = begin;
    }
}

/// The separator of the header line. Spreadsheets write semicolons where the comma is a decimal point, and tabs where cells
/// are copied.
fn separator(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    // Of equal ones the last.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const COLUMNS: [Column; 3] = [Column::required("key"), Column::required("name"), Column::optional("note")];

    /// Lines as `number:key|name|note`, and faults.
    fn lines(text: &str) -> Vec<String> {
        let mut told = Vec::new();
        let faults = read(text, &COLUMNS, |line| {
            told.push(match line {
                Ok(line) => format!("{}:{}", line.number, COLUMNS.each_ref().map(|column| line.cell(column)).join("|")),
                Err(fault) => fault.to_string(),
            });
        });
        told.extend(faults.err().unwrap_or_default().iter().map(ToString::to_string));
        told
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(lines(text), expected, "{text:?}");
    }

    #[test]
    fn a_sheet_reads_as_spreadsheets_write_it() {
        check("key,name\na,b\n", &["2:a|b|"]);
        check("key,name\r\na,b\r\nc,d", &["2:a|b|", "3:c|d|"]);
        check("key,name\ra,b\rc,d\r", &["2:a|b|", "3:c|d|"]);
        check("\u{feff}key;name;note\r\na;b,c;\"d;e\"\r\n", &["2:a|b,c|d;e"]);
        check("name , NOTE,\"key\"\n b\u{a0},\"say \"\"c\"\"\", a \n", &["2:a|b|say \"c\""]);
        check("key,name,,\na,b,,\n", &["2:a|b|"]);
    }

    #[test]
    fn empty_lines_are_no_data_and_still_count() {
        check("\n\nkey,name\n\na,b\n , \n\nc,d\n\n\n", &["5:a|b|", "8:c|d|"]);
        check("\r\nkey;name\r\n\r\na;b\r\n;\r\n\r\nc;d\r\n\r\n", &["4:a|b|", "7:c|d|"]);
        check("key,name\n\n\n", &[]);
    }

    #[test]
    fn a_cell_with_a_break_is_refused_before_it_swallows_its_neighbours() {
        let says = "expected a cell on one line; a quotation mark may have been left open";
        check("key,name,note\na,b,\"c\nd,e,f\n", &[&format!("line 2, column 3 (note): {says}")]);
        check("key,name,note\na,b,\"c\nd,e,\"f\ng,h,i\n", &[&format!("line 2, column 3 (note): {says}"), "4:g|h|i"]);
    }

    #[test]
    fn a_line_has_the_cells_of_its_header() {
        check(
            "key,name,note\na,b\nc,d,e\nf,g,h,i\nj,k,l,\n",
            &[
                "line 2, column 3 (note): found nothing, expected the 3 columns of the header",
                "3:c|d|e",
                "line 4, column 4: found `i`, expected the 3 columns of the header",
                "5:j|k|l",
            ],
        );
        let long = "x".repeat(MAX_CELL_BYTES + 1);
        assert!(lines(&format!("key,name\n{long},b\n"))[0].ends_with("expected at most 1000 bytes"));
    }

    #[test]
    fn a_file_that_is_exported_may_have_other_columns_and_breaks_in_names_and_loses_no_line_to_an_open_quote() {
        let columns = [Column::required("Key"), Column::optional("Name").with_breaks(), Column::optional("note")];
        let lines = |text: &str| {
            let mut told = Vec::new();
            let faults = read_exported(text, &columns, |line| {
                told.push(match line {
                    Ok(line) => {
                        let cells = columns.each_ref().map(|column| line.cell(column));
                        format!("{}:{}", line.number, cells.join("|"))
                    }
                    Err(fault) => fault.to_string(),
                });
            });
            told.extend(faults.err().unwrap_or_default().iter().map(ToString::to_string));
            told
        };
        assert_eq!(lines("more,NAME,key\n1,\"a\nb\",c\n,d,e\n"), ["2:c|a\nb|", "4:e|d|"]);
        assert_eq!(lines("more,key\n\"1\n2\",c\n"), ["2:c||"]);
        let says =
            |place: &str| format!("{place}: expected a cell on one line; a quotation mark may have been left open");
        assert_eq!(lines("name,key\na,\"c\nd\"\n"), [says("line 2, column 2 (Key)")]);
        assert_eq!(lines("key,name\na,\"b\nc,d\ne,f\n"), [says("line 2, column 2 (Name)")]);
        assert_eq!(lines("key,more\na,\"b\nc,d\n"), [says("line 2, column 2")]);
        assert_eq!(
            lines("name\na\n"),
            ["line 1, column 2 (Key): found nothing, expected this column, which is missing in the header"]
        );
        assert!(has_needed("x,KEY\n", &columns) && !has_needed("name,note\n", &columns) && !has_needed("", &columns));
        assert_eq!(left_out("x,KEY,,Y\n", &columns), ["x", "y"]);
    }

    #[test]
    fn a_header_names_every_column_that_is_needed_once_and_no_other() {
        check(
            "key,e-mail,key\na,b,c\n",
            &[
                "line 1, column 2: found `e-mail`, expected one of the columns key, name, note",
                "line 1, column 3 (key): found `key`, expected each column once",
                "line 1, column 4 (name): found nothing, expected this column, which is missing in the header",
            ],
        );
        check("key,,name\na,,b\n", &["line 1, column 2: found nothing, expected one of the columns key, name, note"]);
        check(
            "2025-10-03,ada@example.com\n",
            &[
                "line 1, column 1: found `2025-10-03`, expected one of the columns key, name, note",
                "line 1, column 2: expected one of the columns key, name, note",
                "line 1, column 3 (key): found nothing, expected this column, which is missing in the header",
                "line 1, column 3 (name): found nothing, expected this column, which is missing in the header",
            ],
        );
    }
}
