//! One amount of Claude cost.
//!
//! Owns the fields of a row. It must never sum, round or group.

use rust_decimal::Decimal;

/// One row of a day's cost at the finest grouping: by workspace and description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostRow {
    /// None is the default workspace.
    pub workspace_id: Option<String>,
    pub description: String,
    pub cost_type: String,
    pub model: Option<String>,
    pub token_type: Option<String>,
    pub context_window: Option<String>,
    pub service_tier: Option<String>,
    pub inference_geo: Option<String>,
    /// Whether the fast mode was used. No report of tokens tells it but one that is asked by speed.
    pub is_fast: bool,
    /// Fractional cents; the API says it with just this number of decimals.
    pub amount_cents: Decimal,
}

impl CostRow {
    /// Whether it takes money off the bill: nobody used it, so the analytics do not know it.
    pub fn is_credit(&self) -> bool {
        self.amount_cents.is_sign_negative() && !self.amount_cents.is_zero()
    }
}
