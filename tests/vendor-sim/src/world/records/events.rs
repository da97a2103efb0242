//! One usage event of Cursor's.
//!
//! Owns its fields. It must never make one up or put a price on it.

use rust_decimal::Decimal;

/// Why an event was or was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// On demand, over the included usage.
    UsageBased,
    Included,
    ErroredNotCharged,
    /// The model is paid with the customer's own key.
    OwnKey,
}

/// One request to a model. It has no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorEvent {
    pub timestamp_ms: i64,
    pub user_id: u64,
    pub user_email: String,
    pub conversation_id: Option<String>,
    pub model: String,
    pub kind: EventKind,
    pub max_mode: bool,
    pub is_headless: bool,
    /// Request units, not money; none for an event that failed.
    pub requests_costs: Option<Decimal>,
    /// None for an event that is not counted in tokens.
    pub token_usage: Option<EventTokens>,
    /// Fractional cents for the whole event, fee included, for included usage too.
    pub charged_cents: Decimal,
    /// In cents, part of `charged_cents`.
    pub token_fee_cents: Option<Decimal>,
}

/// The tokens of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTokens {
    pub input: u64,
    pub output: u64,
    pub cache_write: u64,
    pub cache_read: u64,
    /// What the model costs, before discount and fee.
    pub total_cents: Decimal,
    pub discount_percent_off: Option<u32>,
}
