//! Accounts: what the key of each opens, since when, and what became of it.
//!
//! All that is known of a vendor's accounts is a list of entries. Each is decided on what the ones before it say, and is
//! stored under the next number, which only one writer gets. So two fetchers that bind at the same time agree, and the
//! stored answers together with these entries rebuild everything. No entry holds a key or an address.

mod admission;
mod book;
mod entry;
mod opened;
mod refusal;

pub use admission::{Surroundings, admit};
pub use book::{Book, Standing, State};
pub use entry::{Change, Entry, InvalidEntry};
pub use opened::{Opened, request};
pub use refusal::Refusal;
