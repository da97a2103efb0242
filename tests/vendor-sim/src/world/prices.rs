//! Models with their list prices, and the cost rows that use of them leads to.
//!
//! Owns how a made-up amount comes about. It must never use a float.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use strum::VariantArray;

use super::CostRow;

/// A model with its list price in cents per million tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub id: &'static str,
    pub name: &'static str,
    pub input_cents: i64,
    pub output_cents: i64,
}

pub(crate) const SONNET_4_5: Model =
    Model { id: "claude-sonnet-4-5-20250929", name: "Claude Sonnet 4.5", input_cents: 300, output_cents: 1_500 };
pub(crate) const OPUS_4_1: Model =
    Model { id: "claude-opus-4-1-20250805", name: "Claude Opus 4.1", input_cents: 1_500, output_cents: 7_500 };
pub(crate) const OPUS_4_6: Model =
    Model { id: "claude-opus-4-6", name: "Claude Opus 4.6", input_cents: 500, output_cents: 2_500 };
pub(crate) const HAIKU_3_5: Model =
    Model { id: "claude-3-5-haiku-20241022", name: "Claude Haiku 3.5", input_cents: 80, output_cents: 400 };
pub(crate) const HAIKU_4_5: Model =
    Model { id: "claude-haiku-4-5-20251001", name: "Claude Haiku 4.5", input_cents: 100, output_cents: 500 };

/// How many times as much the fast mode costs.
const FAST_TIMES: i64 = 6;

const MODELS: [Model; 5] = [SONNET_4_5, OPUS_4_1, OPUS_4_6, HAIKU_3_5, HAIKU_4_5];

#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub(crate) enum Tokens {
    Input,
    Output,
    CacheRead,
    CacheWrite5m,
    CacheWrite1h,
}

impl Tokens {
    pub(crate) const ALL: &'static [Tokens] = Self::VARIANTS;

    fn api_name(self) -> &'static str {
        match self {
            Tokens::Input => "uncached_input_tokens",
            Tokens::Output => "output_tokens",
            Tokens::CacheRead => "cache_read_input_tokens",
            Tokens::CacheWrite5m => "cache_creation.ephemeral_5m_input_tokens",
            Tokens::CacheWrite1h => "cache_creation.ephemeral_1h_input_tokens",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Tokens::Input => "Input Tokens",
            Tokens::Output => "Output Tokens",
            Tokens::CacheRead => "Input Tokens, Cache Read",
            Tokens::CacheWrite5m => "Input Tokens, Cache Write",
            Tokens::CacheWrite1h => "Input Tokens, Cache Write (1h)",
        }
    }
}

/// One kind of token use: what a cost row of tokens is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub model: Model,
    pub tokens: Tokens,
    pub batch: bool,
    pub long_context: bool,
    pub fast: bool,
    /// Whether the model runs in the United States only.
    pub in_us: bool,
}

impl Line {
    pub(crate) const fn new(model: Model, tokens: Tokens) -> Line {
        Line { model, tokens, batch: false, long_context: false, fast: false, in_us: false }
    }

    pub(crate) const fn batch(model: Model, tokens: Tokens) -> Line {
        Line { batch: true, ..Line::new(model, tokens) }
    }

    pub(crate) const fn long(model: Model, tokens: Tokens) -> Line {
        Line { long_context: true, ..Line::new(model, tokens) }
    }

    /// What a row is about; none if it is not about tokens of a known model.
    pub(crate) fn of(row: &CostRow) -> Option<Line> {
        Some(Line {
            model: MODELS.into_iter().find(|model| row.model.as_deref() == Some(model.id))?,
            tokens: Tokens::ALL.iter().copied().find(|tokens| row.token_type.as_deref() == Some(tokens.api_name()))?,
            batch: row.service_tier.as_deref() == Some("batch"),
            long_context: row.context_window.as_deref() == Some("200k-1M"),
            fast: row.is_fast,
            in_us: row.inference_geo.as_deref() == Some("us"),
        })
    }

    /// How many tokens cost this at list price.
    pub(crate) fn tokens_for(&self, amount_cents: Decimal) -> u64 {
        let tokens = amount_cents / Decimal::new(self.millicents_per_million(), 9);
        tokens.round().to_u64().unwrap_or_default()
    }

    /// The list price of so many tokens, in cents, to five decimals.
    pub(crate) fn price(&self, tokens: u64) -> Decimal {
        let cost = Decimal::from(tokens) * Decimal::new(self.millicents_per_million(), 9);
        cost.round_dp(5).normalize()
    }

    pub(crate) fn row(&self, workspace_id: Option<&str>, amount_cents: Decimal) -> CostRow {
        CostRow {
            workspace_id: workspace_id.map(str::to_owned),
            description: self.description(),
            cost_type: "tokens".to_owned(),
            model: Some(self.model.id.to_owned()),
            token_type: Some(self.tokens.api_name().to_owned()),
            context_window: Some(if self.long_context { "200k-1M" } else { "0-200k" }.to_owned()),
            service_tier: Some(if self.batch { "batch" } else { "standard" }.to_owned()),
            inference_geo: Some(self.geo().to_owned()),
            is_fast: self.fast,
            amount_cents,
        }
    }

    fn description(&self) -> String {
        let context = if self.long_context { " (Long Context)" } else { "" };
        let tier = if self.batch { " (Batch)" } else { "" };
        let speed = if self.fast { " (Fast)" } else { "" };
        let place = if self.in_us { " (US)" } else { "" };
        format!("{} Usage - {}{context}{tier}{speed}{place}", self.model.name, self.tokens.label())
    }

    /// Models from before Opus 4.6 have no geography, and no fast mode.
    fn geo(&self) -> &'static str {
        match (self.model.id == OPUS_4_6.id, self.in_us) {
            (true, true) => "us",
            (true, false) => "global",
            (false, _) => "not_available",
        }
    }

    fn millicents_per_million(&self) -> i64 {
        let Model { input_cents, output_cents, .. } = self.model;
        let base = match self.tokens {
            Tokens::Input => input_cents * 1_000,
            Tokens::Output => output_cents * 1_000,
            Tokens::CacheRead => input_cents * 100,
            Tokens::CacheWrite5m => input_cents * 1_250,
            Tokens::CacheWrite1h => input_cents * 2_000,
        };
        let tier = if self.batch { base / 2 } else { base };
        let tier = if self.fast { tier * FAST_TIMES } else { tier };
        let tier = if self.in_us { tier * 11 / 10 } else { tier };
        match (self.long_context, self.tokens) {
            (false, _) => tier,
            (true, Tokens::Output) => tier * 3 / 2,
            (true, _) => tier * 2,
        }
    }
}

impl CostRow {
    /// A row of the default workspace that is not about tokens: `web_search`, `code_execution`, `session_usage`, or a
    /// `promotional_credit`, which is below zero.
    pub fn other(cost_type: &str, amount_cents: Decimal) -> CostRow {
        let description = match cost_type {
            "web_search" => "Web Search Usage",
            "code_execution" => "Code Execution Usage",
            "session_usage" => "Managed Agents Session Usage",
            "promotional_credit" => "Promotional Credit",
            unknown => unknown,
        };
        CostRow {
            workspace_id: None,
            description: description.to_owned(),
            cost_type: cost_type.to_owned(),
            model: None,
            token_type: None,
            context_window: None,
            service_tier: None,
            inference_geo: None,
            is_fast: false,
            amount_cents,
        }
    }

    /// The same row in another workspace.
    pub fn in_workspace(mut self, workspace_id: Option<&str>) -> CostRow {
        self.workspace_id = workspace_id.map(str::to_owned);
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(line: Line, tokens: u64, expected: &str) {
        assert_eq!(line.price(tokens), expected.parse::<Decimal>().unwrap(), "{line:?}");
        assert_eq!(line.tokens_for(line.price(tokens)), tokens, "{line:?}");
    }

    #[test]
    fn list_prices_are_cents() {
        check(Line::new(SONNET_4_5, Tokens::Input), 12_446, "3.7338");
        check(Line::new(SONNET_4_5, Tokens::Output), 19_314, "28.971");
        check(Line::new(SONNET_4_5, Tokens::CacheRead), 1_000_000, "30");
        check(Line::new(SONNET_4_5, Tokens::CacheWrite5m), 1_000_000, "375");
        check(Line::new(SONNET_4_5, Tokens::CacheWrite1h), 1_000_000, "600");
        check(Line::batch(HAIKU_4_5, Tokens::Output), 1_000_000, "250");
        check(Line::long(SONNET_4_5, Tokens::Input), 1_000_000, "600");
        check(Line::long(SONNET_4_5, Tokens::Output), 1_000_000, "2250");
        check(Line { fast: true, ..Line::new(OPUS_4_6, Tokens::Output) }, 1_000_000, "15000");
        check(Line { in_us: true, ..Line::new(OPUS_4_6, Tokens::Input) }, 1_000_000, "550");
        check(Line { in_us: true, fast: true, ..Line::new(OPUS_4_6, Tokens::CacheWrite5m) }, 1_000_000, "4125");
    }
}
