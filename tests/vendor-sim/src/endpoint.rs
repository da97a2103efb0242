//! The endpoints that the simulator answers, by name, method and path.
//!
//! Owns the one table of them. It must never know what an endpoint answers.

use std::fmt;

use strum::VariantArray;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum Endpoint {
    /// `GET /v1/organizations/me`
    AnthropicMe,
    /// `GET /v1/organizations/cost_report`
    AnthropicCostReport,
    /// `GET /v1/organizations/usage_report/messages`
    AnthropicUsageMessages,
    /// `GET /v1/organizations/usage_report/claude_code`
    AnthropicClaudeCode,
    /// `GET /v1/organizations/analytics/cost`
    AnthropicAnalyticsCost,
    /// `GET /v1/organizations/analytics/usage`
    AnthropicAnalyticsUsage,
    /// `GET /v1/organizations/analytics/users`
    AnthropicAnalyticsUsers,
    /// `GET /v1/organizations/workspaces`
    AnthropicWorkspaces,
    /// `GET /v1/organizations/api_keys`
    AnthropicApiKeys,
    /// `GET /v1/organizations/users`
    AnthropicUsers,
    /// `POST /teams/daily-usage-data`
    CursorDailyUsageData,
    /// `POST /teams/filtered-usage-events`
    CursorUsageEvents,
    /// `POST /teams/spend`
    CursorSpend,
    /// `GET /teams/members`
    CursorMembers,
}

impl Endpoint {
    pub const ALL: &'static [Endpoint] = Self::VARIANTS;

    /// The name used on the command line and in request records.
    pub fn name(self) -> &'static str {
        self.entry().0
    }

    pub fn named(name: &str) -> Option<Endpoint> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }

    pub(crate) fn find(method: &str, path: &str) -> Option<Endpoint> {
        Self::ALL.iter().copied().find(|known| known.method() == method && known.path() == path)
    }

    pub(crate) fn vendor(self) -> Vendor {
        Vendor::of_path(self.path())
    }

    pub(crate) fn is_of_analytics(self) -> bool {
        let analytics =
            [Endpoint::AnthropicAnalyticsCost, Endpoint::AnthropicAnalyticsUsage, Endpoint::AnthropicAnalyticsUsers];
        analytics.contains(&self)
    }

    fn method(self) -> &'static str {
        self.entry().1
    }

    fn path(self) -> &'static str {
        self.entry().2
    }

    /// Name, method and path.
    fn entry(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Endpoint::AnthropicMe => ("anthropic/me", "GET", "/v1/organizations/me"),
            Endpoint::AnthropicCostReport => ("anthropic/cost_report", "GET", "/v1/organizations/cost_report"),
            Endpoint::AnthropicUsageMessages => {
                ("anthropic/usage_messages", "GET", "/v1/organizations/usage_report/messages")
            }
            Endpoint::AnthropicClaudeCode => {
                ("anthropic/claude_code", "GET", "/v1/organizations/usage_report/claude_code")
            }
            Endpoint::AnthropicAnalyticsCost => ("anthropic/analytics_cost", "GET", "/v1/organizations/analytics/cost"),
            Endpoint::AnthropicAnalyticsUsage => {
                ("anthropic/analytics_usage", "GET", "/v1/organizations/analytics/usage")
            }
            Endpoint::AnthropicAnalyticsUsers => {
                ("anthropic/analytics_users", "GET", "/v1/organizations/analytics/users")
            }
            Endpoint::AnthropicWorkspaces => ("anthropic/workspaces", "GET", "/v1/organizations/workspaces"),
            Endpoint::AnthropicApiKeys => ("anthropic/api_keys", "GET", "/v1/organizations/api_keys"),
            Endpoint::AnthropicUsers => ("anthropic/users", "GET", "/v1/organizations/users"),
            Endpoint::CursorDailyUsageData => ("cursor/daily-usage-data", "POST", "/teams/daily-usage-data"),
            Endpoint::CursorUsageEvents => ("cursor/usage-events", "POST", "/teams/filtered-usage-events"),
            Endpoint::CursorSpend => ("cursor/spend", "POST", "/teams/spend"),
            Endpoint::CursorMembers => ("cursor/members", "GET", "/teams/members"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
