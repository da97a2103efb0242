//! Attribution rules and prices, as written. What they mean is for the domain to say.

use everycent_schemas::Day;

use super::text::{Form, found};

/// The platforms that a rule may name.
pub const PLATFORMS: [&str; 5] = ["claude.ai", "claude_code", "claude_api", "cursor", "unattributed"];

/// A rule: a row that meets every condition given belongs to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributionRule {
    /// Becomes the row's `platform_basis`; unique.
    pub id: String,
    /// One of [`PLATFORMS`].
    pub platform: String,
    /// `default` is the default workspace.
    pub workspace_id: Option<String>,
    pub description_contains: Option<String>,
    pub model_prefix: Option<String>,
    pub cost_type: Option<String>,
    pub service_tier: Option<String>,
    pub api_key_id: Option<String>,
    pub product: Option<String>,
}

/// What a Cursor request over the included ones costs, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorPrice {
    pub from: Day,
    /// Dollars as exact text: digits, at most one point, at most 9 decimals.
    pub request_usd: String,
}

/// The name of a platform.
#[derive(Debug, Clone)]
pub(super) struct Platform(pub(super) String);

impl Form for Platform {
    const EXPECTED: &'static str = "claude.ai, claude_code, claude_api, cursor or unattributed";

    fn read(text: &str) -> Result<Self, String> {
        if PLATFORMS.contains(&text) { Ok(Self(text.to_owned())) } else { Err(found(text)) }
    }
}
