//! Where in an answer the parts are that faults change.
//!
//! Owns the one table of them. It must never change an answer.

use crate::endpoint::Endpoint;

/// The form of an endpoint's answer. Paths within a record are JSON pointers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// The field that holds the records, or the buckets of records.
    pub list: &'static str,
    pub has_buckets: bool,
    pub is_paged: bool,
    /// The field that names the day of a record or bucket.
    pub day: Option<&'static str>,
    pub amount: Option<&'static str>,
    /// Whether the amount is rightly a text.
    pub amount_is_text: bool,
    pub count: Option<&'static str>,
    /// The object within a record that holds the tokens written to the cache.
    pub cache_creation_in: Option<&'static str>,
    /// Values that the vendor may add one day.
    pub unknown: &'static [(&'static str, &'static str)],
    /// Fields beside identity and money, which may be odd.
    pub odd: &'static [&'static str],
}

const PLAIN: Form = Form {
    list: "data",
    has_buckets: false,
    is_paged: true,
    day: None,
    amount: None,
    amount_is_text: false,
    count: None,
    cache_creation_in: None,
    unknown: &[],
    odd: &[],
};

impl Form {
    /// The field of a record that a hostile value is put into.
    pub(super) fn hostile(&self) -> Option<&'static str> {
        self.amount.or(self.count).or_else(|| self.odd.first().copied())
    }

    pub(super) fn of(endpoint: Endpoint) -> Form {
        match endpoint {
            Endpoint::AnthropicMe => Form { is_paged: false, ..PLAIN },
            Endpoint::AnthropicCostReport => Form {
                has_buckets: true,
                day: Some("starting_at"),
                amount: Some("/amount"),
                amount_is_text: true,
                unknown: &[
                    ("/cost_type", "dream_time"),
                    ("/token_type", "dreamt_tokens"),
                    ("/service_tier", "priority_on_demand"),
                    ("/context_window", "1M-10M"),
                    ("/inference_geo", "moon"),
                ],
                odd: &[
                    "/description",
                    "/cost_type",
                    "/model",
                    "/token_type",
                    "/service_tier",
                    "/context_window",
                    "/inference_geo",
                ],
                ..PLAIN
            },
            Endpoint::AnthropicUsageMessages => Form {
                has_buckets: true,
                day: Some("starting_at"),
                count: Some("/output_tokens"),
                cache_creation_in: Some(""),
                unknown: &[
                    ("/model", "claude-of-tomorrow"),
                    ("/service_tier", "flex_discount"),
                    ("/context_window", "1M-10M"),
                    ("/inference_geo", "moon"),
                ],
                odd: &["/model", "/service_tier", "/context_window", "/server_tool_use"],
                ..PLAIN
            },
            Endpoint::AnthropicClaudeCode => Form {
                day: Some("date"),
                amount: Some("/model_breakdown/0/estimated_cost/amount"),
                count: Some("/core_metrics/num_sessions"),
                unknown: &[
                    ("/customer_type", "dreamt"),
                    ("/terminal_type", "terminal-of-tomorrow"),
                    ("/model_breakdown/0/model", "claude-of-tomorrow"),
                ],
                odd: &["/core_metrics/num_sessions", "/terminal_type", "/is_remote", "/tool_actions"],
                ..PLAIN
            },
            Endpoint::AnthropicAnalyticsCost => Form {
                day: Some("starting_at"),
                amount: Some("/cost/amount"),
                amount_is_text: true,
                unknown: &[
                    ("/group/product", "claude_dreams"),
                    ("/group/cost_type", "dream_time"),
                    ("/group/model", "claude-of-tomorrow"),
                    ("/group/actor/type", "dream_actor"),
                ],
                odd: &["/group/actor/name", "/group/actor/email_address", "/cost/list_amount", "/cost/requests"],
                ..PLAIN
            },
            Endpoint::AnthropicAnalyticsUsage => Form {
                day: Some("starting_at"),
                count: Some("/usage/output_tokens"),
                cache_creation_in: Some("/usage"),
                unknown: &[
                    ("/group/product", "claude_dreams"),
                    ("/group/model", "claude-of-tomorrow"),
                    ("/group/actor/type", "dream_actor"),
                    ("/group/service_tier", "flex_discount"),
                    ("/group/context_window", "1M-10M"),
                    ("/group/inference_geo", "moon"),
                    ("/group/speed", "leisurely"),
                ],
                odd: &["/group/actor/name", "/usage/requests", "/usage/total_tokens"],
                ..PLAIN
            },
            Endpoint::AnthropicAnalyticsUsers => {
                Form { count: Some("/chat_metrics/message_count"), odd: &["/chat_metrics/message_count"], ..PLAIN }
            }
            Endpoint::AnthropicWorkspaces => {
                Form { unknown: &[("/data_residency/workspace_geo", "moon")], odd: &["/name", "/created_at"], ..PLAIN }
            }
            Endpoint::AnthropicApiKeys => {
                Form { unknown: &[("/status", "dormant")], odd: &["/name", "/created_at"], ..PLAIN }
            }
            Endpoint::AnthropicUsers => {
                Form { unknown: &[("/role", "dreamer")], odd: &["/name", "/added_at"], ..PLAIN }
            }
            Endpoint::CursorDailyUsageData => Form {
                day: Some("day"),
                count: Some("/agentRequests"),
                unknown: &[("/mostUsedModel", "model-of-tomorrow"), ("/clientVersion", "nightly")],
                odd: &["/agentRequests", "/totalLinesAdded", "/isActive", "/clientVersion"],
                ..PLAIN
            },
            Endpoint::CursorUsageEvents => Form {
                list: "usageEvents",
                day: Some("timestamp"),
                amount: Some("/chargedCents"),
                count: Some("/tokenUsage/inputTokens"),
                unknown: &[("/kind", "Dreamt, Not Charged"), ("/model", "model-of-tomorrow")],
                odd: &["/model", "/maxMode", "/isHeadless", "/tokenUsage/inputTokens"],
                ..PLAIN
            },
            Endpoint::CursorSpend => Form {
                list: "teamMemberSpend",
                amount: Some("/spendCents"),
                count: Some("/fastPremiumRequests"),
                unknown: &[("/role", "dreamer")],
                odd: &["/name", "/fastPremiumRequests", "/monthlyLimitDollars"],
                ..PLAIN
            },
            Endpoint::CursorMembers => Form {
                list: "teamMembers",
                is_paged: false,
                unknown: &[("/role", "dreamer")],
                odd: &["/name", "/isRemoved"],
                ..PLAIN
            },
        }
    }
}
