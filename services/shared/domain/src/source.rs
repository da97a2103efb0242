//! The sources: one report of one vendor, always asked in the same way.

use std::fmt;
use std::str::FromStr;

use everycent_schemas::tables::{self, Absence};
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

    /// The sources that its API is asked for.
    pub fn sources(self) -> impl Iterator<Item = Source> {
        Source::ALL.iter().copied().filter(move |source| source.vendor() == self && source.is_asked())
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
    /// Tokens of the Claude API, by key and workspace.
    AnthropicUsageMessages,
    /// What people do with Claude Code.
    AnthropicClaudeCode,
    /// Claude cost by product, person and key: the vendor's own attribution, and a control.
    AnthropicAnalyticsCost,
    AnthropicWorkspaces,
    AnthropicApiKeys,
    AnthropicUsers,
    /// What each person did in Cursor each day.
    CursorDailyUsage,
    /// Each event of use in Cursor, with its charge.
    CursorUsageEvents,
    /// What each person spent in Cursor's current billing cycle.
    CursorSpend,
    CursorMembers,
    /// Use of claude.ai, as a person keeps it.
    UploadClaudeUsage,
    /// Owners of API keys, as a person keeps them.
    UploadApiKeyOwners,
}

/// What a report tells of time, and so how it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Days, asked in windows.
    Days {
        /// Days that one window may hold.
        window_days: u32,
        /// Days after which the vendor no longer restates a day.
        settling_days: u32,
        /// The first day and the number of past days, today included, that the vendor answers at all.
        reach: Option<Reach>,
    },
    /// How things stand at the moment of asking. Its bucket is the day of the reading, its window that day alone.
    Now,
    /// A file, stored when a person imports it. It is never asked for.
    Import,
}

/// The days that a vendor answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Year, month and day.
    pub first: (i32, u32, u32),
    pub days: u32,
}

impl Reach {
    /// The first day that can be asked for today.
    fn first_day(self, today: Day) -> Day {
        let (year, month, day) = self.first;
        let first = Day::new(year, month, day).expect("invariant: a day of the calendar");
        first.max(today.minus(self.days - 1))
    }
}

const fn days(window_days: u32, settling_days: u32) -> Reading {
    Reading::Days { window_days, settling_days, reach: None }
}

impl Source {
    pub const ALL: &'static [Self] = &[
        Self::AnthropicCostReport,
        Self::AnthropicCostTotals,
        Self::AnthropicUsageMessages,
        Self::AnthropicClaudeCode,
        Self::AnthropicAnalyticsCost,
        Self::AnthropicWorkspaces,
        Self::AnthropicApiKeys,
        Self::AnthropicUsers,
        Self::CursorDailyUsage,
        Self::CursorUsageEvents,
        Self::CursorSpend,
        Self::CursorMembers,
        Self::UploadClaudeUsage,
        Self::UploadApiKeyOwners,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::AnthropicCostReport => "anthropic/cost_report",
            Self::AnthropicCostTotals => "anthropic/cost_totals",
            Self::AnthropicUsageMessages => "anthropic/usage_messages",
            Self::AnthropicClaudeCode => "anthropic/claude_code",
            Self::AnthropicAnalyticsCost => "anthropic/analytics_cost",
            Self::AnthropicWorkspaces => "anthropic/workspaces",
            Self::AnthropicApiKeys => "anthropic/api_keys",
            Self::AnthropicUsers => "anthropic/users",
            Self::CursorDailyUsage => "cursor/daily_usage",
            Self::CursorUsageEvents => "cursor/usage_events",
            Self::CursorSpend => "cursor/spend",
            Self::CursorMembers => "cursor/members",
            Self::UploadClaudeUsage => "upload/claude_usage",
            Self::UploadApiKeyOwners => "upload/api_key_owners",
        }
    }

    /// Whose bill it is about.
    pub fn vendor(self) -> Vendor {
        match self {
            Self::AnthropicCostReport
            | Self::AnthropicCostTotals
            | Self::AnthropicUsageMessages
            | Self::AnthropicClaudeCode
            | Self::AnthropicAnalyticsCost
            | Self::AnthropicWorkspaces
            | Self::AnthropicApiKeys
            | Self::AnthropicUsers
            | Self::UploadClaudeUsage
            | Self::UploadApiKeyOwners => Vendor::Anthropic,
            Self::CursorDailyUsage | Self::CursorUsageEvents | Self::CursorSpend | Self::CursorMembers => {
                Vendor::Cursor
            }
        }
    }

    pub fn reading(self) -> Reading {
        match self {
            Self::AnthropicCostReport | Self::AnthropicCostTotals => days(31, 30),
            // Four full pages of seven days.
            Self::AnthropicUsageMessages => days(28, 30),
            Self::AnthropicClaudeCode => days(1, 7),
            Self::AnthropicAnalyticsCost => Reading::Days {
                window_days: 31,
                settling_days: 30,
                reach: Some(Reach { first: (2026, 1, 1), days: 365 }),
            },
            // The vendor says nothing of how long it restates a day.
            Self::CursorDailyUsage | Self::CursorUsageEvents => days(30, 7),
            Self::AnthropicWorkspaces
            | Self::AnthropicApiKeys
            | Self::AnthropicUsers
            | Self::CursorSpend
            | Self::CursorMembers => Reading::Now,
            Self::UploadClaudeUsage | Self::UploadApiKeyOwners => Reading::Import,
        }
    }

    /// Whether a vendor's API is asked for it; if not, a person imports it.
    pub fn is_asked(self) -> bool {
        self.reading() != Reading::Import
    }

    /// Days that one window may hold.
    pub fn window_days(self) -> u32 {
        match self.reading() {
            Reading::Days { window_days, .. } => window_days,
            Reading::Now | Reading::Import => 1,
        }
    }

    /// Whether the day is worth asking for: the vendor answers it, and has all of it to tell if it tells no parts.
    pub fn reaches(self, day: Day, today: Day) -> bool {
        match self.reading() {
            Reading::Days { reach, .. } => {
                reach.is_none_or(|reach| reach.first_day(today) <= day) && (day < today || self.tells_parts_of_a_day())
            }
            Reading::Now => day == today,
            Reading::Import => false,
        }
    }

    /// Whether a day that is not over may be asked for. Feeds that are paged by record move until it is.
    fn tells_parts_of_a_day(self) -> bool {
        !matches!(self, Self::AnthropicClaudeCode | Self::AnthropicAnalyticsCost | Self::CursorUsageEvents)
    }

    /// Whether its rows stay in their tables when it no longer tells them, so that every answer of it matters.
    pub fn keeps_rows(self) -> bool {
        tables::fed_by(self.name()).any(|table| table.absence == Absence::Keep)
    }

    /// Whether an answer fetched at this time is the last word on the day. A reading of a moment always is.
    pub fn is_settled(self, day: Day, fetched_at: Timestamp) -> bool {
        match self.reading() {
            Reading::Days { settling_days, .. } => fetched_at >= day.next().plus(settling_days).start(),
            Reading::Now | Reading::Import => true,
        }
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
            assert_eq!(source.name().parse::<Source>().unwrap(), *source);
            let told_by = if source.is_asked() { source.vendor().name() } else { "upload" };
            assert!(source.name().starts_with(told_by), "{source}");
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
        assert!(Source::AnthropicWorkspaces.is_settled(day, day.start()));
    }

    #[test]
    fn directories_and_readings_of_spend_keep_their_rows() {
        let keeping: Vec<Source> = Source::ALL.iter().copied().filter(|source| source.keeps_rows()).collect();
        assert!(keeping.iter().all(|source| !matches!(source.reading(), Reading::Days { .. })), "{keeping:?}");
        assert!(Source::CursorSpend.keeps_rows() && !Source::CursorDailyUsage.keeps_rows());
    }

    #[test]
    fn a_source_is_not_asked_for_days_that_the_vendor_does_not_answer() {
        let reaches = |day: &str, today: &str| {
            Source::AnthropicAnalyticsCost.reaches(day.parse().unwrap(), today.parse().unwrap())
        };
        assert!(reaches("2026-01-01", "2026-11-22") && !reaches("2025-12-31", "2026-11-22"));
        assert!(reaches("2026-06-02", "2027-06-01") && !reaches("2026-06-01", "2027-06-01"));
        assert!(!reaches("2026-11-22", "2026-11-22") && reaches("2026-11-21", "2026-11-22"));
        assert!(Source::AnthropicCostReport.reaches("2020-01-01".parse().unwrap(), "2026-11-22".parse().unwrap()));
    }
}
