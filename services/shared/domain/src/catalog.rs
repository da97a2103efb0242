//! The one list of reports. What the program knows of a report stands in that report's own module.

use std::cmp::Ordering;
use std::str::FromStr;

use crate::source::Source;
use crate::vendor::Vendor;
use crate::vendors::{anthropic, cursor, upload};

impl Source {
    /// Every report, in the order in which they are shown.
    pub const ALL: &'static [Self] = &[
        anthropic::cost_report::SOURCE,
        anthropic::cost_totals::SOURCE,
        anthropic::usage_messages::SOURCE,
        anthropic::claude_code::SOURCE,
        anthropic::analytics_cost::SOURCE,
        anthropic::analytics_usage::SOURCE,
        anthropic::workspaces::SOURCE,
        anthropic::api_keys::SOURCE,
        anthropic::users::SOURCE,
        cursor::daily_usage::SOURCE,
        cursor::usage_events::SOURCE,
        cursor::spend::SOURCE,
        cursor::members::SOURCE,
        upload::claude_usage::SOURCE,
        upload::api_key_owners::SOURCE,
        upload::claude_spend::SOURCE,
        upload::claude_console_cost::SOURCE,
        upload::cursor_usage::SOURCE,
        upload::people::SOURCE,
    ];

    fn place(self) -> Option<usize> {
        Self::ALL.iter().position(|source| *source == self)
    }
}

impl Vendor {
    /// The sources that its API is asked for.
    pub fn sources(self) -> impl Iterator<Item = Source> {
        Source::ALL.iter().copied().filter(move |source| source.vendor() == self && source.is_asked())
    }
}

impl Ord for Source {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.place(), self.name()).cmp(&(other.place(), other.name()))
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The text names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown source `{0}`; known are {known}", known = known_names())]
pub struct UnknownSource(pub String);

fn known_names() -> String {
    Source::ALL.iter().map(|source| source.name()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::ALL.iter().copied().find(|source| source.name() == text).ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
