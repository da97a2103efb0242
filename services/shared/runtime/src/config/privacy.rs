//! Whom reports show.

use super::text::{Form, found};

/// Whether a report names people, or teams alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PeopleShown {
    #[default]
    Names,
    Teams,
}

impl Form for PeopleShown {
    const EXPECTED: &'static str = "\"names\" or \"teams\"";

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "names" => Ok(Self::Names),
            "teams" => Ok(Self::Teams),
            _ => Err(found(text)),
        }
    }
}
