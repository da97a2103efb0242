//! What is particular to each vendor: how it is asked, and how its records read.

pub mod anthropic;
pub mod cursor;
mod text;

pub use text::Text;
