//! The names of Cursor's plans, as they are written.

use super::text::{Form, found};

/// How a plan charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlanName {
    Request,
    Token,
}

impl Form for PlanName {
    const EXPECTED: &'static str = "\"request\" or \"token\"";

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "request" => Ok(Self::Request),
            "token" => Ok(Self::Token),
            _ => Err(found(text)),
        }
    }
}
