//! Files that a person imports: how one is checked before it is stored.

use everycent_schemas::Day;

use super::fault::{self, Faults};
use crate::window::Window;

/// How a file of one report is checked. What is stored is read by the same code once more.
#[derive(Debug)]
pub struct Import {
    /// Reads all of a file that is imported today.
    pub check: fn(text: &str, today: Day) -> Result<Contents, Faults>,
    /// A header and one line, which can be imported as they are.
    pub template: &'static str,
    /// What stands for the account of every file, where it is of no vendor's account but of the whole company.
    pub account: Option<&'static str>,
}

/// What a file without fault says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// The days that it is the truth of.
    pub window: Window,
    /// Lines of data.
    pub lines: u64,
}

impl Import {
    /// Reads all of a file that is imported today.
    pub fn check(&self, file: &[u8], today: Day) -> Result<Contents, Faults> {
        (self.check)(Self::text(file)?, today)
    }

    /// The file as text; every file is one in UTF-8.
    pub fn text(file: &[u8]) -> Result<&str, Faults> {
        std::str::from_utf8(file).map_err(|e| Faults::one(fault::not_text(&file[..e.valid_up_to()])))
    }
}
