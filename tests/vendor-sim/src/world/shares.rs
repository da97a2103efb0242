//! Who is behind a cost row: the API keys of its workspace and the people at the console.
//!
//! Owns the split of rows, from which every other report about Claude is told. Tokens are those that cost the row's
//! amount at list price, so a restated row has other tokens. The shares of a row sum to its amount exactly.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::draw::draw;
use super::prices::Line;
use super::{ApiKey, CostRow, World};

/// What a web search costs.
const WEB_SEARCH_CENTS: Decimal = Decimal::ONE;
const TOKENS_PER_REQUEST: u64 = 2_000;
/// Of a cent, as the vendor tells them: `41280.000000`.
pub(crate) const SHARE_DECIMALS: u32 = 6;

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

impl World {
    /// The shares of a day's cost rows, in the order of the rows.
    pub fn cost_shares(&self, day: NaiveDate) -> Vec<CostShare> {
        self.cost_rows(day).iter().flat_map(|row| self.shares_of(day, row)).collect()
    }

    fn shares_of(&self, day: NaiveDate, row: &CostRow) -> Vec<CostShare> {
        let tokens = Line::of(row).map_or(0, |line| line.tokens_for(row.amount_cents));
        let takers = self.takers(day, row);
        let whole: u64 = takers.iter().map(|(_, weight)| weight).sum();
        if tokens == 0 || whole == 0 {
            let place = self.draw_for(day, row, "one") % takers.len().max(1) as u64;
            let taker = takers.get(place as usize).and_then(|(key, _)| *key);
            return vec![self.share(day, row, taker, tokens, row.amount_cents)];
        }
        let mut shares: Vec<CostShare> = Vec::new();
        let (mut tokens_left, mut cents_left) = (tokens, row.amount_cents);
        let taking: Vec<_> = takers.into_iter().filter(|(_, weight)| *weight > 0).collect();
        for (place, (key, weight)) in taking.iter().enumerate() {
            let is_last = place + 1 == taking.len();
            let mine = if is_last { tokens_left } else { part(tokens, *weight, whole) };
            let cents = if is_last { cents_left } else { part_of_cents(row.amount_cents, mine, tokens) };
            tokens_left -= mine;
            cents_left -= cents;
            shares.push(self.share(day, row, *key, mine, cents));
        }
        shares
    }

    /// The console (none) and the keys of the row's workspace, with what they weigh for this kind of use.
    fn takers(&self, day: NaiveDate, row: &CostRow) -> Vec<(Option<&ApiKey>, u64)> {
        let is_batch = row.service_tier.as_deref() == Some("batch");
        let console = if is_batch { 0 } else { 1 + self.draw_for(day, row, "console") % 8 };
        let keys = self.api_keys.iter().filter(|key| key.workspace_id == row.workspace_id && key.created_on <= day);
        let mut takers = vec![(None, console)];
        takers.extend(keys.map(|key| (Some(key), self.weight(day, row, key))));
        takers
    }

    /// Keys rest on some days, and differ in what they use more of.
    fn weight(&self, day: NaiveDate, row: &CostRow, key: &ApiKey) -> u64 {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let words = [day.to_string(), key.id.clone(), text(&row.model), text(&row.service_tier)];
        let base = draw(self.activity.seed, &words.each_ref().map(String::as_str)) % 100;
        if base < 15 { 0 } else { base + self.draw_for(day, row, &key.id) % 25 }
    }

    fn draw_for(&self, day: NaiveDate, row: &CostRow, word: &str) -> u64 {
        let workspace = row.workspace_id.as_deref().unwrap_or_default();
        draw(self.activity.seed, &[&day.to_string(), workspace, &row.description, word])
    }

    fn share(&self, day: NaiveDate, row: &CostRow, key: Option<&ApiKey>, tokens: u64, cents: Decimal) -> CostShare {
        let is_search = row.cost_type == "web_search";
        CostShare {
            workspace_id: row.workspace_id.clone(),
            api_key_id: key.map(|key| key.id.clone()),
            actor: self.actor(day, row, key),
            product: product(row, key).to_owned(),
            cost_type: row.cost_type.clone(),
            model: row.model.clone(),
            token_type: row.token_type.clone(),
            context_window: row.context_window.clone(),
            service_tier: row.service_tier.clone(),
            inference_geo: row.inference_geo.clone(),
            tokens,
            web_searches: if is_search { rounded(row.amount_cents / WEB_SEARCH_CENTS) } else { 0 },
            amount_cents: cents,
        }
    }

    /// A person for the console and for a key of Claude Code with a creator; nobody for code execution.
    fn actor(&self, day: NaiveDate, row: &CostRow, key: Option<&ApiKey>) -> Option<Actor> {
        if row.cost_type == "code_execution" {
            return None;
        }
        let Some(key) = key else {
            let place = self.draw_for(day, row, "person") % self.users.len().max(1) as u64;
            return self.users.get(place as usize).map(|user| Actor::User(user.id.clone()));
        };
        let user = key.created_by.as_ref().filter(|_| key.is_for_claude_code);
        Some(user.map_or_else(|| Actor::ApiKey(key.id.clone()), |id| Actor::User(id.clone())))
    }
}

fn product(row: &CostRow, key: Option<&ApiKey>) -> &'static str {
    match key {
        _ if row.cost_type == "session_usage" => "managed_agents_api",
        None => "claude_console",
        Some(key) if key.is_for_claude_code => "claude_code",
        Some(_) if row.service_tier.as_deref() == Some("batch") => "message_batches_api",
        Some(_) => "messages_api",
    }
}

fn part(tokens: u64, weight: u64, whole: u64) -> u64 {
    let part = u128::from(tokens) * u128::from(weight) / u128::from(whole);
    u64::try_from(part).expect("invariant: a part is no more than the whole")
}

fn part_of_cents(cents: Decimal, tokens: u64, whole: u64) -> Decimal {
    (cents * Decimal::from(tokens) / Decimal::from(whole)).round_dp(SHARE_DECIMALS)
}

fn rounded(number: Decimal) -> u64 {
    number.round().to_u64().unwrap_or_default()
}
