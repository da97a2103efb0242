//! The endpoints that the simulator answers, by name, method and path.
//!
//! Owns the one table of them. It must never know what an endpoint answers.

use std::fmt;

/// Whose API a request is for; it decides the form of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    Anthropic,
    Cursor,
}

impl Vendor {
    pub(crate) fn of_path(path: &str) -> Vendor {
        if path.starts_with("/v1/") { Vendor::Anthropic } else { Vendor::Cursor }
    }
}

/// One endpoint of a vendor's admin API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `GET /v1/organizations/me`
    AnthropicMe,
    /// `GET /v1/organizations/cost_report`
    AnthropicCostReport,
    /// `POST /teams/daily-usage-data`
    CursorDailyUsageData,
}

impl Endpoint {
    pub const ALL: [Endpoint; 3] =
        [Endpoint::AnthropicMe, Endpoint::AnthropicCostReport, Endpoint::CursorDailyUsageData];

    /// The name used on the command line and in request records.
    pub fn name(self) -> &'static str {
        match self {
            Endpoint::AnthropicMe => "anthropic/me",
            Endpoint::AnthropicCostReport => "anthropic/cost_report",
            Endpoint::CursorDailyUsageData => "cursor/daily-usage-data",
        }
    }

    pub fn named(name: &str) -> Option<Endpoint> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    pub(crate) fn find(method: &str, path: &str) -> Option<Endpoint> {
        Self::ALL.into_iter().find(|known| known.method() == method && known.path() == path)
    }

    pub(crate) fn vendor(self) -> Vendor {
        Vendor::of_path(self.path())
    }

    fn method(self) -> &'static str {
        match self {
            Endpoint::AnthropicMe | Endpoint::AnthropicCostReport => "GET",
            Endpoint::CursorDailyUsageData => "POST",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Endpoint::AnthropicMe => "/v1/organizations/me",
            Endpoint::AnthropicCostReport => "/v1/organizations/cost_report",
            Endpoint::CursorDailyUsageData => "/teams/daily-usage-data",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
