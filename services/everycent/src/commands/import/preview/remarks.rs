//! Remarks below the figures of a preview.

use crate::show;

/// The first of them as text, and how many more there are.
pub(super) fn shown<T>(all: &[T], most: usize, text: impl Fn(&T) -> String) -> Vec<String> {
    let more = all.len().saturating_sub(most);
    let more = (more > 0).then(|| format!("and {more} more; --json has them"));
    all.iter().take(most).map(text).chain(more).collect()
}

/// Remarks below the figures, a line each.
pub(super) fn remarks_text(remarks: &[String]) -> String {
    let lines: String = remarks.iter().map(|remark| format!("  {}\n", show::word(remark))).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}
