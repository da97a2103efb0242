//! What is particular to each vendor: how it is asked, and how its records read.

mod address;
mod amount;
pub mod anthropic;
mod count;
pub mod cursor;
pub mod expected;
mod text;
pub mod upload;

pub use address::Address;
pub(crate) use address::normalized as normalized_address;
pub use amount::Amount;
pub use count::{Count, Tally};
pub use text::{Flag, Label, Text};
