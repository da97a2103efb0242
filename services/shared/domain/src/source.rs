//! The sources: one report of one vendor, always asked in the same way.

use std::fmt;
use std::str::FromStr;

use everycent_schemas::{Day, Timestamp};

/// Who bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    Anthropic,
    Cursor,
}

impl Vendor {
    pub const ALL: [Self; 2] = [Self::Anthropic, Self::Cursor];

    pub fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Cursor => "cursor",
        }
    }

    pub fn sources(self) -> impl Iterator<Item = Source> {
        Source::ALL.into_iter().filter(move |source| source.vendor() == self)
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One report of one vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Claude cost, grouped by workspace and description: the fact.
    AnthropicCostReport,
    /// Claude cost, not grouped: the control total.
    AnthropicCostTotals,
    /// What each person did in Cursor each day.
    CursorDailyUsage,
}

/// What is known of a source before it is asked.
struct Facts {
    name: &'static str,
    vendor: Vendor,
    /// Days that one window may hold.
    window_days: u32,
    /// Days after which the vendor no longer restates a day.
    settling_days: u32,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::AnthropicCostReport, Self::AnthropicCostTotals, Self::CursorDailyUsage];

    fn facts(self) -> Facts {
        match self {
            Self::AnthropicCostReport => {
                Facts { name: "anthropic/cost_report", vendor: Vendor::Anthropic, window_days: 31, settling_days: 30 }
            }
            Self::AnthropicCostTotals => {
                Facts { name: "anthropic/cost_totals", vendor: Vendor::Anthropic, window_days: 31, settling_days: 30 }
            }
            Self::CursorDailyUsage => {
                Facts { name: "cursor/daily_usage", vendor: Vendor::Cursor, window_days: 30, settling_days: 7 }
            }
        }
    }

    pub fn name(self) -> &'static str {
        self.facts().name
    }

    pub fn vendor(self) -> Vendor {
        self.facts().vendor
    }

    pub fn window_days(self) -> u32 {
        self.facts().window_days
    }

    /// Whether an answer fetched at this time is the vendor's last word on the day.
    pub fn is_settled(self, day: Day, fetched_at: Timestamp) -> bool {
        fetched_at >= day.next().plus(self.facts().settling_days).start()
    }
}

/// The text names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown source `{0}`; known are {known}", known = known_names())]
pub struct UnknownSource(pub String);

fn known_names() -> String {
    Source::ALL.map(Source::name).join(", ")
}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::ALL.into_iter().find(|source| source.name() == text).ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_source_reads_as_it_prints_and_every_one_feeds_a_table() {
        for source in Source::ALL {
            assert_eq!(source.name().parse::<Source>().unwrap(), source);
            let fed = everycent_schemas::tables::fed_by(source.name()).count();
            assert!(fed >= 2, "{source} feeds {fed} tables, rejects included");
        }
        let error = "anthropic/cost".parse::<Source>().unwrap_err().to_string();
        assert!(error.contains("anthropic/cost_report, anthropic/cost_totals"), "{error}");
    }

    #[test]
    fn a_claude_day_settles_thirty_days_after_its_end() {
        let day: Day = "2025-10-03".parse().unwrap();
        let settled_at: Timestamp = "2025-11-03T00:00:00Z".parse().unwrap();
        let before = Timestamp::from_micros(settled_at.micros() - 1);
        assert!(Source::AnthropicCostReport.is_settled(day, settled_at));
        assert!(!Source::AnthropicCostReport.is_settled(day, before));
    }
}
