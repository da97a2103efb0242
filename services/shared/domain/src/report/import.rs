//! Files that a person imports: how one is checked before it is stored.

use everycent_schemas::Day;

use super::fault::{self, Faults};
use crate::window::Window;

/// How a file of one report is checked. What is stored is read by the same code once more.
#[derive(Debug)]
pub struct Import {
    /// Reads all of a file.
    pub check: fn(text: &str, occasion: Occasion) -> Result<Contents, Faults>,
    /// Whether a header is one of this kind, whatever lies below it.
    pub is_like: fn(text: &str) -> bool,
    /// A header and one line, which can be imported as they are.
    pub template: &'static str,
    /// What stands for the account of every file, where it is of no vendor's account but of the whole company.
    pub account: Option<&'static str>,
}

/// What is known of a file besides what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// The day of the import.
    pub today: Day,
    /// The days that a file without dates was exported for.
    pub period: Option<Window>,
}

impl Occasion {
    /// The import of a file that has its dates in it.
    pub fn of(today: Day) -> Self {
        Self { today, period: None }
    }
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
    /// Reads all of a file.
    pub fn check(&self, file: &[u8], occasion: Occasion) -> Result<Contents, Faults> {
        (self.check)(Self::text(file)?, occasion)
    }

    /// The file as text; every file is one in UTF-8.
    pub fn text(file: &[u8]) -> Result<&str, Faults> {
        std::str::from_utf8(file).map_err(|e| Faults::one(fault::not_text(&file[..e.valid_up_to()])))
    }
}
