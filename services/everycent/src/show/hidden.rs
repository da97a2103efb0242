//! Characters that a reader does not see, and that may move, paint or turn round what the reader does see. Names of keys,
//! workspaces and models, and the words of a vendor, may hold any of them.
//!
//! It escapes what is shown, never what is stored or compared.

use std::fmt::Write;

/// Text of one line: a line break is escaped as well, for it would begin a line that nobody wrote.
pub fn line(text: &str) -> String {
    escaped(text, |_| false, rust_escape)
}

/// Text of several lines, whose breaks were made by the program.
pub fn lines(text: &str) -> String {
    escaped(text, |c| c == '\n', rust_escape)
}

/// A JSON document, which has the same value afterwards: in it such a character stands in a text only.
pub fn json(document: &str) -> String {
    escaped(document, |c| c == '\n', json_escape)
}

fn escaped(text: &str, may_stay: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && !may_stay(c) { escape(c, &mut shown) } else { shown.push(c) }
    }
    shown
}

fn rust_escape(c: char, into: &mut String) {
    match c {
        '\t' | '\r' | '\n' => into.extend(c.escape_default()),
        _ => into.extend(c.escape_unicode()),
    }
}

fn json_escape(c: char, into: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(into, "\\u{unit:04x}").expect("invariant: text takes text");
    }
}

/// Controls, marks of direction, joiners, fillers, selectors and tags: everything without a form of its own but spaces.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_moves_paints_or_turns_round_is_shown_as_what_it_is() {
        for (text, shown) in [
            ("\u{1b}[2J\u{7}a\u{9b}2Jb", "\\u{1b}[2J\\u{7}a\\u{9b}2Jb"),
            ("ab\r\ncd\te", "ab\\r\\ncd\\te"),
            ("\u{202e}txt\u{2066}\u{200f}", "\\u{202e}txt\\u{2066}\\u{200f}"),
            ("a\u{200b}b\u{feff}\u{e0041}\u{2028}", "a\\u{200b}b\\u{feff}\\u{e0041}\\u{2028}"),
            ("Zoë, 東京, עברית, 🙂, 'x' \"y\" \\z", "Zoë, 東京, עברית, 🙂, 'x' \"y\" \\z"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(lines("a\nb\u{1b}\n"), "a\nb\\u{1b}\n");
    }

    #[test]
    fn a_json_document_keeps_its_values() {
        let value = serde_json::json!({ "name": "a\n\u{1b}[1m\u{9b}\u{202e}\u{e0041}é" });
        let shown = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!shown.chars().any(|c| is_hidden(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
