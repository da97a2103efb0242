//! What is particular to each vendor: how it is asked, and how its records read.

pub mod anthropic;
mod count;
pub mod cursor;
mod text;
pub mod upload;

pub use count::Count;
pub use text::Text;
pub(crate) use text::lower_case;

/// What is wrong with a page, without a word of the page itself: it may name people, and the words go into logs.
pub(crate) fn without_content(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "a value of another type, or a field that is missing",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Io | serde_json::error::Category::Syntax => "it is not JSON",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}
