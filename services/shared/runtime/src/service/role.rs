//! What the services differ in before they work.

/// One of the services, in words for its `--help`.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// What it reads, what it does and what it leaves behind.
    pub details: &'static str,
}
