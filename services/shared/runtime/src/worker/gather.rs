//! How events come together before they are handled, of which a warehouse has its own idea.

use std::time::Duration;

/// How many events a handler gets at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gather {
    pub max: usize,
    /// How long to wait for more after the first; well below a lease.
    pub linger: Duration,
}

impl Gather {
    pub const ONE: Self = Self { max: 1, linger: Duration::ZERO };
}
