//! Pieces of Rust text, laid out as `rustfmt` would.

/// Letters in a line of a comment, its indentation not counted.
const COMMENT_WIDTH: usize = 92;

/// A doc comment of as many lines as it takes.
pub fn doc(text: &str, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("invariant: there is a line");
        if !line.is_empty() && line.len() + 1 + word.len() > COMMENT_WIDTH {
            lines.push(word.to_owned());
        } else {
            *line = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        }
    }
    lines.iter().map(|line| format!("{indent}/// {line}\n")).collect()
}

/// `["a", "b"]`, the inside of it.
pub fn texts(values: &[String]) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ")
}

/// A literal over several lines, as they are.
pub fn raw(text: &str) -> String {
    format!("r##\"{text}\"##")
}

/// `batch_merged` to `BATCH_MERGED`.
pub fn constant(name: &str) -> String {
    name.to_uppercase()
}

/// A name in upper camel case.
pub fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A name in snake case that is no keyword.
pub fn is_field_name(name: &str) -> bool {
    let letters = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    letters && name.starts_with(|c: char| c.is_ascii_lowercase()) && !KEYWORDS.contains(&name)
}

/// Those of the language's words that a column might be named by.
const KEYWORDS: [&str; 43] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type",
];
