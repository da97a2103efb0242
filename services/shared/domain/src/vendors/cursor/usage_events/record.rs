//! A usage event as the vendor reports it: one request to a model.

use serde::Deserialize;

use crate::vendors::cursor::count::Count;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::{Address, Amount, Flag, Label, Text};

/// One request to a model. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventRecord<'a> {
    pub timestamp: Millis,
    #[serde(borrow)]
    pub user_email: Option<Address<'a>>,
    #[serde(borrow)]
    pub service_account_id: Option<Label<'a>>,
    #[serde(borrow)]
    pub service_account_name: Option<Label<'a>>,
    #[serde(borrow)]
    pub cloud_agent_id: Option<Label<'a>>,
    #[serde(borrow)]
    pub automation_id: Option<Label<'a>>,
    #[serde(borrow)]
    pub conversation_id: Option<Label<'a>>,
    #[serde(borrow)]
    pub model: Option<Label<'a>>,
    #[serde(borrow)]
    pub kind: Option<Text<'a>>,
    pub max_mode: Option<Flag>,
    pub is_token_based_call: Option<Flag>,
    pub is_chargeable: Option<Flag>,
    pub is_headless: Option<Flag>,
    #[serde(borrow)]
    pub requests_costs: Option<Amount<'a>>,
    #[serde(borrow)]
    pub token_usage: Option<TokenUsage<'a>>,
    #[serde(borrow)]
    pub charged_cents: Option<Amount<'a>>,
    #[serde(borrow)]
    pub cursor_token_fee: Option<Amount<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenUsage<'a> {
    pub input_tokens: Option<Count>,
    pub output_tokens: Option<Count>,
    pub cache_write_tokens: Option<Count>,
    pub cache_read_tokens: Option<Count>,
    #[serde(borrow)]
    pub total_cents: Option<Amount<'a>>,
    #[serde(borrow)]
    pub discount_percent_off: Option<Amount<'a>>,
}

impl<'a> EventRecord<'a> {
    /// What the model cost, before discount and fee.
    pub fn token_cost(&self) -> Option<Amount<'a>> {
        self.token_usage.as_ref()?.total_cents
    }

    pub fn discount(&self) -> Option<Amount<'a>> {
        self.token_usage.as_ref()?.discount_percent_off
    }
}
