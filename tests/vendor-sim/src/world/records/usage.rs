//! What one member of the Cursor team did on one day.
//!
//! Owns the fields of the daily report. It must never make them up or encode them.

use std::borrow::Cow;

type Text = Option<Cow<'static, str>>;

/// What one member did on one day. All counts are zero and all texts absent on a day without use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CursorUsage {
    pub is_active: bool,
    pub total_lines_added: u64,
    pub total_lines_deleted: u64,
    pub accepted_lines_added: u64,
    pub accepted_lines_deleted: u64,
    pub total_applies: u64,
    pub total_accepts: u64,
    pub total_rejects: u64,
    pub total_tabs_shown: u64,
    pub total_tabs_accepted: u64,
    pub composer_requests: u64,
    pub chat_requests: u64,
    pub agent_requests: u64,
    pub cmdk_usages: u64,
    pub bugbot_usages: u64,
    pub subscription_included_reqs: u64,
    pub usage_based_reqs: u64,
    pub api_key_reqs: u64,
    pub most_used_model: Text,
    pub apply_most_used_extension: Text,
    pub tab_most_used_extension: Text,
    pub client_version: Text,
}
