use rust_decimal::Decimal;

const TOKENS_PER_REQUEST: u64 = 2_000;

/// Who is named for a cost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// By the id of a user, who may have left.
    User(String),
    /// By the id of the key, which is all that is known.
    ApiKey(String),
}

/// The part of a cost row that one API key or the console has caused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostShare {
    /// None is the default workspace.
    pub workspace_id: Option<String>,
    /// None is the console.
    pub api_key_id: Option<String>,
    /// None if nobody can be named.
    pub actor: Option<Actor>,
    /// Such as `claude_code` or `messages_api`.
    pub product: String,
    pub cost_type: String,
    pub model: Option<String>,
    pub token_type: Option<String>,
    pub context_window: Option<String>,
    pub service_tier: Option<String>,
    pub inference_geo: Option<String>,
    pub is_fast: bool,
    pub tokens: u64,
    pub web_searches: u64,
    pub amount_cents: Decimal,
}

impl CostShare {
    /// How many requests were made for this: each is counted once, with the tokens that it put out.
    pub fn requests(&self) -> u64 {
        let is_output = self.token_type.as_deref() == Some("output_tokens");
        if is_output && self.tokens > 0 { 1 + self.tokens / TOKENS_PER_REQUEST } else { 0 }
    }
}
