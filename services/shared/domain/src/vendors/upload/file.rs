//! What the files have in common: their limits, and what becomes of a line or a header that does not read.

use crate::report::Fault;
use crate::rows::{Output, PageContext, Position};

/// Days that a file may reach over. A merge names each of them in a script, and BigQuery takes one megabyte of it.
pub const MAX_DAYS: u32 = 1500;

/// The header is right, and nothing is under it.
pub fn no_data(text: &str) -> Fault {
    let header =
        1 + text.bytes().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|byte| *byte == b'\n').count();
    Fault::of_line(header as u64 + 1, Some("nothing".into()), "a line of data under the header")
}

/// A line that was accepted when the file came, and that this program does not read.
pub fn reject(page: &PageContext<'_>, faults: &[Fault], output: &mut Output<'_>) {
    let Some(first) = faults.first() else { return };
    let reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
    output.reject(page, Position::InLine(first.line), None, &reasons.join("; "));
}

/// What is wrong with a header, without a word of it: the words go into logs.
pub fn without_content(faults: &[Fault]) -> String {
    let places: Vec<String> = faults.iter().map(Fault::place).collect();
    format!("its header is not the one that this program reads: {}", places.join("; "))
}
