//! What is particular to each vendor: how it is asked, and how its records read.

mod amount;
pub mod anthropic;
mod count;
pub mod cursor;
pub mod expected;
mod text;
pub mod upload;

pub(crate) use crate::rows::without_content;
pub use amount::Amount;
pub use count::{Count, Tally};
pub(crate) use text::lower_case;
pub use text::{Flag, Label, Text};
